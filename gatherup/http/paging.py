"""Pages of a list that changes while it is read: a cursor names a row, so none is skipped or repeated."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import Struct

from gatherup.http.problem import ProblemError
from protocol.codes import Code

R = TypeVar("R")
K = TypeVar("K", bound=Struct)

_FORWARD: Final = "n"
_BACK: Final = "p"


class Edge(Struct, Generic[K], frozen=True):
    """Where a page begins: after this row, or backwards before it; at the beginning of the list if there is none."""

    beside: K | None = None
    back: bool = False


class Page(Struct, Generic[R], frozen=True):
    """Rows in the order of the list, with the cursors of the pages around them."""

    rows: list[R]
    next: str | None
    previous: str | None


class Pages(Generic[K]):
    """The cursors of one list, whose rows are in the order of this type of key (an ``array_like`` struct)."""

    def __init__(self, key: type[K]) -> None:
        self._decode: Callable[[bytes], K] = msgspec.msgpack.Decoder(key).decode

    def edge(self, cursor: str | None) -> Edge[K]:
        """What a cursor stands for; None: the first page. Raises ProblemError."""
        if cursor is None:
            return Edge()
        text = cursor[1:]
        try:
            key = self._decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (Base64Error, ValueError, msgspec.DecodeError, RecursionError):
            raise _no_cursor() from None
        if cursor not in (_cursor(key, _FORWARD), _cursor(key, _BACK)):
            raise _no_cursor()
        return Edge(key, cursor[0] == _BACK)

    def page(self, found: Sequence[R], edge: Edge[K], limit: int, key_of: Callable[[R], K]) -> Page[R]:
        """The page of the rows found from an edge in its direction, of which ``limit + 1`` were asked for."""
        rows = list(found[:limit])
        if edge.back:
            rows.reverse()
        if not rows:
            return Page(rows, None, None)
        more = len(found) > limit
        after = _cursor(key_of(rows[-1]), _FORWARD) if more or edge.back else None
        before = _cursor(key_of(rows[0]), _BACK) if (more if edge.back else edge.beside is not None) else None
        return Page(rows, after, before)


def _no_cursor() -> ProblemError:
    return ProblemError(Code.INVALID, "The cursor isn't one that a page gave.", field="cursor")


def _cursor(key: Any, direction: str) -> str:
    return direction + urlsafe_b64encode(msgspec.msgpack.encode(key)).decode().rstrip("=")
