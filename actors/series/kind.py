"""The series as a kind of stream: its pure functions, in the form the runtime takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from msgspec import Struct
from typing_extensions import override

from actors.creation import EVERYBODY, Creation
from actors.kind import Change, Decision, Effect, FactKey, Facts, Instant, Kind, Send
from actors.series.apply import apply
from actors.series.context import Context, Unfit
from actors.series.decide import decide, needed_facts
from actors.series.project import project
from actors.series.rows import STAFF, TABLES
from actors.series.state import Series
from actors.staffing import Rank
from protocol.event import Header
from protocol.frames import Command
from protocol.kinds import SERIES
from protocol.series.commands import AdvanceSeries, EraseSeriesPerson
from protocol.series.view import SeriesView
from protocol.tournament import StaffRole
from protocol.tournament.definition import settings_of
from protocol.tournament.making import MakeTournament
from protocol.tournament.view import StaffMember


class SeriesKind(Kind[Series]):
    """Series of tournaments, which make the next one by themselves.

    ``unfit`` says why no tournament can have such settings; ``creation`` who may create a series.
    """

    wire = SERIES
    state = Series
    tables = TABLES
    people = (STAFF,)
    view_own = ("role",)

    def __init__(self, unfit: Unfit, creation: Creation = EVERYBODY) -> None:
        self._unfit: Final = unfit
        self._creation: Final = creation

    def initial(self, stream: str) -> Series:
        """A series that isn't created yet."""
        return Series(series=stream)

    @override
    def facts(self, state: Series, command: Command, *, by: str) -> Sequence[FactKey]:
        return needed_facts(state, command, by)

    @override
    def decide(self, state: Series, facts: Facts, command: Command, *, by: str, now: Instant) -> Decision:
        return decide(Context(state, facts, by, now, self._creation, self._unfit), command)

    @override
    def erase(self, stream: str, user: str, events: Sequence[int]) -> EraseSeriesPerson:
        return EraseSeriesPerson(client_id="", stream=stream, user=user, events=tuple(events))

    @override
    def apply(self, state: Series, header: Header, payload: Struct | None) -> Series:
        return apply(state, header)

    @override
    def project(self, header: Header, payload: Struct | None) -> Sequence[Change]:
        return project(header, payload)

    @override
    def effects(self, header: Header) -> Sequence[Effect]:
        return (Send(_make(header)),) if header.type == "series.tournament_made" else ()

    def view(self, state: Series, user: str) -> SeriesView:
        """What a snapshot shows this user."""
        plan = state.plan
        return SeriesView(
            series=state.series,
            phase=state.phase or "running",
            owner=state.owner,
            staff=[StaffMember(user=who, role=role) for who, role in state.staff.items()],
            visibility=plan.visibility,
            settings=plan.settings,
            recurrence=plan.recurrence,
            create_s=plan.create_s,
            registration_s=plan.registration_s,
            check_in_s=plan.check_in_s,
            points=plan.points,
            best=plan.best,
            made=state.made,
            tournaments=state.tournaments,
            next_at=None if state.phase == "cancelled" else state.next_at,
            role="organiser" if state.rank(user) is Rank.OWNER else state.staff.get(user),
        )

    @override
    def due(self, state: Series) -> Instant | None:
        return state.due

    def on_due(self, state: Series, now: Instant) -> AdvanceSeries:
        """Whatever is due: the next tournament, or times that were missed."""
        return AdvanceSeries(client_id="", stream=state.series)


def _make(header: Header) -> MakeTournament:
    """The command that makes a tournament, as the event tells it."""
    marks = header.marks
    staff = cast("Sequence[str]", marks.get("staff", ()))
    return MakeTournament(
        client_id="",
        number=cast(int, marks["number"]),
        settings=settings_of(cast(str, marks["settings"])),
        owner=cast("str | None", marks.get("owner")),
        staff=tuple(
            StaffMember(user=user, role=cast(StaffRole, role))
            for user, role in zip(staff[::2], staff[1::2], strict=True)
        ),
        registration_at=cast("int | None", marks.get("registration_at")),
        check_in_at=cast("int | None", marks.get("check_in_at")),
        start_at=cast(int, marks["start_at"]),
    )
