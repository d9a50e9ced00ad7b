"""What a series is like, whose it is, and which tournaments count in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from itertools import pairwise
from typing import Any, Final, cast

from msgspec import Struct
from msgspec.structs import replace

from actors.creation import organised_key
from actors.kind import (
    EVERYONE,
    LOOKUP,
    OWNED,
    Decision,
    FactKey,
    Instant,
    Refuse,
    block_key,
    pair,
    person_key,
)
from actors.series.context import Context, emit
from actors.series.making import Next, Times, next_marks
from actors.series.recurrence import instant_of, local_of, zone_of
from actors.series.rows import TOURNAMENT
from actors.series.rule import RuleError
from actors.series.state import Plan, Series
from actors.staffing import Rank, no_owner, no_role
from protocol import limits
from protocol.codes import Code
from protocol.event import Mark
from protocol.frames import Command
from protocol.ids import USER, kind_of
from protocol.series import SeriesPhase
from protocol.series.commands import (
    AddTournament,
    CancelSeries,
    ChangeSeries,
    CreateSeries,
    DropTournament,
    RemoveSeries,
    RestoreSeries,
    SetSeriesStaff,
    TransferSeries,
)
from protocol.series.events import (
    SeriesCancelled,
    SeriesChanged,
    SeriesCreated,
    SeriesRemoved,
    SeriesRestored,
    SeriesStaffSet,
    SeriesTournamentAdded,
    SeriesTournamentDropped,
    SeriesTransferred,
)
from protocol.series.recurrence import Recurrence
from protocol.tournament.definition import LastingSettings

DAY_MS: Final = 86_400_000
_LOOKUPS: Final = ("game", "platform", "region")
_PLAN: Final = Plan.__struct_fields__
_RUNNING: Final[frozenset[SeriesPhase]] = frozenset({"running"})
_ALWAYS: Final[frozenset[SeriesPhase]] = frozenset({"running", "cancelled"})


# --- what it is like -----------------------------------------------------------------------------------------


def create(context: Context, command: CreateSeries) -> Decision:
    """A user makes a series of their own, an operator one that nobody owns."""
    if kind_of(context.by) != USER and context.rank < Rank.OPERATOR:
        return Refuse(Code.FORBIDDEN)
    if context.series.phase is not None:
        return Refuse(Code.ALREADY_EXISTS)
    if kind_of(context.by) == USER and (refusal := _too_many(context)):
        return refusal
    chosen: dict[str, Any] = {name: getattr(command, name) for name in _PLAN}
    plan = Plan(**chosen)
    if refusal := _unfit(context, plan) or _unusable(context, plan.settings):
        return refusal
    begins = _begins(context, plan.recurrence)
    if isinstance(begins, Refuse):
        return begins
    made = SeriesCreated(name=command.name, description=command.description, **chosen)
    return emit(made, marks=next_marks(begins))


def _too_many(context: Context) -> Refuse | None:
    if refusal := context.creation.refusal(context.facts, context.by, context.now):
        return refusal
    known, most = context.facts.get(organised_key(context.by)), limits.SERIES_PER_USER_MAX
    if known is not None and cast(int, known["series"]) >= most:
        return Refuse(Code.TOO_MANY, f"Series of yours that weren't cancelled: at most {most}.")
    return None


def change(context: Context, command: ChangeSeries) -> Decision:
    """Whatever it is, it is true of tournaments that are made from now on."""
    series = context.series
    chosen: dict[str, Any] = {name: value for name in _PLAN if (value := getattr(command, name)) is not None}
    texts = {"named": command.name is not None, "described": command.description is not None}
    if not chosen and not any(texts.values()):
        return Refuse(Code.INVALID, "There is nothing to change.")
    after = replace(series.plan, **chosen)
    if refusal := _unfit(context, after) or _unusable(context, chosen.get("settings")):
        return refusal
    marks: dict[str, Mark] = {name: True for name, changed in texts.items() if changed}
    if command.recurrence is not None:
        begins = _begins(context, command.recurrence)
        if isinstance(begins, Refuse):
            return begins
        marks |= next_marks(begins)
    return emit(SeriesChanged(name=command.name, description=command.description, **chosen), marks=marks)


def _unfit(context: Context, plan: Plan) -> Refuse | None:
    """Why no series can be like this."""
    if plan.settings.visibility == "invited":
        message = "Tournaments for invited people can't be in a series."
        return Refuse(Code.INVALID, message, "settings.visibility")
    if refusal := context.unfit(plan.settings):
        return Refuse(refusal.code, refusal.message, f"settings.{refusal.field}")
    order = [(name, getattr(plan, name)) for name in ("create_s", "registration_s", "check_in_s")]
    for (_, earlier), (name, later) in pairwise([(name, before) for name, before in order if before]):
        if later > earlier or (later == earlier and name == "check_in_s"):
            message = "A tournament is made, then come registration, check-in and start, in this order."
            return Refuse(Code.INVALID, message, name)
    return None


def _unusable(context: Context, settings: LastingSettings | None) -> Refuse | None:
    """Why what was chosen from a lookup table can't be: it isn't there, or is retired."""
    for key in lookups(settings):
        if context.facts.get(key) is None:
            name = key.key.partition(" ")[0]
            return Refuse(Code.NOT_FOUND, f"There is no such {name}.", f"settings.{name}")
    return None


def lookups(settings: LastingSettings | None) -> tuple[FactKey, ...]:
    """Whether what these settings choose can be chosen."""
    chosen = {} if settings is None else {name: getattr(settings, name) for name in _LOOKUPS}
    return tuple(FactKey(LOOKUP, pair(name, key)) for name, key in chosen.items() if key is not None)


def _begins(context: Context, recurrence: Recurrence | None) -> Next | Refuse | None:
    """The first time of a recurrence that a tournament can be made for."""
    if recurrence is None:
        return None
    try:
        times = Times(recurrence)
    except RuleError as error:
        return Refuse(Code.INVALID, str(error), "recurrence")
    start = instant_of(local_of(recurrence.start), zone_of(recurrence.timezone))
    if not _near(start, context.now):
        days = limits.RECURRENCE_GAP_DAYS_MAX
        message = f"Let it start within the next {days} days, or yesterday at the earliest."
        return Refuse(Code.INVALID, message, "recurrence.start")
    found = times.first_after(max(context.now, context.series.made_until))
    if found is None:
        return Refuse(Code.INVALID, "All times of this rule have passed.", "recurrence")
    return found


def _near(start: Instant, now: Instant) -> bool:
    """Whether the walk from the start to now, and to what was made ahead, is short."""
    return now - DAY_MS <= start <= now + limits.RECURRENCE_GAP_DAYS_MAX * DAY_MS


# --- whose it is ---------------------------------------------------------------------------------------------


def set_staff(context: Context, command: SetSeriesStaff) -> Decision:
    """The owner chooses who helps; the owner's own role stays."""
    user, role = command.user, command.role
    refusal = no_role(context.series, user, role, by=context.by, facts=context.facts)
    return refusal or emit(SeriesStaffSet(user=user, role=role))


