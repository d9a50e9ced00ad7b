"""Cells of CSV files that programs for tables open: what somebody has called themselves is never taken for a formula.

Such programs run a cell that begins with one of a few characters (OWASP, "CSV Injection"). Those get an apostrophe
before, which the programs don't show, and which is taken away again from a file that comes back.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Final

Cell = str | int | float | bool | None

_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_GUARD: Final = "'"


def guarded(text: str) -> str:
    """A text that no program takes for a formula."""
    # What begins with an apostrophe before such a character gets another one, so that it comes back as it was.
    return _GUARD + text if text.lstrip(_GUARD).startswith(_FORMULAS) else text


def plain(cell: str) -> str:
    """The text of a cell that was ``guarded``; of any other what stands there."""
    guard = cell.startswith(_GUARD) and cell.lstrip(_GUARD).startswith(_FORMULAS)
    return cell[1:] if guard else cell


def written(rows: Iterable[Iterable[Cell]]) -> str:
    """Rows as CSV (RFC 4180). Texts are guarded; numbers stand as they are."""
    text = StringIO(newline="")
    csv.writer(text).writerows([_shown(cell) for cell in row] for row in rows)
    return text.getvalue()


def _shown(cell: Cell) -> str | int | float:
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case str():
            return guarded(cell)
        case _:
            return cell
