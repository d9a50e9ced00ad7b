# ruff: noqa: RUF001 - texts of many scripts
"""What is found in texts: forbidden words, links; and the codes of invites."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import convert

from actors.room.invites import InviteCodes
from actors.text.filters import found_link, found_word, linked_hosts
from protocol import limits
from protocol.room import InviteCode


@pytest.mark.parametrize(
    ("body", "words", "found"),
    [
        ("a class act", ("ass",), False),
        ("ASS!", ("ass",), True),
        ("à s s", ("ass",), False),
        ("b\u00e4d", ("bad",), True),
        ("ba\u0308d", ("bäd",), True),
        ("b\u200da\u00add", ("bad",), True),
        ("\u24d1\u24d0\u24d3", ("bad",), True),
        ("STRASSE", ("straße",), True),
        ("c++", ("c++",), True),
        ("a.b", ("a*b", "[", "("), False),
        ("bad.idea, bad'un", ("bad",), True),
        ("c++x", ("c++",), True),
        # No blanks between words, or particles at their end: anywhere.
        ("你是傻瓜吗", ("傻瓜",), True),
        ("你是傻瓜吗", ("是傻",), True),
        ("너는 멍청이야", ("멍청이",), True),
        ("각자", ("가",), False),  # half a syllable
        ("각자", ("각",), True),
        ("\u1100\u1161\u11a8자", ("각",), True),  # written out
        ("あの馬鹿者め", ("馬鹿",), True),
        ("バカーッ", ("バカ",), True),
        ("\uff8a\uff9eｶだ", ("バカ",), True),  # half width
        ("ガスがない", ("カス",), False),  # voiced: another word
        ("ไอ้บ้าเอ๊ย", ("บ้า",), True),
        ("ນີ້ບ້າແທ້", ("ບ້າ",), True),
        ("바\u3164보", ("바보",), True),  # a letter that shows nothing
        # Where another script begins, a word does.
        ("谢谢ass谢谢", ("ass",), True),
        ("ассass", ("ass",), True),
        ("真class好", ("ass",), False),
        # Words with blanks between them, whatever their script.
        ("вот дурак!", ("дурак",), True),
        ("дуракам", ("дурак",), False),
        ("वह कमीना है", ("कमीना",), True),
        ("वह कमीना है", ("कम",), False),
        ("कुल", ("कल",), False),  # a vowel sign isn't an accent
        ("يا حِمَار", ("حمار",), True),  # points are
        ("זֶה טִפֵּשׁ", ("טפש",), True),
        ("μαλάκα μου", ("μαλακα",), True),
        ("đồ ngốc", ("ngoc",), True),
        ("முட்டாள்", ("முட்டாள்",), True),
        ("salak mısın", ("salak",), True),
        ("two words here", ("two words",), True),
        ("x", (), False),
        ("anything", ("\u200b",), False),
    ],
)
def test_words(body: str, words: tuple[str, ...], found: bool) -> None:
    assert found_word(body, words) == found


@pytest.mark.parametrize(
    ("body", "hosts"),
    [
        ("nothing here: e.g. node.js, 3.14 or 10:30", []),
        ("https://a.example/x?y#z", ["a.example"]),
        ("HTTPS://A.Example:8443", ["a.example"]),
        ("(see http://a.example).", ["a.example"]),
        ("www.a.example", ["www.a.example"]),
        ("a.example/path", ["a.example"]),
        ("//a.example", ["a.example"]),
        ("https://good.example@evil.example", ["evil.example"]),
        ("https://good.example\\@evil.example", ["good.example"]),
        ("https:\\\\evil.example", ["evil.example"]),
        ("https:///evil.example", ["evil.example"]),
        ("ht\u200btps://ev\u00adil.example", ["evil.example"]),
        ("https://evil\u3002example", ["evil.example"]),
        ("https://\uff45vil.example.", ["evil.example"]),
        ("steam://run/1", ["run"]),
    ],
)
def test_links(body: str, hosts: list[str]) -> None:
    assert linked_hosts(body) == hosts


def test_known_hosts_hold_with_their_subdomains_only() -> None:
    hosts = ("example.org",)
    assert not found_link("https://example.org https://a.b.example.org", "known_hosts", hosts)
    for host in ("notexample.org", "example.org.evil.example", "example.com", "[::1]", ""):
        assert found_link(f"https://{host}/", "known_hosts", hosts)
    assert found_link("https://example.org", "forbidden", hosts)
    assert not found_link("https://evil.example", "allowed", ())


@given(st.text(), st.lists(st.text(min_size=1, max_size=limits.FILTERED_WORD_CHARS_MAX), max_size=5))
def test_no_text_upsets_a_filter(body: str, words: list[str]) -> None:
    assert isinstance(found_word(body, words), bool)
    assert isinstance(found_link(body, "known_hosts", words), bool)


@given(st.integers(1, 999_999_999), st.binary(min_size=16, max_size=64))
def test_codes_are_read_by_who_has_the_key_for_their_room_alone(number: int, key: bytes) -> None:
    codes = InviteCodes(key)
    made = codes.code("room:1", number)
    assert convert(made, InviteCode) == made
    assert re.fullmatch(rf"{number}-[0-9a-f]{{24}}", made)
    assert codes.number("room:1", made) == number
    assert codes.number("room:2", made) is None
    assert InviteCodes(key + b"x" if len(key) < 64 else key[:-1]).number("room:1", made) is None
    assert codes.number("room:1", f"{number % 9 + 1}0{made}") is None


@pytest.mark.parametrize("text", ["", "-", "x-1", "\u0661-" + "0" * 24, "1", "-1-" + "0" * 24])
def test_what_is_no_code_is_wrong(text: str) -> None:
    assert InviteCodes(b"k" * 32).number("room:1", text) is None
