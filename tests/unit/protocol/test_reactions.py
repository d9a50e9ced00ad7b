"""What may be put to a message: one emoji, and nothing that somebody could write a name with."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import ValidationError, convert

from protocol.emoji import EMOJI
from protocol.limits import REACTION_CHARS_MAX
from protocol.text import Reaction

GOOD = {
    "plain": "👍",
    "skin tone": "👍🏽",
    "heart in colour": "❤️",
    "heart as text": "❤",
    "joined": "👩🏽‍🚀",
    "the longest": "👩🏽‍❤️‍💋‍👨🏿",
    "family": "👨‍👩‍👧‍👦",
    "pirates": "🏴‍☠️",
    "flag": "🇹🇷",
    "land": "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "keycap": "1️⃣",
    "letter": "🅱️",
    "new in Unicode 16": "\U0001fae9",
}
BAD = {
    "nothing": "",
    "text": "ann",
    "a sign in text": "+1",
    "a name": ":ann_smith:",
    "a digit": "1",
    "two": "👍👍",
    "a space": "👍 ",
    "a line": "👍\n",
    "flags that spell": "🇦🇳🇳",
    "letters that spell": "🅱\u200d🅾\u200d🅱",
    "circled letters": "ⓐⓝⓝ",
    "wide letters": "\uff21\uff4e\uff4e",
    "mathematical letters": "\U0001d400\U0001d427\U0001d427",
    "digits that count": "❶\u200d❷",
    "keycaps that count": "1️⃣2️⃣",
    "tags that spell": "🏴\U000e0061\U000e006e\U000e006e\U000e007f",
    "five joined": "👍\u200d👍\u200d👍\u200d👍\u200d👍",
    "a joiner": "\u200d",
    "a skin tone twice": "👍🏽🏽",
    "U+0000": "\x00",
}


@pytest.mark.parametrize("reaction", GOOD.values(), ids=GOOD)
def test_an_emoji_is_a_reaction(reaction: str) -> None:
    assert convert(reaction, Reaction) == reaction


@pytest.mark.parametrize("reaction", BAD.values(), ids=BAD)
def test_anything_else_is_none(reaction: str) -> None:
    with pytest.raises(ValidationError):
        convert(reaction, Reaction)


@given(st.from_regex(EMOJI))
def test_nothing_can_be_written_with_reactions(reaction: str) -> None:
    assert len(reaction) <= REACTION_CHARS_MAX
    assert convert(reaction, Reaction) == reaction
    letters = [char for char in reaction if unicodedata.category(char)[0] in "LN"]
    assert len(letters) <= 1, reaction
