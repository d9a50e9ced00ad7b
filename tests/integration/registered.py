"""Accounts in a database without a node."""

from __future__ import annotations

import itertools

from actors.text.handles import checked
from storage.postgres.accounts.accounts import Accounts, HandleRow, NewAccount
from storage.postgres.accounts.login_rows import NewLogin
from storage.postgres.driver.pool import Pool

AT = 1_800_000_000_000
_numbers = itertools.count(1)


async def registered(pool: Pool, handle: str | None, *, at: int = AT) -> str:
    """Somebody with this handle, signed in once: their user id."""
    number = next(_numbers)
    user = f"user:{number:032x}"
    good = None if handle is None else checked(handle)
    account = NewAccount(
        user=user,
        handle=good and HandleRow(good.text, good.folded, good.skeleton),
        display_name=handle or "Guest",
        password_hash=None if handle is None else "hash",
        created_at=at,
    )
    login = NewLogin(
        login=f"{number:032x}",
        device="phone",
        place="192.0.2.1",
        token_digest=number.to_bytes(32, "big"),
        at=at,
        token_expires_at=at + 86_400_000,
    )
    await Accounts(pool).create(account, login)
    return user
