"""Searches of texts find what plain regular expressions find, in a number of looks that grows as the text does.

The expressions here say what is meant, but take the square of a text's length and more: nothing may run them on texts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.text import words
from actors.text.filters import found_word, linked_hosts, search_words, too_long, unfit_words
from actors.text.links import search_links
from actors.text.mentions import Mentions, mentions_in, search_mentions
from actors.text.plain import composed, decomposed_length, is_left_out, skeleton
from actors.text.words import tokens
from protocol import limits
from protocol.handles import folded

ALPHABETS = {
    "latin": "aAbßéİ_1 .-+'!@",
    "greek and cyrillic": "αΑςΣбБёЁ \u0301.",
    "hangul": "가각힣ㄱ각 한!",
    "arabic": "ابتﷺ\u064b\u0640 \u0661.،",
    "devanagari": "कखि\u093c\u094d\u0902 ।१",
    "han": "你好ｆｏ。 ㍿⁗…",
    "signs": "'+-.#\u200b\u00ad \u2057*c",
    "emoji": "\U0001f600\u200d\ufe0f\U0001f468\U0001f3fb a!",
}
OF_LINKS = "ab1w.+-_:/\\@?#%) \u33c2é\u3002\u2100"
ONE_FOR_ALL = ("zz", *("\u2057" * 38 + chr(0x4E00 + i) for i in range(199)))
"""A filter that a text of one sign nearly matches everywhere, in every word."""


# --- what is meant --------------------------------------------------------------------------------------


def plainly_found_word(body: str, words: tuple[str, ...]) -> bool:
    text = plain_skeleton(body)
    ends = {0, *accumulate(map(len, tokens(text)))}
    return any(_stands(text, word, ends) for word in map(plain_skeleton, words) if word)


def _stands(text: str, word: str, ends: set[int]) -> bool:
    return any(at in ends and at + len(word) in ends for at in range(len(text)) if text.startswith(word, at))


def plain_skeleton(text: str) -> str:
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(c for c in plain if not is_left_out(c))


def plainly_linked_hosts(body: str) -> list[str]:
    plain = "".join(c for c in unicodedata.normalize("NFKC", body) if unicodedata.category(c) != "Cf")
    link = re.compile(
        r"(?:[a-z][a-z0-9+.-]*:)?[/\\]{2,}(?P<authority>[^\s/\\?#]*)"
        r"|(?<![\w.-])(?P<www>www\.[\w.-]+)"
        r"|(?<![\w.@-])(?P<bare>(?:[\w-]+\.)+[\w-]*\w)(?=[/:?#])"
    )
    dots = str.maketrans("\u3002\uff0e\uff61", "...")
    return [_host(match) for match in link.finditer(plain.translate(dots).lower())]


def _host(match: re.Match[str]) -> str:
    after = ".,;:!)>\"'"
    if (authority := match["authority"]) is None:
        return (match["www"] or match["bare"]).strip(".")
    return re.sub(r":\d*$", "", authority.rpartition("@")[2].rstrip(after)).rstrip(after)


def plain_mentions(body: str) -> Mentions:
    """In texts of one script without code, links and marks."""
    names: dict[tuple[str, ...], None] = {}
    for name in re.findall(r"(?<![\w@])@(\w+)(?![\w@])", unicodedata.normalize("NFKC", body)):
        forms = [form for form in (name, name.rstrip("_")) if is_long(form)]
        if forms:
            names[tuple(dict.fromkeys(map(folded, forms)))] = None
    return Mentions(tuple(names)[: limits.MENTIONS_MAX])


def is_long(name: str) -> bool:
    return limits.HANDLE_CHARS_MIN <= len(name) <= limits.HANDLE_CHARS_MAX


# --- the same is found ----------------------------------------------------------------------------------


@pytest.mark.parametrize("alphabet", ALPHABETS.values(), ids=ALPHABETS)
def test_the_same_words_are_found(alphabet: str) -> None:
    words = st.lists(st.text(alphabet, min_size=1, max_size=4), max_size=4).map(tuple)

    @given(st.text(alphabet, max_size=20), words)
    def same(body: str, words: tuple[str, ...]) -> None:
        assert found_word(body, words) == plainly_found_word(body, words)

    same()


@given(st.text(), st.lists(st.text(min_size=1, max_size=6), max_size=4).map(tuple), st.data())
def test_a_word_within_any_text_is_found_alike(
    body: str, words: tuple[str, ...], data: st.DataObject
) -> None:
    if words:
        at = data.draw(st.integers(0, len(body)))
        body = body[:at] + data.draw(st.sampled_from(words)) + body[at:]
    assert found_word(body, words) == plainly_found_word(body, words)


@given(st.text(OF_LINKS, max_size=24) | st.text(max_size=24))
def test_the_same_links_are_found(body: str) -> None:
    assert linked_hosts(body) == plainly_linked_hosts(body)


PARTS = [
    "www.",
    "http:",
    "a.b",
    "+",
    "//",
    "\\\\",
    "/",
    "@",
    "é",
    "www.a",
    "..",
    "-",
    " ",
    ":80",
    "1a:",
    "?",
    "_",
]


@given(st.lists(st.sampled_from(PARTS), max_size=10).map("".join))
def test_the_same_links_are_found_in_texts_made_of_their_parts(body: str) -> None:
    assert linked_hosts(body) == plainly_linked_hosts(body)


@given(st.text("@ab_é1\uff20\ufb03 .", max_size=40))
def test_the_same_mentions_are_found(body: str) -> None:
    assert mentions_in(body) == plain_mentions(body)


@given(st.text())
def test_a_text_is_composed_as_unicode_composes_it(text: str) -> None:
    assert composed(text, 10**6) == unicodedata.normalize("NFKC", text)
    assert decomposed_length(text) == len(unicodedata.normalize("NFKD", text))
    assert "".join(tokens(text)) == text
    assert "" not in tokens(text)


# --- how much is looked at --------------------------------------------------------------------------------

Search = Callable[[str], int]
NEARLY = ("\u2057" * 9 + "!", "." * 39 + "!", *("'" * count + "x" for count in range(1, 39)))
WORST: dict[str, tuple[Search, str]] = {
    "words: a sign that many words begin with": (lambda body: search_words(body, ONE_FOR_ALL)[1], "\u2057"),
    "words: each falls back through every shorter one": (lambda body: search_words(body, NEARLY)[1], "'"),
    "words: signs written out": (lambda body: search_words(body, NEARLY)[1], "\u2026"),
    "words: nearly the longest, again and again": (
        lambda body: search_words(body, NEARLY)[1],
        "\u2057" * 9 + "?",
    ),
    "words: characters written out": (lambda body: search_words(body, NEARLY)[1], "\ufdfa"),
    "links: a.m.": (lambda body: search_links(body)[1], "\u33c2"),
    "links: a scheme everywhere": (lambda body: search_links(body)[1], "a"),
    "links: labels without a path": (lambda body: search_links(body)[1], "a."),
    "links: dashes": (lambda body: search_links(body)[1], "-"),
    "links: pluses before no link": (lambda body: search_links(body)[1], "a+"),
    "links: www": (lambda body: search_links(body)[1], "www.a+"),
    "links: slashes": (lambda body: search_links(body)[1], "/ "),
    "links: names before ports": (lambda body: search_links(body)[1], "a.a:"),
    "links: marks out of order": (lambda body: search_links(body)[1], "\u0301\u0316"),
    "mentions: words too long": (lambda body: search_mentions(body)[1], "@" + "a" * 33),
    "mentions: at signs": (lambda body: search_mentions(body)[1], "@"),
    "mentions: names": (lambda body: search_mentions(body)[1], "@ab "),
    "mentions: letters that are words": (lambda body: search_mentions(body)[1], "@\u5c0f\u660e\u5c0f"),
    "mentions: backticks": (lambda body: search_mentions(body)[1], "@```` ``` `` ` "),
    "mentions: marks out of order": (lambda body: search_mentions("@" + body)[1], "\u0301\u0316"),
}
PER_CHARACTER_MAX = 4
"""Looks at each character: to write it out, to take it apart, to search, and to fall back."""


@pytest.mark.parametrize(("search", "unit"), WORST.values(), ids=WORST)
def test_a_search_looks_at_as_many_characters_as_the_text_has(
    search: Search, unit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BODY_DECOMPOSED_CHARS_MAX", 10**9)  # what refuses longer ones stands aside
    bodies = {times: _filled(unit, times * limits.BODY_CHARS_MAX) for times in (1, 2, 4)}
    looked = {times: search(body) for times, body in bodies.items()}
    for times, body in bodies.items():
        assert len(body) <= looked[times] <= PER_CHARACTER_MAX * decomposed_length(body) + 1
        assert looked[times] <= times * looked[1] * 1.01


def _filled(unit: str, length: int) -> str:
    return (unit * (length // len(unit) + 1))[:length]


def test_the_two_texts_that_stopped_nodes_are_refused_or_looked_through_once() -> None:
    words, links = "\u2057" * limits.BODY_CHARS_MAX, "\u33c2" * limits.BODY_CHARS_MAX
    assert too_long(words)
    assert too_long(links)
    assert unfit_words(ONE_FOR_ALL) is not None
    found, looked = search_words(words, ONE_FOR_ALL)
    assert not found
    assert looked <= PER_CHARACTER_MAX * 4 * len(words)
    assert search_links(links)[1] <= PER_CHARACTER_MAX * limits.BODY_DECOMPOSED_CHARS_MAX


@pytest.mark.parametrize("count", [1, 10, limits.FILTERED_WORDS_MAX])
def test_more_words_are_no_more_work(count: int) -> None:
    words = tuple("'" * 9 + chr(0x4E00 + number) for number in range(count))
    body = "'" * limits.BODY_CHARS_MAX
    assert unfit_words(words) is None
    assert search_words(body, words)[1] == search_words(body, words[:1])[1]


@given(st.text("a\u0301\u0316\u0345\u0f73\uff9e\u0344", min_size=limits.MARKS_MAX, max_size=400))
def test_no_row_of_marks_is_sorted_that_is_longer_than_a_few(text: str) -> None:
    plain = unicodedata.normalize("NFKD", composed(text, 10**6))
    rows = "".join("m" if unicodedata.combining(char) else " " for char in plain).split()
    assert all(len(row) <= 2 * limits.MARKS_MAX for row in rows)


def test_what_is_composed_is_cut() -> None:
    assert composed("\ufdfa" * 100, 180) == unicodedata.normalize("NFKC", "\ufdfa" * 10)
    assert composed("abc", 2) == "ab"


@pytest.mark.parametrize(
    "pattern", [words.ASCII_TOKENS, words.LINK_PIECES, words.BACKTICKS], ids=lambda pattern: pattern.pattern
)
def test_no_pattern_goes_back(pattern: re.Pattern[str]) -> None:
    plain = re.sub(r"\[[^]]*\]|\\.", "c", pattern.pattern).replace("(?P<", "(<")
    repetitions = re.findall(r"(?:[*+?]|\{[^}]*\})[+?]?", plain)
    assert repetitions
    assert all(len(one) > 1 and one.endswith("+") for one in repetitions)
    assert not re.search(r"\)[*+?{]", plain)


def test_every_pattern_has_its_case() -> None:
    patterns = {name for name, value in vars(words).items() if isinstance(value, re.Pattern)}
    assert patterns == {"ASCII_TOKENS", "LINK_PIECES", "BACKTICKS"}


# --- limits of filters ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "fit"),
    [
        (("word",) * limits.FILTERED_WORDS_MAX, True),
        (("two words, or more",) * limits.FILTERED_WORDS_MAX, True),
        (("\ud55c" * limits.FILTERED_WORD_CHARS_MAX,), True),
        (("\u2057" * 30,), True),
        (("\u2057" * 31,), False),
        (("\ufdfa" * 7,), False),
        (("'" * 40,) * 50, True),
        (("'" * 40,) * 51, False),
    ],
)
def test_a_filters_words_are_bounded_when_written_out(words: tuple[str, ...], fit: bool) -> None:
    assert (unfit_words(words) is None) == fit


def test_words_of_an_older_release_that_are_too_long_are_left_out_and_the_others_stay() -> None:
    assert found_word("a zz b", ONE_FOR_ALL)
    assert not found_word("\u2057" * 38 + "\u4e00", ONE_FOR_ALL)
    signs = tuple("'" * 39 + chr(0x4E00 + number) for number in range(limits.FILTERED_WORDS_MAX))
    assert found_word("'" * 39 + "\u4e00", signs)
    assert not found_word("'" * 39 + chr(0x4E00 + 199), signs)
    assert found_word("bad", (*signs[:49], "bad"))


@pytest.mark.parametrize(
    ("body", "long"),
    [
        ("x" * limits.BODY_CHARS_MAX, False),
        ("\ud55c" * limits.BODY_CHARS_MAX, False),
        ("\u4f60" * limits.BODY_CHARS_MAX, False),
        ("\U0001f600" * limits.BODY_CHARS_MAX, False),
        ("\u0439\u0451" * (limits.BODY_CHARS_MAX // 2), False),
        ("\u2057" * (limits.BODY_CHARS_MAX // 4), False),
        ("\u2057" * (limits.BODY_CHARS_MAX // 4 + 1), True),
        ("\ud55c" * (limits.BODY_CHARS_MAX - 1000) + "\u2057" * 250, False),
        ("\ufdfa" * 700, True),
    ],
)
def test_a_body_is_bounded_when_written_out(body: str, long: bool) -> None:
    assert too_long(body) == long
    assert len(skeleton(body)) <= limits.BODY_DECOMPOSED_CHARS_MAX or long
