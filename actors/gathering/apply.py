"""What an event makes of a gathering's state. Headers alone decide, never payloads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from msgspec.structs import replace

from actors.gathering.state import TIMES, Competition, Gathering, Player, Settings
from actors.ordered_map import OrderedMap
from actors.staffing import owned, with_role, without
from protocol.event import Header
from protocol.gathering import GatheringPhase, GatheringRole, RegistrationStatus
from protocol.ids import USER, kind_of

_SETTINGS: Final = Settings.__struct_fields__


def apply(gathering: Gathering, header: Header) -> Gathering:
    """The state after one event; types of later versions change nothing but ``seq``."""
    change = _CHANGES.get(header.type)
    after = gathering if change is None else change(gathering, header)
    return replace(after, seq=header.seq, at=header.at)


def _created(gathering: Gathering, header: Header) -> Gathering:
    created = replace(
        gathering,
        phase="draft",
        owner=header.author if kind_of(header.author) == USER else None,
        named_at=header.seq,
        described_at=header.seq,
    )
    return _set(created, header)


def _changed(gathering: Gathering, header: Header) -> Gathering:
    changed = _set(gathering, header)
    return replace(
        changed,
        named_at=header.seq if "named" in header.marks else changed.named_at,
        described_at=header.seq if "described" in header.marks else changed.described_at,
    )


def _set(gathering: Gathering, header: Header) -> Gathering:
    """With the settings that an event names, and with timers for the times among them; a time of 0 is none."""
    values: dict[str, Any] = {name: header.marks[name] for name in _SETTINGS if name in header.marks}
    if "games" in values:
        values["games"] = tuple(values["games"])
    timers = gathering.timers
    for name, timer in TIMES.items():
        if name in values:
            values[name] = values[name] or None
            timers = timers.discard(timer) if values[name] is None else timers.insert(timer, values[name])
    return replace(gathering, settings=replace(gathering.settings, **values), timers=timers)


def _staff_set(gathering: Gathering, header: Header) -> Gathering:
    user, role = cast(str, header.marks["user"]), cast("GatheringRole | None", header.marks.get("role"))
    return with_role(gathering, user, role)


def _transferred(gathering: Gathering, header: Header) -> Gathering:
    marks = header.marks
    owner, former = cast(str, marks["owner"]), cast("str | None", marks.get("former"))
    return owned(gathering, owner, organiser=former if marks["organiser"] else None)


def _phase(phase: GatheringPhase, *passed: str) -> Callable[[Gathering, Header], Gathering]:
    """The next phase; these timers have nothing more to do."""
    return lambda gathering, _: replace(gathering, phase=phase, timers=gathering.timers.discard(*passed))


def _cancelled(gathering: Gathering, _: Header) -> Gathering:
    return replace(gathering, phase="cancelled", timers=OrderedMap[int]())


# --- competitions ------------------------------------------------------------------------------------------


def _attached(gathering: Gathering, header: Header) -> Gathering:
    one = Competition(cast(str, header.marks["tournament"]))
    if (number := gathering.number_of(one.tournament)) is not None:
        return _with(gathering, number, one)
    return replace(gathering, competitions=(*gathering.competitions, one))


def _detached(gathering: Gathering, header: Header) -> Gathering:
    tournament = cast(str, header.marks["tournament"])
    number = gathering.number_of(tournament)
    return gathering if number is None else _with(gathering, number, Competition(tournament, attached=False))


def _with(gathering: Gathering, number: int, one: Competition) -> Gathering:
    others = gathering.competitions
    return replace(gathering, competitions=(*others[: number - 1], one, *others[number:]))


# --- players -----------------------------------------------------------------------------------------------


def _registered(gathering: Gathering, header: Header) -> Gathering:
    number, user = cast(int, header.marks["player"]), cast(str, header.marks["user"])
    player = Player(user, "registered", chosen=_numbers(gathering, header))
    users = gathering.users.insert(user, number)
    known = number in gathering.players
    players = gathering.players.replaced(number, player) if known else gathering.players.append(player)
    return _counted(replace(gathering, players=players, users=users), header)


def _chosen(gathering: Gathering, header: Header) -> Gathering:
    number = cast(int, header.marks["player"])
    return _player(gathering, number, chosen=_numbers(gathering, header))


def _checked_in(gathering: Gathering, header: Header) -> Gathering:
    number = cast(int, header.marks["player"])
    return _counted(_player(gathering, number, checked_in=True), header)


def _withdrawn(gathering: Gathering, header: Header) -> Gathering:
    number, status = cast(int, header.marks["player"]), cast("RegistrationStatus", header.marks["status"])
    return _counted(_player(gathering, number, status=status, checked_in=False, chosen=()), header)


def _person_erased(gathering: Gathering, header: Header) -> Gathering:
    user, owner = cast(str, header.marks["user"]), cast("str | None", header.marks.get("owner"))
    after = without(gathering, user, owner)
    if "player" not in header.marks:
        return after
    nobody = _player(after, cast(int, header.marks["player"]), user="")
    return replace(nobody, users=nobody.users.discard(user))


def _numbers(gathering: Gathering, header: Header) -> tuple[int, ...]:
    """The numbers of the competitions that an event names."""
    named = cast("Sequence[str]", header.marks["tournaments"])
    return tuple(number for one in named if (number := gathering.number_of(one)) is not None)


def _player(gathering: Gathering, number: int, **changes: Any) -> Gathering:
    player = replace(gathering.players[number], **changes)
    return replace(gathering, players=gathering.players.replaced(number, player))


def _counted(gathering: Gathering, header: Header) -> Gathering:
    """With the counts that an event tells."""
    return replace(
        gathering,
        registered=cast(int, header.marks.get("registered", gathering.registered)),
        checked_in=cast(int, header.marks.get("checked_in", gathering.checked_in)),
    )


_CHANGES: Final[dict[str, Callable[[Gathering, Header], Gathering]]] = {
    "gathering.created": _created,
    "gathering.changed": _changed,
    "gathering.staff_set": _staff_set,
    "gathering.transferred": _transferred,
    "gathering.removed": lambda gathering, header: replace(gathering, removed_at=header.at),
    "gathering.restored": lambda gathering, _: replace(gathering, removed_at=None),
    "gathering.registration_opened": _phase("registration", "registration"),
    "gathering.check_in_opened": _phase("check_in", "registration", "check_in"),
    "gathering.closed": _phase("closed", "registration", "check_in", "close"),
    "gathering.cancelled": _cancelled,
    "gathering.attached": _attached,
    "gathering.detached": _detached,
    "gathering.registered": _registered,
    "gathering.chosen": _chosen,
    "gathering.checked_in": _checked_in,
    "gathering.withdrawn": _withdrawn,
    "gathering.person_erased": _person_erased,
}
