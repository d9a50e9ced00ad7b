"""The columns of a match that picks and bans, holds and other starts change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from protocol.event import Header

Values = Mapping[str, Any]


def _picks_begun(header: Header) -> Values:
    return {"phase": "picking", "picks": [], "until": header.marks["until"]}


def _picked(header: Header) -> Values:
    until = header.marks.get("until")
    picks = [*cast("Sequence[int]", header.marks["picks"])]
    if until is None:
        return {"phase": "playing", "picks": picks, "until": header.marks.get("play_until")}
    return {"phase": "picking", "picks": picks, "until": until}


def _held(_: Header) -> Values:
    return {"held": True, "until": None}


def _released(header: Header) -> Values:
    return {"held": False, "until": header.marks.get("until")}


def _proposed(header: Header) -> Values:
    return {"proposed_by": header.marks["entrant"], "proposed_at": header.marks["start"]}


def _scheduled(header: Header) -> Values:
    nobody = {"ready_a": False, "ready_b": False, "proposed_by": None, "proposed_at": None}
    return {"phase": "scheduled", "until": header.marks["until"], **nobody}


VALUES: Final[Mapping[str, Callable[[Header], Values]]] = {
    "tournament.picks_begun": _picks_begun,
    "tournament.picked": _picked,
    "tournament.held": _held,
    "tournament.released": _released,
    "tournament.start_proposed": _proposed,
    "tournament.scheduled": _scheduled,
}
