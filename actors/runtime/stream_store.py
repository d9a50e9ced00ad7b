"""What the actors of a node ask of the log, gathered across streams as their appends are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from actors.cluster.ownership import Ownership
from actors.gather import Gather
from actors.kind import FactKey, Row
from actors.ports.log import (
    Activation,
    Checkpoint,
    FencedError,
    Log,
    LogRow,
    LogUnavailableError,
    NotActivated,
    Page,
    Receipt,
    Wanted,
)
from actors.ports.time import Clock
from actors.runtime import limits

_Receipts = tuple[str, Sequence[tuple[str, str]]]
_Facts = tuple[str, Sequence[FactKey]]


class StreamStore:
    """The log, for one run of a node. Every method may raise LogUnavailableError.

    ``until`` (monotonic seconds) is when nobody wants the answer any more.
    """

    def __init__(self, log: Log, ownership: Ownership, clock: Clock) -> None:
        self._log: Final = log
        self._ownership: Final = ownership
        self._activations: Final = Gather[Wanted, Activation | NotActivated](
            clock,
            partial(self._activate, wait_for_locks=False),
            lines=limits.ACTIVATION_LINES,
            weight_max=limits.ACTIVATIONS_PER_CALL_MAX,
            key=lambda wanted: wanted.stream,
        )
        # One by one: whoever waits for a row would hold up all the others of its transaction.
        self._held: Final = Gather[Wanted, Activation | NotActivated](
            clock, partial(self._activate, wait_for_locks=True), lines=limits.HELD_ROW_LINES, weight_max=1
        )
        self._pages: Final = Gather[Page, list[LogRow]](
            clock,
            log.read,
            lines=limits.FOLD_LINES,
            weight_max=limits.FOLD_EVENTS_PER_CALL_MAX,
            weigh=lambda page: page.limit,
        )
        self._receipts: Final = Gather[_Receipts, list[Receipt]](
            clock,
            log.receipts,
            lines=limits.RECEIPT_LINES,
            weight_max=limits.RECEIPTS_PER_CALL_MAX,
            weigh=lambda question: len(question[1]),
        )
        self._facts: Final = Gather[_Facts, dict[FactKey, Row | None]](
            clock,
            log.facts,
            lines=limits.FACT_LINES,
            weight_max=limits.FACTS_PER_CALL_MAX,
            weigh=lambda question: len(question[1]),
        )
        self._checkpoints: Final = Gather[Checkpoint, bool](
            clock,
            self._keep,
            lines=limits.CHECKPOINT_LINES,
            weight_max=limits.CHECKPOINT_BYTES_PER_CALL_MAX,
            weigh=lambda checkpoint: len(checkpoint.state),
            key=lambda checkpoint: checkpoint.stream,
        )

        self._discards: Final = Gather[tuple[str, int], None](
            clock, self._discard, lines=1, weight_max=limits.DISCARDS_PER_CALL_MAX
        )

    @property
    def gathers(self) -> Mapping[str, Gather[Any, Any]]:
        """Each by what it asks, for telemetry."""
        return {
            "activations": self._activations,
            "activations_held": self._held,
            "pages": self._pages,
            "receipts": self._receipts,
            "facts": self._facts,
            "checkpoints": self._checkpoints,
            "discards": self._discards,
        }

    # The run is asked for with each call: a node is wired before it joins.

    async def _activate(
        self, wanted: Sequence[Wanted], *, wait_for_locks: bool
    ) -> list[Activation | NotActivated]:
        return await self._log.activate(self._ownership.me, wanted, wait_for_locks=wait_for_locks)

    async def _keep(self, checkpoints: Sequence[Checkpoint]) -> list[bool]:
        return await self._log.checkpoint(self._ownership.me, checkpoints)

    async def activate(self, wanted: Wanted, *, until: float) -> Activation | None:
        """Become the writer of a stream; None if it isn't there. Raises FencedError."""
        found = await self._activations.ask(wanted, until=until)
        if found is NotActivated.BUSY:
            found = await self._held.ask(wanted, until=until)
        match found:
            case Activation():
                return found
            case NotActivated.ABSENT:
                return None
            case NotActivated.FENCED:
                raise FencedError
            case NotActivated.BUSY:
                raise LogUnavailableError("the stream went away meanwhile")

    async def discard(self, stream: str, activation: int) -> None:
        """Forget a stream that stayed empty, if this is its newest activation."""
        await self._discards.ask((stream, activation))

    async def page(self, page: Page) -> list[LogRow]:
        """Events of a stream."""
        return await self._pages.ask(page)

    async def receipts(self, stream: str, keys: Sequence[tuple[str, str]], *, until: float) -> list[Receipt]:
        """The receipts that exist for these (author, client_id), in any order."""
        return await self._receipts.ask((stream, keys), until=until)

    async def facts(self, stream: str, keys: Sequence[FactKey], *, until: float) -> dict[FactKey, Row | None]:
        """The projected rows of this stream, all keys answered; None for a row that isn't there."""
        return await self._facts.ask((stream, keys), until=until)

    async def checkpoint(self, checkpoint: Checkpoint) -> bool:
        """Keep a state for later activations; false if this owner is fenced."""
        return await self._checkpoints.ask(checkpoint)

    async def _discard(self, activations: Sequence[tuple[str, int]]) -> Sequence[None]:
        await self._log.discard(self._ownership.me, activations)
        return [None] * len(activations)
