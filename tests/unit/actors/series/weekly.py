"""A series with a word for each command, as the tests of its decisions use it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, cast

from actors.creation import Creation, organised_key
from actors.kind import OWNED, Accept, Decision, FactKey, Refuse, Send
from actors.series.kind import SeriesKind
from actors.series.state import Series
from actors.tournament.settings import unfit_lasting
from protocol.codes import Code
from protocol.event import Header
from protocol.ids import SYSTEM, derive_client_id
from protocol.series.commands import AdvanceSeries, ChangeSeries, CreateSeries
from protocol.series.recurrence import Recurrence
from protocol.series.view import SeriesView
from protocol.tournament.making import MakeTournament
from tests.fold import Folded

WEEKLY: Final = "series:" + "3" * 32
OWNER, ORGANISER, REFEREE, STRANGER = (f"user:{letter * 32}" for letter in "abcd")
CUP, OTHER_CUP = ("tournament:" + digit * 32 for digit in "78")
KEY: Final = "key:" + "9" * 32
ID: Final = derive_client_id("test")
DAY_S: Final = 86_400


def moment(text: str) -> int:
    """Of a time in UTC."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


NOW: Final = moment("2026-11-29T12:00")
"""A Sunday."""
SATURDAYS: Final = Recurrence(rrule="FREQ=WEEKLY", timezone="Europe/Berlin", start="2026-12-05T20:00")
FIRST: Final = moment("2026-12-05T19:00")
WEEK_MS: Final = 7 * DAY_S * 1000


class Weekly(Folded):
    """A series, and people who may be named."""

    def __init__(self, creation: Creation | None = None) -> None:
        super().__init__(SeriesKind(unfit_lasting, creation or Creation()), WEEKLY)
        self.now = NOW
        for number, user in enumerate((OWNER, ORGANISER, REFEREE, STRANGER)):
            self.people.add(user, f"user_{number}")
        self.owns()
        self.people[FactKey(OWNED, CUP)] = {"owner": OWNER, "visibility": "public"}

    def owns(self, *, unfinished: int = 0, series: int = 0) -> None:
        """What its owner has beside it."""
        row = {"verified": True, "unfinished": unfinished, "created": [], "series": series}
        self.people[organised_key(OWNER)] = row

    @property
    def series(self) -> Series:
        return cast(Series, self.state)

    # --- commands ---

    def create(self, by: str = OWNER, /, **fields: Any) -> Decision:
        given = {"name": "Weekly", "recurrence": SATURDAYS, "create_s": 5 * DAY_S, **fields}
        return self.do(CreateSeries(client_id=ID, **given), by)

    def change(self, **fields: Any) -> Decision:
        return self.send(ChangeSeries, OWNER, **fields)

    def send(self, command: type, by: str, **fields: Any) -> Decision:
        return self.do(command(client_id=ID, stream=self.stream, **fields), by)

    def done(self, command: type, by: str = OWNER, **fields: Any) -> None:
        """It is accepted."""
        decision = self.send(command, by, **fields)
        assert isinstance(decision, Accept), decision

    # --- time ---

    def at(self, now: int) -> list[Header]:
        """What is due until then is done at its time; what has happened by it."""
        before = len(self.log)
        while (due := self.kind.due(self.state)) is not None and due <= now:
            self.fire(max(due, self.now))
        self.now = now
        return self.headers()[before:]

    def wake(self, now: int) -> list[Header]:
        """Nobody was there until now: all that is due is done at once."""
        before = len(self.log)
        while (due := self.kind.due(self.state)) is not None and due <= now:
            self.fire(now)
        return self.headers()[before:]

    def fire(self, at: int) -> None:
        """The timer of the runtime: its command is accepted and moves ``due``."""
        before = self.kind.due(self.state)
        command = self.kind.on_due(self.state, at)
        assert isinstance(command, AdvanceSeries)
        decision = self.do_at(command, SYSTEM, now=at)
        assert isinstance(decision, Accept) and len(decision.events) == 1, decision
        assert self.kind.due(self.state) != before

    def make(self, header: Header) -> MakeTournament:
        """The command that an event sends."""
        ((effect),) = self.kind.effects(header)
        assert isinstance(effect, Send) and isinstance(effect.command, MakeTournament)
        return effect.command

    @property
    def view(self) -> SeriesView:
        """What its owner sees of it."""
        return cast(SeriesView, self.kind.view(self.state, OWNER))

    def row(self, table: str, key: str = "") -> dict[str, Any]:
        return dict(self.rows[FactKey(table, key)])


def weekly(**fields: Any) -> Weekly:
    """A series that was created."""
    made = Weekly()
    decision = made.create(**fields)
    assert isinstance(decision, Accept), decision
    return made


def refused(decision: Decision, code: Code, field: str | None = None) -> str:
    """It was refused so; the sentence."""
    assert isinstance(decision, Refuse), decision
    assert (decision.code, decision.field) == (code, field), decision
    return decision.message or ""
