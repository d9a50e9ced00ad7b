"""Typed lines become what is done in the room, and trouble becomes a line."""

from __future__ import annotations

from typing import Any, cast

import pytest

from gatherup.chat.names import Names
from gatherup.chat.orders import Join
from gatherup.chat.recent import AUTHORS_MAX, Recent
from gatherup.chat.talk import Talk
from gatherup.client import RefusedError, Room, UnknownOutcomeError
from gatherup.clock import SystemClock
from protocol.codes import Code
from protocol.room.commands import InviteCreated

ROOM = "room:" + "1" * 32
ANN, BEN = "user:" + "a" * 32, "user:" + "b" * 32
CODE = "1-" + "c" * 24


class Spy:
    """A room that notes what is done in it."""

    id = ROOM

    def __init__(self) -> None:
        self.done: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.trouble: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        async def note(*args: Any, **named: Any) -> InviteCreated:
            if self.trouble is not None:
                raise self.trouble
            self.done.append((name, args, named))
            return InviteCreated(invite=1, code=CODE, expires_at=0)

        return note


async def nobody(users: list[str]) -> dict[str, str]:
    return {}


@pytest.fixture
def spy() -> Spy:
    return Spy()


@pytest.fixture
def talk(spy: Spy) -> Talk:
    recent = Recent()
    recent.note(ANN, 4)
    recent.note(BEN, 5)
    names = Names(nobody, SystemClock(), {ANN: "Ann", BEN: "Ben"})
    return Talk(cast(Room, spy), names, recent)


@pytest.mark.parametrize(
    ("line", "done"),
    [
        ("hi", ("post", ("hi",), {})),
        ("/reply ann yes", ("post", ("yes",), {"reply_to": 4})),
        ("/thread @ANN yes", ("post", ("yes",), {"thread": 4})),
        ("/react +1", ("react", (5, "+1"), {})),
        ("/react +1 aaaa", ("react", (4, "+1"), {})),
        ("/topic tea", ("change", (), {"topic": "tea"})),
        ("/invite", ("create_invite", (), {})),
        ("/invite ben", ("invite", (BEN,), {})),
        ("/mute ben 2", ("mute", (BEN, 120), {})),
        ("/ban ben", ("ban", (BEN,), {})),
    ],
)
async def test_a_line_is_carried_out(
    talk: Talk, spy: Spy, line: str, done: tuple[str, tuple[Any, ...], dict[str, Any]]
) -> None:
    assert await talk.take(line) is None
    assert spy.done == [done]


async def test_an_invite_is_shown_as_join_takes_it(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    await talk.take("/invite")
    line = "/join" + capsys.readouterr().out.strip().partition("/join")[2]
    assert await talk.take(line) == Join(ROOM, CODE)


@pytest.mark.parametrize(
    ("trouble", "shown"),
    [
        (RefusedError(Code.MUTED, "You are muted."), "! You are muted."),
        (UnknownOutcomeError("x"), "! It isn't known whether this was done."),
    ],
)
async def test_trouble_is_shown(
    talk: Talk, spy: Spy, capsys: pytest.CaptureFixture[str], trouble: Exception, shown: str
) -> None:
    spy.trouble = trouble
    await talk.take("hi")
    assert capsys.readouterr().out.strip() == shown


@pytest.mark.parametrize("line", ["/ban eve", "/react +1 eve", "/ban b a", "/nothing"])
async def test_who_is_not_known_is_said(
    talk: Talk, spy: Spy, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    await talk.take(line)
    assert capsys.readouterr().out.startswith("! ")
    assert spy.done == []


def test_two_of_one_name_are_nobody() -> None:
    names = Names(nobody, SystemClock(), {ANN: "Sam", BEN: "sam"})
    assert names.user("sam") is None
    assert names.user("bbb") == BEN


def test_what_is_remembered_is_bounded() -> None:
    recent = Recent()
    assert recent.last() is None
    for number in range(AUTHORS_MAX + 1):
        recent.note(f"user:{number}", number)
    assert (recent.last(), recent.last("user:0"), recent.last("user:1")) == (AUTHORS_MAX, None, 1)
