"""What an event makes of a tournament's state. Headers alone decide, never payloads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from msgspec.structs import replace

from actors.ordered_map import OrderedMap
from actors.staffing import owned, with_role, without
from actors.tournament import (
    apply_attempts,
    apply_entrants,
    apply_matches,
    apply_stages,
    apply_swiss,
    apply_teams,
)
from actors.tournament.state import Settings, Tournament
from protocol.event import Header
from protocol.ids import USER, kind_of
from protocol.tournament import Phase, StaffRole
from protocol.tournament.rounds import rules_of
from protocol.tournament.stage import stages_of

TIMES: Final = {"registration_at": "registration", "check_in_at": "check_in", "start_at": "start"}
"""The times among the settings, each with its key in ``timers``."""
_SETTINGS: Final = Settings.__struct_fields__


def apply(tournament: Tournament, header: Header) -> Tournament:
    """The state after one event; types of later versions change nothing but ``seq``."""
    change = _CHANGES.get(header.type)
    after = tournament if change is None else change(tournament, header)
    return replace(after, seq=header.seq, at=header.at)


def _created(tournament: Tournament, header: Header) -> Tournament:
    created = replace(
        tournament,
        phase="draft",
        owner=owner_of(header),
        named_at=header.seq,
        described_at=header.seq,
    )
    return _set(created, _chosen(header))


def owner_of(created: Header) -> str | None:
    """Whose a tournament is from its first event on."""
    made_for = cast("str | None", created.marks.get("owner"))
    return created.author if kind_of(created.author) == USER else made_for


def _changed(tournament: Tournament, header: Header) -> Tournament:
    marks = header.marks
    changed = _set(tournament, _chosen(header))
    return replace(
        changed,
        named_at=header.seq if "named" in marks else changed.named_at,
        described_at=header.seq if "described" in marks else changed.described_at,
    )


def _chosen(header: Header) -> dict[str, Any]:
    """The settings that an event names."""
    chosen: dict[str, Any] = {name: header.marks[name] for name in _SETTINGS if name in header.marks}
    if "rounds" in chosen:
        chosen["rounds"] = rules_of(chosen["rounds"])
    if "stages" in chosen:
        chosen["stages"] = stages_of(chosen["stages"])
    return chosen


def _set(tournament: Tournament, values: dict[str, Any]) -> Tournament:
    """With these settings, and with timers for the times among them; a time of 0 is none."""
    timers = tournament.timers
    for name in TIMES.keys() & values.keys():
        values[name] = values[name] or None
        timers = _timed(timers, TIMES[name], values[name])
    return replace(tournament, settings=replace(tournament.settings, **values), timers=timers)


def _timed(timers: OrderedMap[int], key: str, at: int | None) -> OrderedMap[int]:
    return timers.discard(key) if at is None else timers.insert(key, at)


def _staff_set(tournament: Tournament, header: Header) -> Tournament:
    user, role = cast(str, header.marks["user"]), cast("StaffRole | None", header.marks.get("role"))
    return with_role(tournament, user, role)


def _transferred(tournament: Tournament, header: Header) -> Tournament:
    marks = header.marks
    owner, former = cast(str, marks["owner"]), cast("str | None", marks.get("former"))
    return owned(tournament, owner, organiser=former if marks["organiser"] else None)


def _phase(phase: Phase, *passed: str) -> Callable[[Tournament, Header], Tournament]:
    """The next phase; these timers have nothing more to do."""
    return lambda tournament, _: replace(tournament, phase=phase, timers=tournament.timers.discard(*passed))


def _not_started(tournament: Tournament, _: Header) -> Tournament:
    return _set(tournament, {"start_at": None})


def _over(tournament: Tournament, phase: Phase) -> Tournament:
    none = OrderedMap[int]()
    return replace(tournament, phase=phase, timers=none, to_open=none, going=none)


def _cancelled(tournament: Tournament, _: Header) -> Tournament:
    # Nothing is going as long as matches of a void stage are to be told of.
    open_ = tournament.going if len(tournament.going) else tournament.voiding
    closing = open_ if tournament.settings.rooms else OrderedMap[int]()
    return replace(_over(tournament, "cancelled"), void=None, voiding=OrderedMap(), closing=closing)


def _rooms_closed(tournament: Tournament, header: Header) -> Tournament:
    closed = map(str, cast("Sequence[int]", header.marks["closes"]))
    return replace(tournament, closing=tournament.closing.discard(*closed))


def _erased(tournament: Tournament, header: Header) -> Tournament:
    user, owner = cast(str, header.marks["user"]), cast("str | None", header.marks.get("owner"))
    return without(tournament, user, owner)


def _gathered(tournament: Tournament, header: Header) -> Tournament:
    """Who takes part is its gathering's to say."""
    listed = replace(tournament.settings, entry="listed")
    return replace(tournament, gathering=cast(str, header.marks["gathering"]), settings=listed)


_CHANGES: Final[dict[str, Callable[[Tournament, Header], Tournament]]] = {
    "tournament.created": _created,
    "tournament.changed": _changed,
    "tournament.staff_set": _staff_set,
    "tournament.registration_opened": _phase("registration", "registration"),
    "tournament.check_in_opened": _phase("check_in", "registration", "check_in"),
    "tournament.not_started": _not_started,
    "tournament.cancelled": _cancelled,
    "tournament.rooms_closed": _rooms_closed,
    "tournament.finished": lambda tournament, _: _over(tournament, "finished"),
    "tournament.reopened": _phase("running"),
    "tournament.transferred": _transferred,
    "tournament.removed": lambda tournament, header: replace(tournament, removed_at=header.at),
    "tournament.restored": lambda tournament, _: replace(tournament, removed_at=None),
    "tournament.person_erased": _erased,
    "tournament.gathered": _gathered,
    "tournament.ungathered": lambda tournament, _: replace(tournament, gathering=None),
    **apply_entrants.CHANGES,
    **apply_teams.CHANGES,
    **apply_matches.CHANGES,
    **apply_swiss.CHANGES,
    **apply_attempts.CHANGES,
    **apply_stages.CHANGES,
}
