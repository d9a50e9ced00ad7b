"""Which event changes which rows of matches, and of entrants who have got a place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from actors.kind import Change, Update, Upsert, said
from actors.tournament import project_picking
from actors.tournament.apply_matches import fills_of, placed_of
from actors.tournament.rows import ENTRANT, MATCH
from actors.tournament.state import Match
from protocol.event import Header
from protocol.tournament.corrections import MatchCorrected
from protocol.tournament.events import MatchFinished, ResultDisputed


def _opened(header: Header, _: object) -> Sequence[Change]:
    marks = header.marks
    names = ("part", "round", "a", "b", "ready_a", "ready_b", "latest", "room")
    row = {name: marks.get(name) for name in names}
    row |= {"phase": "open" if "until" in marks else "playing", "opened_at": header.at}
    row["until"] = marks.get("until", marks.get("play_until"))
    return (Upsert(MATCH, str(marks["match"]), cast(Any, row)),)


def _ready(header: Header, _: object) -> Sequence[Change]:
    values: dict[str, Any] = {name: header.marks[name] for name in ("ready_a", "ready_b")}
    if all(values.values()):
        values |= {"phase": "playing", "until": header.marks.get("play_until")}
    return (_match(header, **values),)


def _reported(header: Header, _: object) -> Sequence[Change]:
    marks = header.marks
    changed = _match(
        header, phase="reported", until=marks["until"], reported_by=marks["entrant"], scores=_scores(header)
    )
    return (changed,)


def _disputed(header: Header, payload: ResultDisputed | None) -> Sequence[Change]:
    changed = _match(
        header,
        phase="disputed",
        until=None,
        disputed_by=header.marks["entrant"],
        disputed_scores=_scores(header),
        note=payload.note if payload and payload.note else None,
        evidence=payload.evidence if payload else None,
    )
    wrote = payload is not None and bool(payload.note or payload.evidence)
    return changed, *([said(header, f"disputes {header.marks['match']}")] if wrote else [])


def _finished(header: Header, payload: MatchFinished | None) -> Sequence[Change]:
    waits = {"held": False, "proposed_by": None, "proposed_at": None}
    return _result(header, payload, phase="done", until=None, ended_at=header.at, **waits)


def _corrected(header: Header, payload: MatchCorrected | None) -> Sequence[Change]:
    """Who has ended the match is who has corrected it."""
    return _result(header, payload)


def _result(
    header: Header, payload: MatchFinished | MatchCorrected | None, **values: Any
) -> Sequence[Change]:
    marks, note = header.marks, payload.note if payload and payload.note else None
    changed = _match(
        header,
        scores=_scores(header),
        winner=marks["winner"],
        kind=marks["kind"],
        ended_by=header.author,
        decision=note,
        **values,
    )
    text = [said(header, f"decisions {marks['match']}")] if note else []
    return changed, *_follows(header), *text


def _undone(header: Header, _: object) -> Sequence[Change]:
    return _follows(header)


def _follows(header: Header) -> list[Change]:
    """Other matches and places. A row that is written whole holds nothing of what was there before."""
    filled = [_filled(header, *fill) for fill in fills_of(header)]
    return [*filled, *(_placed(header, entrant, place) for entrant, place in placed_of(header))]


def _placed(header: Header, entrant: int, place: int) -> Change:
    placed_in = cast(int, header.marks["match"]) if place else None
    return Update(ENTRANT, str(entrant), {"place": place or None, "placed_in": placed_in})


def _filled(header: Header, number: int, match: Match) -> Change:
    row: dict[str, Any] = {"a": match.a, "b": match.b, "phase": match.phase}
    if match.phase == "done":
        row |= {"winner": match.winner, "kind": match.kind, "ended_at": header.at}
    return Upsert(MATCH, str(number), row)


def _scores(header: Header) -> list[int]:
    return [*cast("Sequence[int]", header.marks.get("scores", ()))]


def _match(header: Header, **values: Any) -> Change:
    return Update(MATCH, str(header.marks["match"]), values)


def _values(values: Callable[[Header], Mapping[str, Any]]) -> Callable[[Header, Any], Sequence[Change]]:
    return lambda header, _: (_match(header, **values(header)),)


ROWS: Final[Mapping[str, Callable[[Header, Any], Sequence[Change]]]] = {
    "tournament.match_opened": _opened,
    "tournament.side_ready": _ready,
    "tournament.reported": _reported,
    "tournament.disputed": _disputed,
    "tournament.match_finished": _finished,
    "tournament.match_corrected": _corrected,
    "tournament.match_undone": _undone,
    **{name: _values(values) for name, values in project_picking.VALUES.items()},
}
