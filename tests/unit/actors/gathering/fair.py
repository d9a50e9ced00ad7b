"""A gathering with its tournaments, each a fold of its own: what one causes in another is sent on by hand."""

from __future__ import annotations

from typing import Any, cast

from actors.gathering.kind import GatheringKind
from actors.gathering.state import Gathering
from actors.kind import COMPETITION, Accept, Decision, FactKey, Refuse, Row, Send, pair
from protocol.codes import Code
from protocol.frames import StreamCommand
from protocol.gathering.commands import (
    AdvanceGathering,
    AttachCompetition,
    CheckInPlayer,
    ChooseCompetitions,
    CreateGathering,
    OpenGatheringCheckIn,
    OpenGatheringRegistration,
    RegisterPlayer,
    SetGatheringStaff,
    WithdrawPlayer,
)
from protocol.gathering.view import GatheringView
from protocol.ids import SYSTEM, derive_client_id
from tests.fold import Folded
from tests.unit.actors.tournament.cup import ORGANISER, OWNER, STRANGER, Cup, P

FAIR = "gathering:" + "1" * 32
ID = derive_client_id("test")
MISSING = "tournament:" + "f" * 32


class Fair(Folded):
    """A gathering, the tournaments that it could have, and people who may be named."""

    def __init__(self) -> None:
        super().__init__(GatheringKind(), FAIR)
        self.cups: dict[str, Cup] = {}
        self.sent = 0
        """So many events' effects have reached their tournaments."""
        for number, user in enumerate((OWNER, ORGANISER, STRANGER, *P[1:])):
            self.people.add(user, f"user_{number}")

    @property
    def fair(self) -> Gathering:
        return cast(Gathering, self.state)

    def fact(self, key: FactKey) -> Row | None:
        if key.table != COMPETITION:
            return super().fact(key)
        tournament, _, user = key.key.partition(" ")
        cup = self.cups.get(tournament)
        return None if cup is None or cup.cup.removed_at is not None else known(cup, user)

    # --- commands ---

    def create(self, by: str = OWNER, **fields: Any) -> Decision:
        return self.do(CreateGathering(client_id=ID, name="Fair", **fields), by)

    def send(self, command: type, by: str = OWNER, **fields: Any) -> Decision:
        return self.do(command(client_id=ID, stream=self.stream, **fields), by)

    def done(self, command: type, by: str = OWNER, **fields: Any) -> None:
        """It is accepted, and what follows has happened."""
        decision = self.send(command, by, **fields)
        assert isinstance(decision, Accept), decision
        self.settle()

    def register(self, user: str, *tournaments: str) -> None:
        self.done(RegisterPlayer, user, tournaments=tournaments)

    def choose(self, user: str, *tournaments: str) -> None:
        self.done(ChooseCompetitions, user, tournaments=tournaments)

    def check_in(self, *users: str) -> None:
        for user in users:
            self.done(CheckInPlayer, user)

    def withdraw(self, user: str) -> None:
        self.done(WithdrawPlayer, user)

    def open_check_in(self) -> None:
        self.done(OpenGatheringCheckIn)

    # --- tournaments ---

    def cup_of(self, number: int, owner: str = OWNER, **fields: Any) -> str:
        """The id of a tournament, a draft of this owner's."""
        cup = Cup(f"tournament:{number:032x}")
        cup.create(owner, **fields)
        self.cups[cup.stream] = cup
        return cup.stream

    def attached(self, number: int, **fields: Any) -> str:
        """A tournament that is one of its competitions."""
        stream = self.cup_of(number, **fields)
        self.done(AttachCompetition, tournament=stream)
        return stream

    def effects(self) -> list[StreamCommand]:
        """All that it has caused elsewhere."""
        effects = [effect for header in self.headers() for effect in self.kind.effects(header)]
        return [cast(StreamCommand, effect.command) for effect in effects if isinstance(effect, Send)]

    def settle(self) -> list[Decision]:
        """What it causes in its tournaments has happened; what they made of it."""
        commands, self.sent = self.effects()[self.sent :], len(self.effects())
        return [self.cups[one.stream].do(one, self.stream) for one in commands if one.stream in self.cups]

    def status(self, tournament: str, user: str) -> str | None:
        """What this user is in a tournament."""
        entrant = self.cups[tournament].cup.entrant_of(user)
        return None if entrant is None else entrant.status

    def fire(self, at: int) -> None:
        """The timer of the runtime: its command is accepted and moves ``due``."""
        before = self.kind.due(self.state)
        command = self.kind.on_due(self.state, at)
        assert isinstance(command, AdvanceGathering)
        assert isinstance(self.do_at(command, SYSTEM, now=at), Accept)
        assert self.kind.due(self.state) != before

    # --- what came of it ---

    def row(self, table: str, key: str = "") -> dict[str, Any]:
        return dict(self.rows[FactKey(table, key)])

    def has_row(self, table: str, key: str) -> bool:
        return FactKey(table, key) in self.rows

    def view(self, user: str = STRANGER) -> GatheringView:
        return cast(GatheringView, self.kind.view(self.state, user))


def known(cup: Cup, user: str) -> Row:
    """What a storage tells of a tournament."""
    state = cup.cup
    fit = not state.settings.team_max and state.settings.visibility != "invited" and not len(state.entrants)
    organises = user == state.owner or state.staff.get(user) == "organiser"
    return {"organises": organises, "phase": state.phase, "gathering": state.gathering, "fit": fit}


def key_of(tournament: str, user: str) -> FactKey:
    return FactKey(COMPETITION, pair(tournament, user))


def draft(**fields: Any) -> Fair:
    """A draft of OWNER's with an organiser."""
    fair = Fair()
    assert isinstance(fair.create(**fields), Accept)
    fair.done(SetGatheringStaff, user=ORGANISER, role="organiser")
    return fair


def registering(**fields: Any) -> tuple[Fair, str, str]:
    """Its registration is open, and it has two competitions."""
    fair = draft(**fields)
    a, b = fair.attached(1), fair.attached(2)
    fair.done(OpenGatheringRegistration)
    return fair, a, b


def refused(decision: Decision, code: Code, field: str | None = None) -> str:
    """It was refused so; the sentence."""
    assert isinstance(decision, Refuse), decision
    assert (decision.code, decision.field) == (code, field)
    return decision.message or ""
