"""What attempts, and the end of their window, make of a tournament's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, cast

from msgspec.structs import replace

from actors.tournament.stages import with_stage
from actors.tournament.state import WINDOW, Attempt, Attempts, Tournament
from protocol.event import Header


def rescored(attempts: Attempts, number: int, score: int | None) -> Attempts:
    """These with another score of the one of this number; None: it is void."""
    changed = Attempt(score, attempts[number - 1].seq)
    return (*attempts[: number - 1], changed, *attempts[number:])


def _submitted(tournament: Tournament, header: Header) -> Tournament:
    made = _attempts(tournament, header)
    attempt = Attempt(cast(int, header.marks["score"]), header.seq)
    return _with(tournament, header, (*made, attempt))


def _corrected(tournament: Tournament, header: Header) -> Tournament:
    made, number = _attempts(tournament, header), cast(int, header.marks["attempt"])
    after = _with(tournament, header, rescored(made, number, cast("int | None", header.marks.get("score"))))
    index = _index(header)
    stage = after.stages[index]
    # As after a correction of a match: the last stage ends once more.
    return with_stage(after, index, replace(stage, finished=stage.finished and index + 1 < len(after.stages)))


def _window_set(tournament: Tournament, header: Header) -> Tournament:
    index, closes_at = _index(header), cast(int, header.marks["closes_at"])
    stage = replace(tournament.stages[index], closes_at=closes_at)
    return replace(with_stage(tournament, index, stage), timers=tournament.timers.insert(WINDOW, closes_at))


def _closed(tournament: Tournament, header: Header) -> Tournament:
    index = _index(header)
    closed = replace(tournament.stages[index], closed=True, changed_at=header.seq)
    return replace(with_stage(tournament, index, closed), timers=tournament.timers.discard(WINDOW))


def _attempts(tournament: Tournament, header: Header) -> Attempts:
    return tournament.stages[_index(header)].attempts.get(cast(int, header.marks["entrant"])) or ()


def _with(tournament: Tournament, header: Header, attempts: Attempts) -> Tournament:
    """With these attempts of the entrant, at most ATTEMPTS_MAX."""
    index, entrant = _index(header), cast(int, header.marks["entrant"])
    stage = tournament.stages[index]
    had = any(one.score is not None for one in stage.attempts.get(entrant) or ())
    changed = replace(
        stage,
        attempts=stage.attempts.insert(entrant, attempts),
        scored=stage.scored - had + ("counted" in header.marks),
        changed_at=header.seq,
    )
    return with_stage(tournament, index, changed)


def _index(header: Header) -> int:
    return cast(int, header.marks["stage"]) - 1


CHANGES: Final[Mapping[str, Callable[[Tournament, Header], Tournament]]] = {
    "tournament.attempt_submitted": _submitted,
    "tournament.attempt_corrected": _corrected,
    "tournament.window_set": _window_set,
    "tournament.window_closed": _closed,
}
