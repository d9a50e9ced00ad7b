# ruff: noqa: RUF001, RUF003 - lookalikes are what this is about
"""Which handles there may be, and which are taken by looking like another."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from actors.text.handles import RESERVED, HandleError, checked, skeleton
from protocol import limits
from protocol.codes import Code
from protocol.handles import folded

_LETTERS = st.characters(categories=("Lu", "Ll", "Lt", "Lm", "Lo", "Nd"), include_characters="_")
_ANY = st.text(max_size=40)
_LIKELY = st.text(_LETTERS, min_size=1, max_size=34)


def refused(handle: str) -> Code:
    with pytest.raises(HandleError) as caught:
        checked(handle)
    assert caught.value.sentence
    return caught.value.code


@given(st.one_of(_ANY, _LIKELY))
def test_a_handle_that_may_be_had_is_in_one_form_and_comes_out_the_same_again(handle: str) -> None:
    try:
        good = checked(handle)
    except HandleError:
        return
    assert good.text == unicodedata.normalize("NFKC", handle)
    assert limits.HANDLE_CHARS_MIN <= len(good.text) <= limits.HANDLE_CHARS_MAX
    assert all(
        unicodedata.category(c) in {"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Pc"} for c in good.text
    )
    assert checked(good.text) == good
    assert (good.folded, good.skeleton) == (folded(handle), skeleton(good.text))
    assert "\0" not in good.text + good.folded + good.skeleton


@given(_LIKELY)
def test_a_skeleton_is_its_own(handle: str) -> None:
    assert skeleton(skeleton(handle)) == skeleton(handle)


@given(_LIKELY)
def test_neither_composition_nor_width_makes_another_handle(handle: str) -> None:
    try:
        good = checked(handle)
    except HandleError:
        assume(False)
        raise
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        other = unicodedata.normalize(form, handle)
        assert checked(other) == good


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("paypal", "paypaI"),  # a capital i
        ("paypal", "PAYPA1"),
        ("mario", "rnario"),
        ("bobo", "b0b0"),
        ("Ann", "ann"),
        ("straße", "STRASSE"),
        ("ﬁnn", "finn"),
        ("соса", "coca"),  # Cyrillic alone
        ("ΑΒΒΑ", "ABBA"),  # Greek alone
        ("ａｎｎ", "ann"),  # full width
    ],
)
def test_lookalikes_collide(one: str, other: str) -> None:
    first, second = checked(one), checked(other)
    assert first.folded == second.folded or first.skeleton == second.skeleton


@pytest.mark.parametrize(("one", "other"), [("anna", "hanna"), ("mail", "mall"), ("Дмитрий", "dmitry")])
def test_others_dont(one: str, other: str) -> None:
    first, second = checked(one), checked(other)
    assert first.folded != second.folded
    assert first.skeleton != second.skeleton


@pytest.mark.parametrize(
    "handle",
    [
        "日本語カナ",
        "ひらがな",
        "한국어",
        "Дмитрий",
        "שלום",
        "العربية",
        "łukasz_7",
        "नमस",
        "中文ABC",
        "नमस्ते",
        "สวัสดี",
        "தமிழ்",
        "বাংলা",
        "မြန်မာ",
        "ខ្មែរ",
        "తెలుగు",
        "ትግርኛ",
        "Նարեկ",
        "ქართული",
        "ສະບາຍດີ",
    ],
)
def test_every_script_has_handles(handle: str) -> None:
    assert checked(handle).text == handle


@pytest.mark.parametrize(
    "handle",
    [
        "",
        "ab",
        "a" * 33,
        "ﷺ" * 2,  # 36 characters in NFKC
        "___",
        "a b c",
        "ann\n",
        "ann\0",
        "a-b-c",
        "a.b.c",
        "@ann",
        "ann\u200b",  # zero width
        "ann\u202e",  # right to left
        "िकक",  # a vowel sign without a letter
        "_िकक",
        "क" + "ि" * 5,
        "नमann",
        "a\u0301\u0301\u0301nn",  # stacked marks
        "🙂🙂🙂",
        "ᅠᅠᅠ",  # fillers
        "\ud800abc",
        "pаypal",  # a Cyrillic а among Latin
        "Дmitry",
        "αnna",
        "1٢3",  # digits of two scripts
    ],
)
def test_what_is_no_handle(handle: str) -> None:
    assert refused(handle) is Code.INVALID


@pytest.mark.parametrize(
    "handle",
    [
        *sorted(RESERVED),
        "Admin",
        "ADM1N",
        "adrnin",
        "ＲＯＯＭ",
        "r00m",
        "аdmin",
        "admin1",
        "Admin007",
        "mod_",
        "mod_tom",
        "_mod_",
        "official_",
        "OFFICIAL_gatherup",
        "0fficial_1",
        "support_team",
    ],
)
def test_nobody_gets_a_reserved_handle_nor_what_looks_like_one(handle: str) -> None:
    assert refused(handle) in {Code.HANDLE_TAKEN, Code.INVALID}
    if handle.isascii():
        assert refused(handle) is Code.HANDLE_TAKEN


@pytest.mark.parametrize("handle", ["modern", "admirer", "all_in", "room_5", "nomad", "tom_mod", "supporter"])
def test_handles_that_only_begin_alike_can_be_had(handle: str) -> None:
    assert checked(handle).text == handle


@pytest.mark.parametrize(("one", "other"), [("नमसते", "नमस्ते"), ("สวสดี", "สวัสดี")])
def test_vowel_signs_tell_handles_apart(one: str, other: str) -> None:
    assert checked(one).skeleton != checked(other).skeleton
