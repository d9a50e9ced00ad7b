"""What typed lines mean."""

from __future__ import annotations

import pytest

from gatherup.chat.orders import (
    HELP,
    Ban,
    Help,
    Invite,
    Join,
    Mute,
    NotUnderstoodError,
    Order,
    Post,
    React,
    Reply,
    SetTopic,
    read_order,
    written,
)

ROOM, CODE = "room:" + "1" * 32, "12-" + "a" * 24

LINES: dict[str, Order] = {
    "hello / there": Post("hello / there"),
    "//shrug": Post("/shrug"),
    "/reply ben  yes, of course ": Reply("ben", "yes, of course"),
    "/thread ben why?": Reply("ben", "why?", thread=True),
    "/react 👍": React("👍", None),
    "/react 👍 ben": React("👍", "ben"),
    "/topic tea at five": SetTopic("tea at five"),
    "/topic": SetTopic(""),
    "/invite": Invite(None),
    "/invite @ben": Invite("@ben"),
    f"/join {written(ROOM, CODE)}": Join(ROOM, CODE),
    "/mute ben": Mute("ben", 10),
    "/mute ben 3": Mute("ben", 3),
    "/ban ben": Ban("ben"),
    "/help": Help(),
}


@pytest.mark.parametrize(("line", "order"), LINES.items(), ids=LINES)
def test_an_order(line: str, order: Order) -> None:
    assert read_order(line) == order


@pytest.mark.parametrize(
    "line",
    ["/", "/nothing", "/reply ben", "/react", "/join", f"/join {ROOM}", "/mute", "/mute ben x", "/ban"],
)
def test_what_is_not_understood_is_said(line: str) -> None:
    with pytest.raises(NotUnderstoodError, match=r"[A-Z].*[.?…]$"):
        read_order(line)


def test_help_names_every_order() -> None:
    orders = {line.split()[0] for line in LINES if line.startswith("/") and not line.startswith("//")}
    assert orders == {line.split()[0] for line in HELP.splitlines() if line.startswith("/")}
