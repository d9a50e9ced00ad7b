# ruff: noqa: RUF001 - texts of many scripts
"""Whom texts mention, in the ways people write in their languages."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.text.mentions import NONE, mentions_in
from actors.text.words import tokens
from protocol import limits
from protocol.handles import folded

PEOPLE = {
    folded(name): name
    for name in (
        "ann", "ben", "Ben_", "bob", "x" * 32, "Straße", "rooms", "小明明", "小明明天", "ゆうた", "민수님",
        "김민수", "สมชาย", "नमस्ते", "Дмитрий", "אברהם", "محمد", "Ελένη", "தமிழ்", "benさん太郎", "山田ben",
    )
}  # fmt: skip


@pytest.mark.parametrize(
    ("body", "whom", "everyone"),
    [
        ("no one", [], False),
        ("@ann", ["ann"], False),
        ("@Ann,@ANN (@bob)!", ["ann", "bob"], False),
        ("a@ann @@bob @bo @@ @", [], False),
        ("@" + "x" * 33, [], False),
        ("@" + "x" * 32, ["x" * 32], False),
        ("@Straße @STRASSE @\uff22ob", ["Straße", "bob"], False),
        ("@room @ROOM @rooms", ["rooms"], True),
        ("@anna @annб @ann2", ["ann"], False),  # another script begins
        # No blank before or after.
        ("谢谢@ben", ["ben"], False),
        ("@benさん", ["ben"], False),
        ("@benさん太郎", ["benさん太郎"], False),
        ("안녕 @ben님", ["ben"], False),
        ("안녕 @김민수님", ["김민수"], False),
        ("@민수님", ["민수님"], False),
        ("＠ben", ["ben"], False),
        ("@小明明你好", ["小明明"], False),
        ("@小明明天见", ["小明明天"], False),  # the longest that somebody has
        ("见@山田ben吧", ["山田ben"], False),
        ("こんにちは@ゆうたくん", ["ゆうた"], False),
        ("ขอบคุณ@สมชายครับ", ["สมชาย"], False),
        ("@everyoneへ @roomへ", [], True),
        # With blanks, in scripts that set them.
        ("@नमस्ते जी", ["नमस्ते"], False),
        ("привет, @Дмитрий!", ["Дмитрий"], False),
        ("@Дмитрийу", [], False),
        ("שלום @אברהם", ["אברהם"], False),
        ("مرحبا @محمد،", ["محمد"], False),
        ("γεια @Ελένη;", ["Ελένη"], False),
        ("வணக்கம் @தமிழ்", ["தமிழ்"], False),
        # A _ at the end belongs to who has it.
        ("_@ben_", [], False),
        ("@ben_", ["Ben_"], False),
        ("@ann_", ["ann"], False),
        ("@ann__ @bob_x", ["ann"], False),
        # Addresses, links and code.
        ("mail ann@bob.example", [], False),
        ("联系ann@bob.example", [], False),
        ("@ben@other.example @ann", ["ann"], False),
        ("https://x.example/@ben @ann", ["ann"], False),
        ("(https://x.example/?to=@ben)@ann", ["ann"], False),
        ("https://x.example，@ben", ["ben"], False),
        ("https://x.example/路径/@ben", [], False),
        ("www.x.example/@ben x.example/@ben", [], False),
        ("@ann/@bob: @ben//", ["ann", "bob", "ben"], False),
        ("`@ben` @ann `@bob", ["ann", "bob"], False),
        ("``a ` @ben`` @ann", ["ann"], False),
        ("```\n@ben\n```\n@ann", ["ann"], False),
        ("@ann\n```py\n@ben", ["ann"], False),
        ("a ``` @ben", ["ben"], False),
    ],
)
def test_whom_a_text_mentions(body: str, whom: list[str], everyone: bool) -> None:
    for form in ("NFC", "NFD"):
        found = mentions_in(unicodedata.normalize(form, body))
        assert found.whom(PEOPLE.get) == (whom, everyone)
        assert set(map(folded, whom)) <= set(found.handles())


def test_a_text_without_at_mentions_nobody() -> None:
    assert mentions_in("x" * limits.BODY_CHARS_MAX) is NONE
    assert mentions_in("ann@example.org") is NONE


@given(st.lists(st.text("abC1_@ é小明", max_size=6), max_size=4 * limits.MENTIONS_MAX))
def test_mentions_are_bounded(words: list[str]) -> None:
    found = mentions_in(" @".join(words))
    assert len(found.names) <= limits.MENTIONS_MAX
    assert len(found.handles()) <= limits.MENTION_NAMES_MAX
    assert all(limits.HANDLE_CHARS_MIN <= len(name) <= limits.HANDLE_CHARS_MAX for name in found.handles())


def test_names_without_an_end_are_looked_up_in_bounds() -> None:
    body = " ".join("@" + "小明" * 20 + letter for letter in "天地玄黄宇宙洪荒日月")
    names = mentions_in(body).names
    assert [len(one) for one in names] == [30]  # each the same thirty, since none is longer than a handle
    others = mentions_in(" ".join("@" + letter + "小明" * 20 for letter in "天地玄黄宇宙洪荒日月"))
    assert sum(map(len, others.names)) == limits.MENTION_NAMES_MAX // 30 * 30


@given(st.text())
def test_words_are_cut_at_the_same_places_wherever_they_stand(text: str) -> None:
    assert tokens(text + "\n" + text) == [*tokens(text), "\n", *tokens(text)] or not text or is_mark(text[0])


def is_mark(char: str) -> bool:
    return (
        unicodedata.category(char)[0] == "M" or 0x1160 <= ord(char) <= 0x11FF or 0xD7B0 <= ord(char) <= 0xD7FB
    )
