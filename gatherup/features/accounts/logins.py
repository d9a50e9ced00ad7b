"""Where one is signed in, and ending that."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from actors.ports.time import Clock
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.problem import ProblemError
from protocol.codes import Code
from protocol.http.accounts.logins import EndLoginsQuery, LoginInfo, LoginList
from storage.postgres.accounts.sign_ins import SignIns

GROUP: Final = "logins"
_LOGIN_ID: Final = re.compile(r"[0-9a-f]{32}")


class LoginsResource:
    """Logins of the one who asks. Whatever ends here has its sessions closed on every node."""

    def __init__(self, sign_ins: SignIns, clock: Clock, wake: Callable[[], None]) -> None:
        self._sign_ins = sign_ins
        self._clock = clock
        self._wake = wake

    @endpoint("POST", "/v1/logout", status=204, group=GROUP)
    async def logout(self, caller: Caller) -> None:
        """Log out: end the login that the access token belongs to, and its sessions."""
        await self._sign_ins.end(caller.user, caller.login, at=self._clock.now(), address=caller.address)
        self._wake()

    @endpoint("GET", "/v1/me/logins", answer=LoginList, group=GROUP)
    async def logins(self, caller: Caller) -> LoginList:
        """List the logins of the account: where the user is signed in."""
        found = await self._sign_ins.of(caller.user, self._clock.now())
        return LoginList(
            logins=[
                LoginInfo(
                    login=row.login,
                    device=row.device,
                    place=row.place,
                    last_place=row.last_place,
                    created_at=row.created_at,
                    last_used_at=row.last_used_at,
                    current=row.login == caller.login,
                )
                for row in found
            ]
        )

    @endpoint("DELETE", "/v1/me/logins", query=EndLoginsQuery, status=204, group=GROUP)
    async def end_all(self, caller: Caller, query: EndLoginsQuery) -> None:
        """End all logins, or all others."""
        keep = caller.login if query.scope == "others" else None
        await self._sign_ins.end_all(caller.user, keep=keep, at=self._clock.now(), address=caller.address)
        self._wake()

    @endpoint("DELETE", "/v1/me/logins/<login>", status=204, group=GROUP)
    async def end_one(self, caller: Caller, login: str) -> None:
        """End one login of the account."""
        if _LOGIN_ID.fullmatch(login) is None or not await self._sign_ins.end(
            caller.user, login, at=self._clock.now(), address=caller.address
        ):
            raise ProblemError(Code.NOT_FOUND)
        self._wake()
