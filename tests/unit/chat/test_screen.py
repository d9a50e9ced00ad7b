"""What other people's text can do to a terminal: nothing."""

from __future__ import annotations

import pytest

from gatherup.chat.screen import printable

HOSTILE = {
    "an escape sequence": "\x1b]0;title\x07",
    "a C1 control": "\x9b2J",
    "a carriage return": "hi\r<ann> I agree",
    "a line of its own": "hi\n<ann> I agree",
    "a line separator": "hi\u2028<ann> I agree",
    "writing from right to left": "\u202eolleh\u2066",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_controls_are_replaced(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    assert "\N{REPLACEMENT CHARACTER}" in shown
    assert not any(c in shown for c in "\x1b\x07\x9b\r\n\u2028\u202e\u2066")


def test_other_text_stays() -> None:
    assert printable("Grüße, 你好 👋🏽 — שלום") == "Grüße, 你好 👋🏽 — שלום"
