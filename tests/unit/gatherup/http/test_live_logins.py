"""The facade trusts a login for a few seconds, remembers so many, and forgets none that has ended."""

from __future__ import annotations

import pytest
import trio

from actors.ports.log import LogUnavailableError
from actors.ports.logins import Login, LoginStatus
from actors.session.logins import LoginReader
from gatherup.http.live import TRUSTED_S, LiveLogins
from tests.ports import TrioClock


class Table:
    """The Logins port."""

    def __init__(self) -> None:
        self.ended: set[str] = set()
        self.reads = 0
        self.takes_s = 0.0
        self.away = False

    async def statuses(self, logins):
        self.reads += 1
        found = [LoginStatus(login.login not in self.ended, 0) for login in logins]
        await trio.sleep(self.takes_s)
        if self.away:
            raise LogUnavailableError
        return found


@pytest.fixture
def table():
    return Table()


def login(number: int = 1, expires_at: int = 1) -> Login:
    return Login(user=f"user:{1:032x}", login=f"{number:032x}", expires_at=expires_at)


async def test_a_live_login_is_read_once_in_a_while(autojump_clock, table):
    live = LiveLogins(LoginReader(table, TrioClock()), TrioClock())
    for _ in range(3):
        assert await live.live(login())
    assert table.reads == 1
    await trio.sleep(TRUSTED_S)
    assert await live.live(login())
    assert table.reads == 2


async def test_an_ended_login_is_refused_within_that_time(autojump_clock, table):
    live = LiveLogins(LoginReader(table, TrioClock()), TrioClock())
    table.takes_s = 3
    asked_at = trio.current_time()
    assert await live.live(login())  # ends while the answer is on its way
    table.ended.add(login().login)
    table.takes_s = 0
    assert await live.live(login())
    await trio.sleep_until(asked_at + TRUSTED_S)
    assert not await live.live(login())
    assert not await live.live(login())
    assert len(live) == 0


async def test_so_many_are_remembered_and_the_oldest_is_forgotten(autojump_clock, table):
    live = LiveLogins(LoginReader(table, TrioClock()), TrioClock(), logins_max=2)
    for number in (1, 2, 3):
        await live.live(login(number))
    assert len(live) == 2
    await live.live(login(2))
    await live.live(login(3))
    assert table.reads == 3
    await live.live(login(1))
    assert table.reads == 4


async def test_without_the_database_nothing_is_said_of_it(autojump_clock, table):
    live = LiveLogins(LoginReader(table, TrioClock()), TrioClock())
    table.away = True
    with pytest.raises(LogUnavailableError):
        await live.live(login())
    table.away = False
    assert await live.live(login())
