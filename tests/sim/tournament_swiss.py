"""The rounds of a Swiss stage as they must be by what had happened when each was published. Of headers alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from typing import Any, cast

from actors.tournament.engine.swiss.model import Game, Impossible, Options
from actors.tournament.engine.swiss.pairing import pair
from actors.tournament.plays import points_of
from protocol.event import Header
from protocol.tournament.stage import Stage


class Swiss:
    """What was played so far, and who is there."""

    def __init__(self, stage: Stage, seeds: Sequence[int], back: Callable[[], Set[int]] = frozenset) -> None:
        """``back`` tells who has left while the stage was played and has come back: they have no bye."""
        self._seeds = seeds
        self._back = back
        self._rounds_max = stage.rounds or (32 if stage.wins else (len(seeds) - 1).bit_length())
        self._points = points = points_of(stage)
        self._options = Options(
            win=points.win,
            loss=points.loss,
            rounds=stage.rounds or (None if stage.wins else self._rounds_max),
            sides=stage.sides,
            rematch=stage.rematches,
            exit=(stage.wins, stage.losses) if stage.wins else None,
        )
        self._rounds: list[dict[int, tuple[int, int]]] = []
        """The matches of each round, by number."""
        self._byes: list[int] = []
        self.published: list[tuple[int, ...]] = []
        self._results: dict[int, tuple[int, str]] = {}
        """Of each match that is done, who has won and how."""
        self._absent: set[int] = set()

    def __len__(self) -> int:
        return sum(map(len, self._rounds))

    def sides(self, match: int) -> tuple[int, int]:
        """Who plays a match."""
        return next(round_[match] for round_ in self._rounds if match in round_)

    def heed(self, header: Header, *, past: bool = False) -> Iterator[str]:
        """Take an event; what is wrong with it. ``past``: another stage has started since."""
        marks = cast("dict[str, Any]", header.marks)
        match header.type.partition(".")[2]:
            case "left":
                self._absent.add(marks["entrant"])
            case "reinstated":
                self._absent.discard(marks["entrant"])
            case "match_opened":
                yield from self._open(marks["match"], (marks["a"], marks["b"]))
            case "match_finished" | "match_corrected":
                self._results[marks["match"]] = marks["winner"], marks["kind"]
            case "match_undone":
                del self._results[marks["match"]]
            case "round_published":
                yield from self._publish(marks)
            case "pairing_ended" | "stage_finished":
                yield from self._end(header.type)
            case _:
                pass

    def _open(self, number: int, sides: tuple[int, int]) -> Iterator[str]:
        of = next((round_ for round_ in self._rounds if number in round_), None)
        if of is None or of[number] != sides or number in self._results:
            yield f"match {number} was opened for {sides}"

    def _publish(self, marks: dict[str, Any]) -> Iterator[str]:
        expected = self._next()
        pairs, first = list(marks["pairs"]), 1 + sum(map(len, self._rounds))
        found = [*zip(pairs[::2], pairs[1::2], strict=True)]
        if expected is None or expected != found:
            yield f"round {marks['round']} is {found}, not {expected}"
        if (marks["round"], marks["first"]) != (len(self._rounds) + 1, first):
            yield f"round {marks['round']} begins with match {marks['first']}, not {first}"
        matches = [two for two in found if two[1]]
        self._rounds.append(dict(enumerate(matches, first)))
        self._byes.append(marks["bye"])
        self.published.append(tuple(pairs))

    def _end(self, what: str) -> Iterator[str]:
        if what == "tournament.stage_finished" and len(self._rounds) >= self._rounds_max and self.settled:
            return
        if expected := self._next():
            yield f"{what} came, though {expected} could be paired"

    @property
    def settled(self) -> bool:
        """Whether no published match is left to be played."""
        return all(number in self._results for round_ in self._rounds for number in round_)

    def _next(self) -> list[tuple[int, int]] | None:
        """The next round; empty if there is none, and None if not all before it is done."""
        if not self.settled:
            return None
        games = [
            [self._game(number, *sides) for number, sides in round_.items()]
            + ([Game(bye, 0, self._points.bye, 0, played=False)] if bye else [])
            for round_, bye in zip(self._rounds, self._byes, strict=True)
        ]
        found = pair(self._seeds, games, self._options, self._absent, self._back() & {*self._seeds})
        if isinstance(found, Impossible):
            return []
        return [*found.pairs, *([(found.bye, 0)] if found.bye else [])]

    def _game(self, number: int, a: int, b: int) -> Game:
        winner, kind = self._results[number]
        played, points = kind in ("played", "decided"), self._points
        lost = points.loss if played else 0
        for_a, for_b = (points.win if winner == side else lost for side in (a, b))
        if not winner:
            for_a = for_b = points.draw if played else 0
        return Game(a, b, for_a, for_b, played)
