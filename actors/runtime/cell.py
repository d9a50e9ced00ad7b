"""The cell: one stream's actor while it is active.

Its loop drains the mailbox, as far as a batch may take time, decides each command against a working state, hands the
events to the committer, and only after the commit adopts that state, publishes and answers. While a commit is in flight
the next batch gathers. Any outcome but *committed* throws the working state away.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import trio
from msgspec import Struct

from actors.kind import Facts, Kind
from actors.ports.log import Append, FencedError, LogUnavailableError
from actors.ports.trace import Step
from actors.refusals import refused
from actors.runtime import limits
from actors.runtime.active import Active
from actors.runtime.actor_context import ActorContext
from actors.runtime.checkpoints import forget, keep
from actors.runtime.committer import Outcome
from actors.runtime.draft import DecideError, Draft, fact_keys, settlement, trace_events
from actors.runtime.effects import Delivery
from actors.runtime.envelope import Envelope, latest, mark, unavailable
from actors.runtime.mailbox import Mailbox
from actors.runtime.repeats import answer_repeats
from actors.runtime.time_slice import TimeSlice
from actors.runtime.timer import Timer
from actors.runtime.trials import apart
from actors.runtime.work import StreamWork
from protocol.codes import Code
from protocol.frames import Refused, Signal
from protocol.limits import BATCH_COMMANDS_MAX

_log = logging.getLogger(__name__)


class Cell:
    """Runs one activation of one stream, until it is idle, fenced, or crashes by raising.

    While it doesn't serve (the node may not act, or lost the shard) it neither decides nor refuses, signals or shows
    anything; what is committed is published and answered in any case.
    """

    def __init__(
        self,
        stream: str,
        kind: Kind[Any],
        epoch: int,
        active: Active,
        mailbox: Mailbox,
        context: ActorContext,
        nursery: trio.Nursery,
    ) -> None:
        self.stream = stream
        self.kind = kind
        self.epoch = epoch
        self.active = active
        self.mailbox = mailbox
        self.taken: list[Envelope] = []
        """Commands of the turn in progress; whoever ends the cell settles what is left of them.

        They are in no mailbox any more: forgotten here, they would stay unanswered until their time is up.
        """
        self.passivating = False
        self._context = context
        self._slice = TimeSlice(context.clock)
        self._timer = Timer(stream, kind, active, mailbox, context.clock, context.schedule)
        self._work = StreamWork(stream, kind, active, mailbox, context.works)
        self._nursery = nursery
        self.delivering: Delivery | None = None
        """What is sending what ``active.owed`` holds."""
        self._written: tuple[int, int | None] | None = None
        """(effects_seq, wake_at) as this activation last wrote them; None before its first append.

        Without it every wake-up that changes nothing would write the stream's row again.
        """
        self._alone = 0
        """So many of the next commands are decided one at a time: one of them can't be stored."""

    @property
    def serves(self) -> bool:
        """Whether it may decide, refuse, signal and show now."""
        return self._context.ownership.serves(self.stream, self.epoch)

    @property
    def has_pending(self) -> bool:
        """Whether events wait to take effect on other streams, or the state for what is worked out."""
        return bool(self.active.owed) or self._work.going

    def put_off(self, wait_s: float) -> None:
        """Note in the log which effects are settled, and that the others, which can't be delivered now, are tried again
        after this time.
        """
        self.active.retry_at = self._context.clock.now() + int(wait_s * 1000)
        self.mailbox.wake()

    def view(self, user: str) -> Struct | None:
        """What a snapshot shows this user; None for a bug in the kind."""
        try:
            return self.kind.view(self.active.state, user)
        except Exception:
            _log.exception("a stream can't be shown", extra={"stream": self.stream})
            return None

    def may_signal(self, signal: Signal, by: str) -> bool:
        """Whether this signal is passed on; not for a bug in the kind."""
        try:
            return self.kind.may_signal(self.active.state, signal, by=by, now=self._context.clock.now())
        except Exception:
            _log.exception("a stream can't judge a signal", extra={"stream": self.stream})
            return False

    async def run(self) -> bool:
        """Serve the mailbox. True when passivated, false when fenced. Raises whatever crashes the cell."""
        self._look_ahead()
        while True:
            if not self.mailbox:
                if self.passivating:
                    if self._empty:
                        # Whatever came meanwhile is the next activation's: this one's stream isn't there any more.
                        await forget(self._context, self.stream, self.active)
                        return True
                    if self._behind:
                        await self._checkpoint()
                    # Looked at again: commands may have come while the checkpoint was written.
                    if not self.mailbox:
                        self._timer.schedule()  # it may have been woken for a timer meanwhile
                        return True
                    continue
                await self.mailbox.wait()
                self._slice.begin()
            else:
                await self._slice.rest()
            self._timer.fire()
            self.taken = self.mailbox.take(1 if self._alone else BATCH_COMMANDS_MAX)
            if self._alone:
                self._alone -= len(self.taken)
            elif self._context.ownership.lost_lately:
                self.taken = apart(self.taken, self.mailbox)
            alive = await (self._turn() if self.taken else self._settle())
            if not alive:
                return False
            if self._behind >= limits.CHECKPOINT_EVENTS:
                await self._checkpoint()
            if self._empty and not self.kind.on_demand:
                self.passivating = True  # what should have made the stream was refused

    # --- one batch ---

    async def _turn(self) -> bool:
        """Decide, commit, adopt, publish, answer. False when fenced."""
        if self._context.tracing:
            mark(self.taken, Step.TAKEN, batch=len(self.taken))
        try:
            # 1. Resends first: one that was accepted before is answered by its receipt and not decided again.
            if resends := [envelope for envelope in self.taken if envelope.command.resend]:
                await self._answer_resends(resends)
                self._slice.begin()
            if resends and self.taken and self._context.ownership.lost_lately:
                async with self._context.trials.of(self.stream, self.taken) as self.taken:
                    draft = await self._draft()
            else:
                draft = await self._draft()
        except (LogUnavailableError, FencedError):
            self._give_up()
            return True
        except DecideError as error:
            # One command makes its kind raise: it alone is refused, the rest is decided by the restarted cell.
            refusal = refused(Code.INTERNAL, client_id=error.envelope.command.client_id, stream=self.stream)
            await self._answer_refused([(error.envelope, refusal)])
            raise
        if draft is None:
            return True
        if draft.writes:
            if self._context.tracing:
                mark(self.taken, Step.DECIDED, events=len(draft.rows))
            # Which ones were never on their way before. Afterwards all are, and _undo couldn't tell.
            fresh = [envelope for envelope in self.taken if not envelope.submitted]
            append = draft.append(
                self.active.activation, pending=self.active.owed.oldest, retry_at=self.active.retry_at
            )
            outcome = await self._submit(append)
            if outcome is not Outcome.COMMITTED:
                return await self._undo(outcome, draft, fresh)
            self._adopt(draft)
        # Only now: a refusal may rest on what an earlier command of this batch did, so it holds once that is durable.
        if draft.refused:
            await self._answer_refused(draft.refused)
        self.taken = []
        return True

    async def _draft(self) -> Draft | None:
        """What the batch comes to; None if it isn't this activation's to decide any more."""
        # 2. One query for what the whole batch needs to know.
        keys, looked_at = fact_keys(self.kind, self.active.state, self.taken, self._slice.half_over)
        self._leave_from(looked_at)
        facts: Facts = {}
        if keys:
            facts = await self._context.store.facts(self.stream, keys, until=latest(self.taken))
            self._slice.begin()
        # 3. Asked after the last await: the node may have lost the shard, or its lease, while it read.
        if not self.serves:
            self._give_back(self.taken)
            await trio.lowlevel.checkpoint()  # who was cut ends here
            return None
        return self._decide(facts)

    def _decide(self, facts: Facts) -> Draft:
        active = self.active
        draft = Draft(
            self.kind, self.stream, active.state, active.head, active.last_at, self._context.digest_key
        )
        draft.sends_max = limits.EFFECTS_OWED_MAX - len(active.owed)
        # A timer is decided when it is due, not before, wherever the clock stepped meanwhile.
        now = max(self._context.clock.now(), self._timer.firing or 0)
        for number, envelope in enumerate(self.taken, 1):
            if not envelope.settled:
                draft.decide(envelope, facts, now)
                if number < len(self.taken) and self._slice.over():
                    self._leave_from(number)
                    break
        return draft

    def _leave_from(self, number: int) -> None:
        """The batch has taken its time: what comes after so many of its commands waits, and begins the next one."""
        if number < len(self.taken):
            self.mailbox.put_back(self.taken[number:])
            self.taken = self.taken[:number]

    async def _submit(self, append: Append) -> Outcome:
        # Before it is handed over: whatever ends this task from here on, none of these may be called refused.
        for envelope in self.taken:
            envelope.submitted = True
        # Shielded: what was committed is published and answered, and an append is never left to itself. The
        # committer tells in any case.
        outcome = await self._context.committer.submit(append).wait(shielded=True)
        self._slice.begin()
        if outcome is Outcome.COMMITTED:
            self._written = (append.effects_seq, append.wake_at)
        return outcome

    def _adopt(self, draft: Draft) -> None:
        active = self.active
        active.state, active.head, active.last_at = draft.state, draft.head, draft.last_at
        active.owed.add(draft.pending)
        if self._context.tracing:
            mark(self.taken, Step.COMMITTED, events=len(draft.rows))
        if draft.rows:
            self._timer.moved()
            self._context.publisher.publish(self.stream, tuple(draft.rows.values()))
            events = self._context.counters.events
            for header in draft.headers:
                events[header.type] += 1
            if self._context.tracing:
                trace_events(self._context.publisher, self.stream, draft)
        for envelope, reply in draft.accepted:
            envelope.answer(reply)
        self._look_ahead()

    async def _undo(self, outcome: Outcome, draft: Draft, fresh: Sequence[Envelope]) -> bool:
        """The batch was not written: sort its commands. False when this activation is over.

        Of ``fresh`` commands no other copy can have been accepted elsewhere: of these it is certain again.
        """
        taken, self.taken = self.taken, []
        # An append that isn't COMMITTED has one of five outcomes. They differ in what may be in the log.
        # 1. UNKNOWN: it may be there. Nobody may be told "refused", and the head that this activation believes in
        #    may be wrong: answer "unknown" and end.
        if outcome is Outcome.UNKNOWN:
            for envelope in taken:
                envelope.give_up(self.stream)
            return False
        # In the other four nothing of it is there, nor will be.
        for envelope in fresh:
            envelope.submitted = False
        match outcome:
            # 2. DUPLICATE: some client_id in it was accepted before, and that rejected the whole append. Those with
            #    a receipt get their first answer, the others are decided again. While the receipts can't be read it
            #    isn't known which is which, so all are "unknown".
            case Outcome.DUPLICATE:
                self.taken = taken
                try:
                    await self._answer_from_receipts(taken)
                except LogUnavailableError:
                    self._give_up(outcome_unknown=True)
                self.mailbox.put_back([e for e in taken if not e.settled])
                self.taken = []
            # 3. UNSTORABLE, with one receipt: that command is guilty. What was refused beside it was refused on a
            #    working state that never came to be: it is decided again.
            case Outcome.UNSTORABLE if len(draft.receipts) == 1:
                self.taken = [envelope for envelope, _ in draft.accepted]
                self.mailbox.put_back([e for e in taken if e not in self.taken])
                guilty = draft.receipts[0].client_id
                refusal = refused(Code.UNSTORABLE, client_id=guilty, stream=self.stream)
                await self._answer_refused([(e, refusal) for e in self.taken])
                self.taken = []
            #    With several receipts any may be guilty: decide them again one at a time.
            case Outcome.UNSTORABLE:
                self._alone = len(taken)
                self.mailbox.put_back(taken)
            # 4. UNAVAILABLE: the log can't be reached, or refuses everything, as with a full disk. Head and state still
            #    hold, so the cell goes on; senders come back. Of a resend without a receipt as much is certain as of a
            #    first sending; called "unknown" it would only be sent again and again.
            case Outcome.UNAVAILABLE:
                self.taken = taken
                await self._answer_refused([(e, unavailable(e)) for e in fresh if e.command.resend])
                self._give_up()
            # 5. FENCED: this activation can write nothing any more. The commands wait for whoever can.
            case _:
                self.mailbox.put_back(taken)
                return False
        return True

    # --- answers from receipts ---

    async def _answer_resends(self, resends: Sequence[Envelope]) -> None:
        """A resend is looked up first: deciding it again would waste a commit."""
        await self._answer_from_receipts(resends)
        self.taken = [e for e in self.taken if not e.settled]

    async def _answer_refused(self, refusals: Sequence[tuple[Envelope, Refused]]) -> None:
        """A refusal says that nothing ever happened, so the receipts are asked before it is given."""
        if not refusals:
            return
        envelopes = [envelope for envelope, _ in refusals]
        try:
            await self._answer_from_receipts(envelopes)
        except LogUnavailableError:
            for envelope in envelopes:
                envelope.submitted = True  # for all that is known
                envelope.give_up(self.stream)
        if not self.serves:
            self._give_back(envelopes)  # whoever may now, decides
            return
        for envelope, refusal in refusals:
            envelope.answer(refusal)

    def _give_back(self, envelopes: Sequence[Envelope]) -> None:
        """Not this activation's to decide: let the router find who may."""
        self.taken = [envelope for envelope in self.taken if envelope not in envelopes]
        for envelope in envelopes:
            self._context.route(envelope)

    async def _answer_from_receipts(self, envelopes: Sequence[Envelope]) -> None:
        """Settle those whose client_id was accepted before. Raises LogUnavailableError."""
        keys = list({envelope.key for envelope in envelopes})
        found = await self._context.store.receipts(self.stream, keys, until=latest(envelopes))
        answer_repeats(self.stream, envelopes, found, self._context.digest_key)

    def _give_up(self, *, outcome_unknown: bool = False) -> None:
        for envelope in self.taken:
            if not envelope.settled:
                envelope.submitted = envelope.submitted or outcome_unknown
                envelope.give_up(self.stream)
        self.taken = []

    # --- due work: timer, effects, work off the loop, checkpoints ---

    def _look_ahead(self) -> None:
        self._timer.schedule()
        self._work.begin(self._nursery)
        if self.delivering is not None:
            self.delivering.stir()
        elif self.active.owed:
            self.delivering = self._context.deliver(self._nursery, self)

    async def _settle(self) -> bool:
        """Write that effects are settled, or that nothing is due, when no batch carries it. False when fenced."""
        append = settlement(self.kind, self.stream, self.active)
        if (append.effects_seq, append.wake_at) == self._written or self._empty:
            return True
        return await self._submit(append) in (Outcome.COMMITTED, Outcome.UNAVAILABLE)

    @property
    def _empty(self) -> bool:
        """Whether nothing was ever written to the stream, as far as this activation knows."""
        return self.active.head == 0 and self._written is None

    @property
    def _behind(self) -> int:
        """Events since the last checkpoint."""
        return self.active.head - self.active.checkpoint_seq

    async def _checkpoint(self) -> None:
        await keep(self._context, self.stream, self.kind, self.active, self.active.head, self._slice)
