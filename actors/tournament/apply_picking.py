"""What picks and bans, holds and other starts make of a match."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast

from msgspec.structs import replace

from actors.tournament.state import Match
from protocol.event import Header
from protocol.tournament import NOBODY


def _picks_begun(match: Match, header: Header) -> Match:
    return replace(match, phase="picking", picks=(), until=_time(header, "until"))


def _picked(match: Match, header: Header) -> Match:
    picks, until = tuple(cast("Sequence[int]", header.marks["picks"])), _time(header, "until")
    if until is None:
        return replace(match, phase="playing", picks=picks, until=_time(header, "play_until"))
    return replace(match, phase="picking", picks=picks, until=until)


def _held(match: Match, header: Header) -> Match:
    return replace(match, held=True, left=_time(header, "left"), until=None)


def _released(match: Match, header: Header) -> Match:
    return replace(match, held=False, left=None, until=_time(header, "until"))


def _proposed(match: Match, header: Header) -> Match:
    entrant = cast(int, header.marks["entrant"])
    return replace(match, proposed_by=entrant, proposed_at=_time(header, "start"))


def _scheduled(match: Match, header: Header) -> Match:
    return replace(
        match,
        phase="scheduled",
        ready_a=False,
        ready_b=False,
        until=_time(header, "until"),
        proposed_by=NOBODY,
        proposed_at=None,
    )


def _time(header: Header, name: str) -> int | None:
    return cast("int | None", header.marks.get(name))


MATCHES: Final[Mapping[str, Callable[[Match, Header], Match]]] = {
    "tournament.picks_begun": _picks_begun,
    "tournament.picked": _picked,
    "tournament.held": _held,
    "tournament.released": _released,
    "tournament.start_proposed": _proposed,
    "tournament.scheduled": _scheduled,
}
