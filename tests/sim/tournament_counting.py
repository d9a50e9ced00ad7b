"""The history of a bracket as it counts: what was corrected is as if it had always been so. Of headers alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from actors.tournament.engine.elimination import Bracket
from actors.tournament.engine.progress import Sides
from protocol.event import Header
from protocol.tournament import NOBODY, UNKNOWN
from tests.unit.actors.tournament.engine.playing import Board


class Counting:
    """The results that count, and the bracket as they alone make it from the seeds on."""

    def __init__(self, bracket: Bracket, seeds: Sequence[int]) -> None:
        self._bracket = bracket
        self._seeds = seeds
        self.board = Board(bracket, seeds)
        self._led: dict[int, tuple[int, int, int]] = {}
        """Of matches with a result: both sides, and who went on from it. Under ``keep`` that isn't always who won."""
        self._recorded: dict[int, int] = {}
        """Who has won each of them."""
        self._put_off: set[int] = set()
        """Those that are to be opened again."""
        self._opened: set[int] = set()
        """Matches that were opened, and have not begun anew since."""

    published: Sequence[Sequence[int]] = ()

    def __len__(self) -> int:
        return len(self.board.matches)

    @property
    def settled(self) -> bool:
        """Whether no match is left to be played."""
        return self.board.finished

    def sides(self, match: int) -> Sides:
        """Who plays a match, as far as it is known."""
        return self.board.sides(match)

    def heed(self, header: Header, *, past: bool = False) -> Iterator[str]:
        """Take an event; what is wrong with it. ``past``: another stage has started since, so nothing follows."""
        match = cast(int, header.marks.get("match", 0))
        match header.type.partition(".")[2]:
            case "match_opened":
                yield from self._open(match, header)
            case "scheduled":
                self._put_off.add(match)
            case "match_finished":
                yield from self._finish(match, header)
            case "match_corrected":
                yield from self._correct(match, header, past=past)
            case "match_undone":
                led = {number: result for number, result in self._led.items() if number != match}
                yield from self._follow(header, self._replayed(led), {match})
            case _:
                pass

    def _open(self, match: int, header: Header) -> Iterator[str]:
        marks, sides = header.marks, self.board.sides(match)
        if sides != (marks["a"], marks["b"]) or match in self._opened - self._put_off:
            yield f"match {match} of {sides} was opened for {marks['a']} and {marks['b']}"
        self._opened.add(match)
        self._put_off.discard(match)

    def _finish(self, match: int, header: Header) -> Iterator[str]:
        winner = cast(int, header.marks["winner"])
        if not self.board.is_due(match) or (winner and winner not in self.board.sides(match)):
            yield f"{winner} won match {match}, which isn't to be played"
            return
        self._record(self.board, match, winner)
        self._led[match] = self._result(match, winner)
        self._recorded[match] = winner

    def _correct(self, match: int, header: Header, *, past: bool) -> Iterator[str]:
        """Nothing follows from a result that doesn't change who won, or under ``keep`` if that would void a match, or
        if another stage has started.
        """
        if match not in self._led:
            yield f"match {match} was corrected, which has no result"
            return
        winner = cast(int, header.marks["winner"])
        after = self._replayed({**self._led, match: self._result(match, winner)})
        kept = header.marks["policy"] == "keep" and self._changed(after) & self._opened
        if past or kept or self._recorded[match] == winner:
            after = self.board
        else:
            self._led[match] = self._result(match, winner)
        yield from self._follow(header, after, set())
        self._recorded[match] = winner

    def _result(self, match: int, winner: int) -> tuple[int, int, int]:
        a, b = self.board.sides(match)
        return a or NOBODY, b or NOBODY, winner

    def _record(self, board: Board, match: int, winner: int) -> None:
        board.record(match, board.sides(match).index(winner) if winner else None)

    def _replayed(self, led: dict[int, tuple[int, int, int]]) -> Board:
        """All from the start, with those of these results whose sides meet then, too."""
        board = Board(self._bracket, self._seeds)
        for match in sorted(led):
            a, b, winner = led[match]
            if board.is_due(match) and board.sides(match) == (a, b):
                self._record(board, match, winner)
        return board

    def _changed(self, after: Board) -> set[int]:
        """The matches that have other sides there."""
        pairs = enumerate(zip(self.board.matches, after.matches, strict=True), 1)
        return {number for number, (before, now) in pairs if before != now}

    def _follow(self, header: Header, after: Board, again: set[int]) -> Iterator[str]:
        """Go on from there, and say what the event says otherwise."""
        changed = self._changed(after) | again
        flat = cast("Sequence[int]", header.marks.get("fills", ()))
        said = {
            number: tuple(None if side == UNKNOWN else side for side in sides)
            for number, *sides in zip(flat[::3], flat[1::3], flat[2::3], strict=True)
        }
        if said != {number: after.sides(number) for number in changed}:
            yield f"event {header.seq} begins {said} anew, not {sorted(changed)}"
        self.board = after
        self._led = {match: result for match, result in self._led.items() if match in after.results}
        for number in changed:
            self._opened.discard(number)
            self._put_off.discard(number)
            self._recorded.pop(number, None)
