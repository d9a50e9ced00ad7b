"""Which logins have ended, and where the inbox stood at that moment: alike in memory and on PostgreSQL."""

from __future__ import annotations

import pytest

from actors.ports.log import LogUnavailableError
from actors.ports.logins import Login, Logins, LoginStatus
from protocol.inbox import inbox_of
from storage.memory.logins import MemoryLogins
from storage.postgres.accounts.logins import PostgresLogins
from storage.postgres.driver.pool import Pool
from tests import single
from tests.contract.rig import MemoryRig, PostgresRig, Rig, append
from tests.ports import TrioClock

ANN, BEN, CID, DAN = (f"user:{digit * 32}" for digit in "abcd")
PHONE, DESK = "1" * 32, "2" * 32
_ACCOUNT = """
insert into account (id, display_name, created_at, deleted_at, erase_at, banned_at) values (%s, 'x', 1, %s, %s, %s)
"""
_LOGIN = """
insert into login (id, account, device, place, last_place, created_at, last_used_at, expires_at, revoked_at)
values (%s, %s, '', '', '', 1, 1, 1, %s)
"""


def login(user: str, name: str = PHONE) -> Login:
    return Login(user=user, login=name, expires_at=1)


class Stored:
    """Ann is signed in twice and has ended one of them; Ben's account is deleted, Cid's banned."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.logins: Logins

    async def made(self) -> Stored:
        if isinstance(self.rig, MemoryRig):
            self.logins = memory = MemoryLogins(self.rig.database, {DESK, BEN, CID})
            memory.began_at |= dict.fromkeys((PHONE, DESK, "3" * 32, "4" * 32), 1)
            return self
        assert isinstance(self.rig, PostgresRig)
        self.logins = PostgresLogins(self.rig.pool, TrioClock())
        people = {ANN: (None, None), BEN: (5, None), CID: (None, 5)}
        for user, (deleted_at, banned_at) in people.items():
            erase_at = deleted_at and 6
            await self._do(_ACCOUNT, user[-32:], deleted_at, erase_at, banned_at)
        for user, name, revoked_at in [
            (ANN, PHONE, None),
            (ANN, DESK, 7),
            (BEN, "3" * 32, None),
            (CID, "4" * 32, None),
        ]:
            await self._do(_LOGIN, name, user[-32:], revoked_at)
        return self

    async def _do(self, statement: str, *parameters: object) -> None:
        assert isinstance(self.rig, PostgresRig)
        await self.rig.admin.execute(statement.encode(), parameters)


@pytest.fixture
async def stored(log_under_test: Rig) -> Stored:
    return await Stored(log_under_test).made()


async def live(stored: Stored, *logins: Login) -> list[bool]:
    return [status.live for status in await stored.logins.statuses(logins)]


async def test_a_login_is_live_until_it_or_its_account_ended(stored: Stored) -> None:
    asked = [login(ANN, DESK), login(ANN), login(BEN, "3" * 32), login(CID, "4" * 32), login(ANN)]
    assert await live(stored, *asked) == [False, True, False, False, True]
    assert await stored.logins.statuses([]) == []


async def test_the_inbox_s_head_is_read_with_it(stored: Stored) -> None:
    rig, inbox = stored.rig, inbox_of(ANN)
    assert await stored.logins.statuses([login(ANN)]) == [LoginStatus(True, 0, 1)]
    owner = await rig.owner()
    made = await single.activate(rig.log, owner.fence, inbox, epoch=owner.epoch, create=True, state_version=1)
    assert made is not None
    await rig.log.append(owner.fence, [append(inbox, made.activation, 0, 3)], wait_for_locks=True)
    asked = [login(ANN, DESK), login(ANN), login(CID, "4" * 32)]
    assert await stored.logins.statuses(asked) == [
        LoginStatus(False, 3, 1),
        LoginStatus(True, 3, 1),
        LoginStatus(False, 0, 1),
    ]


@pytest.mark.real
async def test_what_no_row_says_is_not_live(postgres_dsn: str) -> None:
    async with Pool(postgres_dsn, autocommit=True) as pool:
        logins = PostgresLogins(pool, TrioClock())
        asked = [login(DAN), login(DAN, "no login"), login(DAN, "0" * 32), login(DAN, "")]
        assert await logins.statuses(asked) == [LoginStatus(False, 0)] * 4


@pytest.mark.real
async def test_without_the_server_it_is_unavailable() -> None:
    async with Pool("host=127.0.0.1 port=1 connect_timeout=2", autocommit=True) as pool:
        with pytest.raises(LogUnavailableError):
            await PostgresLogins(pool, TrioClock()).statuses([login(ANN)])
