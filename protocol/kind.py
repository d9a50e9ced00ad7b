"""What of a kind of stream goes over the wire. ``protocol.kinds`` lists those that clients know."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from protocol.codes import Code
from protocol.frames import ClientFrame, Command, Signal


class WireKind(Struct, frozen=True, kw_only=True):
    """The types of one kind: everything that encodes, decodes or describes its messages reads them here.

    No two kinds have types of the same name: schemas and SDKs know a type by its name alone.
    """

    name: str
    """The first part of its stream ids, and of its tags: a-z, 0-9, _."""
    commands: tuple[type[Command], ...] = ()
    """The commands that clients may send."""
    internal: tuple[type[Command], ...] = ()
    """Commands that streams, API keys and the system alone send; clients are told ``unknown_type``."""
    signals: tuple[type[Signal], ...] = ()
    """The signals that clients may send."""
    internal_signals: tuple[type[Signal], ...] = ()
    """Signals that the server alone sends."""
    events: Mapping[str, type[Struct]]
    """The types of payloads, by the header's ``type``."""
    view: type[Struct] | None = None
    """What ``subscribed.snapshot`` holds; None for a kind that clients never see."""
    answers: Mapping[str, type[Struct]] = {}
    """What ``accepted.answer`` holds, by the command's tag; None for every other command."""
    refuses: tuple[Code, ...] = ()
    """What its streams refuse commands with, beyond what any stream does."""

    @property
    def all_commands(self) -> tuple[type[Command], ...]:
        """Every command that its streams take."""
        return (*self.commands, *self.internal)

    @property
    def all_signals(self) -> tuple[type[Signal], ...]:
        """Every signal that its streams pass on."""
        return (*self.signals, *self.internal_signals)

    @property
    def client_frames(self) -> tuple[type[ClientFrame], ...]:
        """Every frame of its own that clients may send."""
        return (*self.commands, *self.signals)
