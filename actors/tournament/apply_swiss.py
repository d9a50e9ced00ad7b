"""What published rounds of Swiss stages make of a tournament's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, cast

from msgspec.structs import replace

from actors.tournament.plays import play_of
from actors.tournament.stages import with_stage
from actors.tournament.state import Tournament
from protocol.event import Header


def _published(tournament: Tournament, header: Header) -> Tournament:
    marks = header.marks
    index, pairs = cast(int, marks["stage"]) - 1, cast("tuple[int, ...]", marks["pairs"])
    stage = tournament.stages[index]
    numbers = stage.numbers.followed(len(play_of(stage)) + 1, cast(int, marks["first"]))
    published = (*stage.published, tuple(pairs))
    stage = replace(stage, published=published, numbers=numbers, changed_at=header.seq)
    return with_stage(tournament, index, stage)


def _ended(tournament: Tournament, header: Header) -> Tournament:
    index = cast(int, header.marks["stage"]) - 1
    ended = replace(tournament.stages[index], pairing_ended_at=header.seq, changed_at=header.seq)
    return with_stage(tournament, index, ended)


CHANGES: Final[Mapping[str, Callable[[Tournament, Header], Tournament]]] = {
    "tournament.round_published": _published,
    "tournament.pairing_ended": _ended,
}
