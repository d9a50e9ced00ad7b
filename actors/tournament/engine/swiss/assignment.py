"""Transpositions: of the cheapest ways to give each row a column, the lexicographically first (4.2).

The cheapest is found as H. W. Kuhn's Hungarian method finds it ("The Hungarian method for the assignment problem",
1955), with all columns of a kind and a price at once, as bits of a number. Every cheapest assignment then consists of
tight cells alone (complementary slackness), so that the first one follows from exchanges along alternating paths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from actors.tournament.engine.swiss.sets import low_place, places


@dataclass(frozen=True, slots=True)
class Cells:
    """Rows and as many columns. What a cell costs depends on the kinds of its row and of its column."""

    allowed: Sequence[int]
    """For each row its columns, as a set."""
    row_kinds: Sequence[int]
    column_kinds: Sequence[int]
    """For each kind its columns, as a set."""
    costs: Sequence[Sequence[int]]
    """For each kind of row and each kind of column what a cell costs: 0 or more."""


def first_cheapest(cells: Cells) -> tuple[list[int], int] | None:
    """The column of each row, and the sum of the costs; None if there is no way to give each row a column."""
    search = _Hungarian(cells)
    if not all(search.place(row) for row in range(len(cells.allowed))):
        return None
    cost = search.cost()
    return _first(search.tight_cells(), search.column_of, search.row_of), cost


class _Hungarian:
    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        size = len(cells.allowed)
        self._row_price = [0] * size
        self._groups = {(kind, 0): columns for kind, columns in enumerate(cells.column_kinds) if columns}
        """The columns by their kind and price."""
        self._free = (1 << size) - 1
        self.column_of = [-1] * size
        self.row_of = [-1] * size

    def tight_cells(self) -> list[int]:
        """For each row the columns that may be its own in a cheapest assignment."""
        return [self._tight(row) for row in range(len(self.column_of))]

    def cost(self) -> int:
        """What the columns of all rows cost together."""
        prices = sum(price * columns.bit_count() for (_, price), columns in self._groups.items())
        return sum(self._row_price) + prices

    def place(self, row: int) -> bool:
        """Give one more row a column."""
        came_from: dict[int, int] = {}
        waiting, reached, rows = [row], 0, [row]
        while True:
            while waiting:
                at = waiting.pop()
                new = self._tight(at) & ~reached
                if free := new & self._free:
                    self._augment(low_place(free), at, came_from)
                    return True
                reached |= new
                for column in places(new):
                    came_from[column] = at
                    rows.append(self.row_of[column])
                    waiting.append(self.row_of[column])
            if not self._reprice(rows, reached):
                return False
            waiting = list(rows)

    def _tight(self, row: int) -> int:
        costs, price = self._cells.costs[self._cells.row_kinds[row]], self._row_price[row]
        tight = 0
        for (kind, column_price), columns in self._groups.items():
            if costs[kind] == price + column_price:
                tight |= columns
        return tight & self._cells.allowed[row]

    def _augment(self, column: int, row: int, came_from: dict[int, int]) -> None:
        self._free &= ~(1 << column)
        while True:
            before = self.column_of[row]
            self.column_of[row], self.row_of[column] = column, row
            if before < 0:
                return
            column, row = before, came_from[before]

    def _reprice(self, rows: Sequence[int], reached: int) -> bool:
        """Make one more cell of these rows tight; False if they have no further cells."""
        slack: int | None = None
        for row in rows:
            others = self._cells.allowed[row] & ~reached
            costs, price = self._cells.costs[self._cells.row_kinds[row]], self._row_price[row]
            for (kind, column_price), columns in self._groups.items():
                if columns & others:
                    own = costs[kind] - price - column_price
                    slack = own if slack is None else min(slack, own)
        if slack is None:
            return False
        for row in rows:
            self._row_price[row] += slack
        groups: dict[tuple[int, int], int] = {}
        for (kind, price), columns in self._groups.items():
            for key, some in (
                ((kind, price - slack), columns & reached),
                ((kind, price), columns & ~reached),
            ):
                if some:
                    groups[key] = groups.get(key, 0) | some
        self._groups = groups
        return True


def _first(tight: Sequence[int], column_of: list[int], row_of: list[int]) -> list[int]:
    """The lexicographically first assignment of tight cells, from any."""
    open_columns = (1 << len(column_of)) - 1
    for row in range(len(column_of)):
        now = column_of[row]
        options = tight[row] & open_columns & ((1 << now) - 1)
        seen = 0
        while options:
            option = low_place(options)
            path, seen = _path(option, now, tight, row_of, open_columns, seen)
            if path:
                for before, after in zip(path, [*path[1:], now], strict=True):
                    column_of[row_of[before]] = after
                column_of[row] = option
                for moved in [*(row_of[column] for column in path), row]:
                    row_of[column_of[moved]] = moved
                now = option
                break
            options &= ~seen
        open_columns &= ~(1 << now)
    return column_of


def _path(
    start: int, end: int, tight: Sequence[int], row_of: Sequence[int], columns: int, seen: int
) -> tuple[list[int], int]:
    """Columns from ``start`` on, of which the row of each can go to the next one, and that of the last to ``end``."""
    came_from = {start: start}
    seen |= 1 << start
    waiting = [start]
    while waiting:
        column = waiting.pop()
        cells = tight[row_of[column]]
        if cells >> end & 1:
            path = [column]
            while path[-1] != start:
                path.append(came_from[path[-1]])
            return path[::-1], seen
        for other in places(cells & columns & ~seen):
            seen |= 1 << other
            came_from[other] = column
            waiting.append(other)
    return [], seen
