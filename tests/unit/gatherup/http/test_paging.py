"""Cursors: whatever comes and goes between two pages, nothing that stays is skipped or shown twice."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from gatherup.http.paging import Edge, Page, Pages
from gatherup.http.problem import ProblemError
from protocol.codes import Code
from protocol.ids import UserId


class Number(Struct, frozen=True, array_like=True):
    number: int


class User(Struct, frozen=True, array_like=True):
    user: UserId


PAGES = Pages(Number)


def read(rows: set[int], cursor: str | None, limit: int) -> Page[int]:
    """A page of a list in rising order, as a repository and its resource make one."""
    edge: Edge[Number] = PAGES.edge(cursor)
    ordered = sorted(rows)
    if edge.beside is None:
        found = ordered
    elif edge.back:
        found = [row for row in reversed(ordered) if row < edge.beside.number]
    else:
        found = [row for row in ordered if row > edge.beside.number]
    return PAGES.page(found[: limit + 1], edge, limit, Number)


def walk(rows: set[int], cursor: str | None, limit: int, way: str) -> list[int]:
    """All rows from this cursor on, in the order of reading."""
    found: list[int] = []
    while True:
        page = read(rows, cursor, limit)
        found += page.rows if way == "next" else page.rows[::-1]
        if (cursor := getattr(page, way)) is None:
            return found


@given(st.sets(st.integers(0, 50)), st.integers(1, 7))
def test_there_and_back_again(rows: set[int], limit: int) -> None:
    assert walk(rows, None, limit, "next") == sorted(rows)
    page = read(rows, None, limit)
    assert page.previous is None
    while page.next is not None:
        before, page = page, read(rows, page.next, limit)
        assert page.previous is not None
        back = read(rows, page.previous, limit)
        assert (back.rows, back.previous is None) == (before.rows, before.previous is None)
    if page.previous is not None:
        assert walk(rows, page.previous, limit, "previous") == sorted(rows - set(page.rows))[::-1]


@given(st.sets(st.integers(0, 50)), st.sets(st.integers(0, 50)), st.integers(1, 7))
def test_what_stays_is_shown_once_whatever_comes_and_goes(
    rows: set[int], later: set[int], limit: int
) -> None:
    first = read(rows, None, limit)
    rest = walk(later, first.next, limit, "next") if first.next is not None else []
    seen = [*first.rows, *rest]
    assert seen == sorted(set(seen))
    stayed = rows & later
    assert stayed <= set(seen)


def cursor(key: object, direction: str = "n") -> str:
    return direction + urlsafe_b64encode(msgspec.msgpack.encode(key)).decode().rstrip("=")


FORGED = [
    "",
    "n",
    "x",
    "nA",
    "n=",
    "nÄ",
    cursor([1], "q"),
    cursor([1]) + "=",
    cursor([1])[1:],
    cursor({}),
    cursor(1),
]


@pytest.mark.parametrize("forged", [*FORGED, cursor(["1"]), cursor([1, 2]), cursor([])])
def test_what_is_no_cursor(forged: str) -> None:
    with pytest.raises(ProblemError) as raised:
        PAGES.edge(forged)
    assert (raised.value.code, raised.value.field) == (Code.INVALID, "cursor")


def test_a_key_is_held_to_its_type() -> None:
    good = "user:" + "a" * 32
    assert Pages(User).edge(cursor([good])) == Edge(User(good), False)
    assert Pages(User).edge(cursor([good], "p")) == Edge(User(good), True)
    with pytest.raises(ProblemError):
        Pages(User).edge(cursor([good + "\n"]))