def transfer(context: Context, command: TransferSeries) -> Decision:
    """The owner gives it to an organiser, who works for it already; an operator takes it over for anybody."""
    series, user = context.series, command.user
    if refusal := no_owner(series, user, by=context.by, facts=context.facts):
        return refusal
    former, takes_over = series.owner, context.rank is Rank.OPERATOR
    return emit(SeriesTransferred(owner=user, former=former, organiser=former is not None and not takes_over))


def cancel(_: Context, __: CancelSeries) -> Decision:
    """It makes no more tournaments."""
    return emit(SeriesCancelled())


def remove(_: Context, __: RemoveSeries) -> Decision:
    """Nobody may watch it any more, and for everybody but its owner there is no such series."""
    return emit(SeriesRemoved(), revokes=(EVERYONE,))


def restore(context: Context, _: RestoreSeries) -> Decision:
    """Everybody may watch it again, and it goes on."""
    return Refuse(Code.ALREADY_EXISTS) if context.series.removed_at is None else emit(SeriesRestored())


# --- what counts in it ---------------------------------------------------------------------------------------


def add(context: Context, command: AddTournament) -> Decision:
    """Whoever adds it owns both; an operator may do it for anybody."""
    series, known = context.series, context.facts.get(FactKey(OWNED, command.tournament))
    if known is None:
        return Refuse(Code.NOT_FOUND, "There is no such tournament.", "tournament")
    if context.rank is not Rank.OPERATOR and known["owner"] != context.by:
        return Refuse(Code.FORBIDDEN, "Add tournaments of your own.", "tournament")
    if known["visibility"] == "invited":
        message = "Tournaments for invited people can't be in a series."
        return Refuse(Code.INVALID, message, "tournament")
    if context.facts.get(FactKey(TOURNAMENT, command.tournament)) is not None:
        return Refuse(Code.ALREADY_EXISTS, field="tournament")
    if series.tournaments >= limits.SERIES_TOURNAMENTS_MAX:
        return Refuse(Code.TOO_MANY, f"Tournaments of a series: at most {limits.SERIES_TOURNAMENTS_MAX}.")
    return emit(SeriesTournamentAdded(tournament=command.tournament, count=series.tournaments + 1))


def drop(context: Context, command: DropTournament) -> Decision:
    """The tournament itself stays."""
    if context.facts.get(FactKey(TOURNAMENT, command.tournament)) is None:
        return Refuse(Code.NOT_FOUND, "It isn't in this series.", "tournament")
    count = context.series.tournaments - 1
    return emit(SeriesTournamentDropped(tournament=command.tournament, count=count))


def needed_facts(series: Series, command: Command, by: str) -> tuple[FactKey, ...]:
    """The rows that these decisions look at."""
    match command:
        case CreateSeries(settings=settings):
            return organised_key(by), *lookups(settings)
        case ChangeSeries(settings=settings):
            return lookups(settings)
        case SetSeriesStaff(user=user) | TransferSeries(user=user):
            return person_key(user), block_key(user, by)
        case AddTournament(tournament=tournament):
            return FactKey(OWNED, tournament), FactKey(TOURNAMENT, tournament)
        case DropTournament(tournament=tournament):
            return (FactKey(TOURNAMENT, tournament),)
        case _:
            return ()


class Rule(Struct, frozen=True):
    """Who may send a command, and when; then ``decide`` says what comes of it."""

    decide: Callable[[Context, Any], Decision]
    rank: Rank
    phases: Set[SeriesPhase]


RULES: Final[Mapping[type[Command], Rule]] = {
    ChangeSeries: Rule(change, Rank.ORGANISER, _RUNNING),
    SetSeriesStaff: Rule(set_staff, Rank.OWNER, _RUNNING),
    TransferSeries: Rule(transfer, Rank.OWNER, _ALWAYS),
    CancelSeries: Rule(cancel, Rank.OWNER, _RUNNING),
    RemoveSeries: Rule(remove, Rank.OWNER, _ALWAYS),
    RestoreSeries: Rule(restore, Rank.OWNER, _ALWAYS),
    AddTournament: Rule(add, Rank.OWNER, _ALWAYS),
    DropTournament: Rule(drop, Rank.OWNER, _ALWAYS),
}
