"""Names: one lookup each, bounded, and digits where there is none."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from gatherup.chat.account import ChatError
from gatherup.chat.names import LOOKUP_PAUSE_S, LOOKUP_TIMEOUT_S, NAMES_MAX, Names
from protocol import limits
from tests.ports import TrioClock


def user(number: int) -> str:
    return f"user:{number:08x}" + "0" * 24


class Directory:
    """Everybody from 1 on is there, under their number."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.fails = False
        self.hangs = False

    async def __call__(self, users: list[str]) -> dict[str, str]:
        self.asked.append(users)
        if self.hangs:
            await trio.sleep_forever()
        if self.fails:
            raise ChatError("out of order")
        return {u: f"name {int(u[5:13], 16)}" for u in users if u != user(0)}


@pytest.fixture
def directory() -> Directory:
    return Directory()


@pytest.fixture
def names(directory: Directory) -> Names:
    return Names(directory, TrioClock(), {user(9): "me"})


async def test_each_is_looked_up_once_and_together(names: Names, directory: Directory) -> None:
    for _ in range(3):
        await names.learn([user(1), user(2), user(1), user(9), "system", "room:" + "1" * 32])
    assert directory.asked == [[user(1), user(2)]]
    assert [names.of(user(n)) for n in (1, 2, 9)] == ["name 1", "name 2", "me"]


async def test_who_is_not_there_keeps_their_digits_and_is_not_asked_for_again(
    names: Names, directory: Directory
) -> None:
    await names.learn([user(0)])
    await names.learn([user(0)])
    assert len(directory.asked) == 1
    assert (names.of(user(0)), names.of(user(7)), names.of("system")) == ("00000000", "00000007", "system")


@pytest.mark.parametrize("trouble", ["fails", "hangs"])
async def test_without_an_answer_digits_are_shown_and_nobody_waits_again_for_a_while(
    names: Names, directory: Directory, autojump_clock: trio.testing.MockClock, trouble: str
) -> None:
    setattr(directory, trouble, True)
    begun = trio.current_time()
    for number in range(5):
        await names.learn([user(number)])
        assert names.of(user(number)) == f"{number:08x}"
    assert len(directory.asked) == 1
    assert trio.current_time() - begun <= LOOKUP_TIMEOUT_S
    setattr(directory, trouble, False)
    await trio.sleep(LOOKUP_PAUSE_S)
    await names.learn([user(3)])
    assert names.of(user(3)) == "name 3"


async def test_what_is_asked_and_remembered_is_bounded(names: Names, directory: Directory) -> None:
    await names.learn(user(n) for n in range(1, 200))
    assert len(directory.asked[0]) == limits.PROFILES_MAX
    for n in range(200, 200 + NAMES_MAX + 5):
        await names.learn([user(n)])
        names.of(user(200))  # in use, so it stays
    assert (names.of(user(200)), names.of(user(201))) == ("name 200", f"{201:08x}")
    assert names.of(user(200 + NAMES_MAX + 4)) == f"name {200 + NAMES_MAX + 4}"
