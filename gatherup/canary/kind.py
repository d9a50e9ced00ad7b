"""The canary as a kind of stream. Only the system may use it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct, field

from actors.kind import Accept, Decision, Emit, Facts, Instant, Kind, Refuse
from protocol.codes import Code
from protocol.event import Header
from protocol.frames import Command, CreateCommand, StreamCommand
from protocol.ids import SYSTEM
from protocol.kind import WireKind

KIND: Final = "canary"


class OpenProbeStream(CreateCommand, frozen=True, kw_only=True, tag="canary.hatch"):
    """Begin a stream for probes."""


class SendProbe(StreamCommand, frozen=True, kw_only=True, tag="canary.sing"):
    """Append one event to a canary's stream."""

    nonce: str = field(name="song")


class ProbeStreamOpened(Struct, frozen=True, kw_only=True):
    """The first event of a canary's stream."""


class ProbeSent(Struct, frozen=True, kw_only=True):
    """Something unique, to be recognised at the other end."""

    nonce: str = field(name="song")


WIRE: Final = WireKind(
    name=KIND,
    internal=(OpenProbeStream, SendProbe),
    events={"canary.hatched": ProbeStreamOpened, "canary.sang": ProbeSent},
)


class CanaryState(Struct, frozen=True):
    """Nothing has to be remembered."""


class CanaryKind(Kind[CanaryState]):
    """Each command is one event."""

    wire = WIRE
    state = CanaryState

    def initial(self, stream: str) -> CanaryState:
        """The state of a canary, which is empty."""
        return CanaryState()

    def decide(
        self, state: CanaryState, facts: Facts, command: Command, *, by: str, now: Instant
    ) -> Decision:
        """Each command is one event."""
        if by != SYSTEM:
            return Refuse(Code.FORBIDDEN)
        if isinstance(command, SendProbe):
            return Accept((Emit(ProbeSent(nonce=command.nonce)),))
        return Accept((Emit(ProbeStreamOpened()),))

    def erase(self, stream: str, user: str, events: Sequence[int]) -> None:
        """Nothing: nobody writes in it."""

    def apply(self, state: CanaryState, header: Header, payload: Struct | None) -> CanaryState:
        """Return the state unchanged."""
        return state
