"""What clients saw, held against what was committed: one checker for each promise of the design, section 2."""

from __future__ import annotations

from typing import Any

import msgspec
import trio
from msgspec import Struct, msgpack

from actors.ports import Receipt
from protocol import limits
from protocol.codes import CODES, Code
from protocol.event import Header
from protocol.frames import Accepted, Command, Event, Position, Refused, Subscribed
from protocol.ids import derive_stream, kind_of
from tests.sim.truth import ObservedDatabase

TRACE_CHARS_MAX = 400


class Violation(AssertionError):
    """A promise was broken."""


class Sent(Struct):
    """A command of one client, and what it was told."""

    command: Command
    by: str
    stream: str
    answers: list[Accepted | Refused] = []
    resent_since_refusal: bool = False


class Followed(Struct):
    """One client's position in one stream."""

    incarnation: int
    seq: int
    live_from: int
    """Events after this one passed the relay live: the right to listen must hold for each of them."""
    open: bool = True


class History:
    """All that happened, and the checks."""

    def __init__(self, database: ObservedDatabase) -> None:
        self.database = database
        self.trace: list[str] = []
        self.sent: dict[tuple[str, str], Sent] = {}
        self.deliveries = 0
        self.snapshots = 0
        self.replays = 0
        self.revocations = 0
        self.unknowns = 0

    def note(self, who: str, *what: object) -> None:
        """Add a line to the trace."""
        line = f"{trio.current_time():10.4f} {who:8} {' '.join(map(str, what))}"
        self.trace.append(line[:TRACE_CHARS_MAX])

    def fail(self, promise: int, what: str) -> Violation:
        """A violation of this promise, noted."""
        self.note("CHECK", f"promise {promise}: {what}")
        return Violation(f"promise {promise}: {what}")

    # --- commands: promises 1, 3 and 7 ---

    def command(self, by: str, command: Command, *, again: bool) -> None:
        """A client sends a command, for the first time or again."""
        key = (by, command.client_id)
        if again:
            self.sent[key].resent_since_refusal = True
        else:
            kind = str(command.__struct_config__.tag).partition(".")[0]
            stream = getattr(command, "stream", None) or derive_stream(kind, by, command.client_id)
            self.sent[key] = Sent(command, by, stream)

    def receipt(self, sent: Sent) -> Receipt | None:
        """The receipt of a command, if it was ever accepted."""
        row = self.database.stream(sent.stream)
        return row.receipts.get((sent.by, sent.command.client_id)) if row else None

    def accepted(self, by: str, reply: Accepted) -> None:
        """A client is told that its command took effect."""
        sent = self.sent[by, reply.client_id]
        receipt = self.receipt(sent)
        if receipt is None or receipt.last_seq != reply.seq:
            raise self.fail(1, f"{reply} has no receipt: {receipt}")
        for earlier in sent.answers:
            if isinstance(earlier, Accepted) and earlier != reply:
                raise self.fail(3, f"two answers: {earlier} and {reply}")
        sent.answers.append(reply)

    def refused(self, by: str, reply: Refused) -> None:
        """A client is told that its command certainly changed nothing."""
        self.sentence(reply)
        assert reply.client_id is not None
        sent = self.sent[by, reply.client_id]
        sent.answers.append(reply)
        sent.resent_since_refusal = False
        if self.receipt(sent) is not None:
            raise self.fail(3, f"refused, though it took effect: {reply}")

    def reused(self, by: str, reply: Refused | Accepted) -> None:
        """A client used a client_id again for other content, after it was accepted."""
        if not isinstance(reply, Refused) or reply.code is not Code.CLIENT_ID_REUSED:
            raise self.fail(3, f"a reused client_id was answered {reply}")

    def sentence(self, reply: Refused) -> None:
        """Every refusal has a stable code and a sentence."""
        if reply.code not in CODES or not reply.message or reply.code is Code.INTERNAL:
            raise self.fail(7, f"{reply}")
        if CODES[reply.code].retry and not reply.retry_after_s:
            raise self.fail(7, f"no retry_after_s: {reply}")

    # --- streams: promises 2, 4 and 6 ---

    def subscribed(self, user: str, since: Position | None, reply: Subscribed, raw: Any) -> Followed:
        """A subscription begins."""
        story = self.database.story.get(reply.stream, [])
        if reply.head > len(story) or reply.seq > len(story):
            raise self.fail(2, f"{reply} is ahead of the log at {len(story)}")
        if reply.snapshot is not None:
            self.snapshots += 1
            known = since if since is not None and since.incarnation == reply.incarnation else None
            if known is not None and 0 <= len(story) - known.seq <= limits.RESUME_EVENTS_MAX:
                raise self.fail(4, f"a snapshot where a replay was owed: {since} {reply}")
            if raw != (wanted := self.database.view(reply.stream, reply.seq, user)):
                raise self.fail(2, f"snapshot at {reply.seq} shows {raw}, not {wanted}")
        else:
            self.replays += 1
            if since is None or (since.incarnation, since.seq) != (reply.incarnation, reply.seq):
                raise self.fail(4, f"{reply} doesn't continue {since}")
        return Followed(reply.incarnation, reply.seq, max(reply.head, reply.seq))

    def event(self, user: str, followed: Followed | None, event: Event, payload: Any) -> None:
        """A client gets an event."""
        header = event.header
        self.deliveries += 1
        if followed is None or not followed.open:
            raise self.fail(6, f"{user} gets {header.stream} {header.seq} without a subscription")
        if header.seq != followed.seq + 1:
            raise self.fail(2, f"{user} gets {header.stream} {header.seq} after {followed.seq}")
        story = self.database.story.get(header.stream, [])
        if header.seq > len(story):
            raise self.fail(2, f"{header.stream} {header.seq} was published before it was committed")
        fact = story[header.seq - 1]
        if header != fact.header:
            raise self.fail(2, f"{header} isn't what was logged: {fact.header}")
        self._content(followed, header, payload, fact.payload, fact.erased_by)
        if header.seq > followed.live_from:
            before = story[header.seq - 2].listeners if header.seq > 1 else frozenset[str]()
            if user not in before:
                raise self.fail(6, f"{user} gets {header.stream} {header.seq} without the right to")
        followed.seq = header.seq
        if user in header.revokes and header.seq > followed.live_from:
            followed.open = False
            self.revocations += 1

    def _content(
        self, followed: Followed, header: Header, payload: Any, logged: bytes | None, erased_by: int | None
    ) -> None:
        if payload is None:
            if logged is not None and erased_by is None:
                raise self.fail(2, f"{header.stream} {header.seq} came empty, though nobody erased it")
            return
        if logged is None or payload != msgpack.decode(logged):
            raise self.fail(2, f"{header.stream} {header.seq} came with another payload")
        if erased_by is not None and erased_by <= followed.live_from and header.seq <= followed.live_from:
            raise self.fail(2, f"{header.stream} {header.seq} came with what {erased_by} erased")

    # --- at the end ---

    def finish(self) -> None:
        """Hold everything that was promised against what the database holds now."""
        for sent in self.sent.values():
            receipt = self.receipt(sent)
            last = sent.answers[-1] if sent.answers else None
            if isinstance(last, Accepted) and receipt is None:
                raise self.fail(1, f"{last} is gone")
            if isinstance(last, Refused) and receipt is not None and not sent.resent_since_refusal:
                raise self.fail(3, f"refused, but it took effect: {last}")
            if last is None:
                raise self.fail(3, f"never answered: {sent.command}")
        for stream, story in self.database.story.items():
            self._stream(stream, story)

    def _stream(self, stream: str, story: list[Any]) -> None:
        row = self.database.stream(stream)
        assert row is not None
        if [msgspec.msgpack.decode(e.header)["seq"] for e in row.events] != list(range(1, len(story) + 1)):
            raise self.fail(2, f"{stream} has a hole")
        ats = [fact.header.at for fact in story]
        if ats != sorted(ats):
            raise self.fail(2, f"time goes back in {stream}")
        covered = sum(r.last_seq - r.first_seq + 1 for r in row.receipts.values())
        if covered != len(story):
            raise self.fail(3, f"{stream} has {len(story)} events and receipts for {covered}")
        if kind_of(stream) == "counter":
            self._counter(stream, story)

    def _counter(self, stream: str, story: list[Any]) -> None:
        """Effects and timers, exactly once."""
        for other in self.database.story:
            owed = [
                f.header.seq
                for f in story
                if f.header.type == "counter.forwarded" and f.header.marks["to"] == other
            ]
            done = [f for f in self.database.story[other] if f.header.author == stream]
            if len(owed) != len(done):
                raise self.fail(3, f"{stream} owes {other} {len(owed)} effects, {len(done)} happened")
        row = self.database.stream(stream)
        assert row is not None
        if story and story[-1].state.bell_at is not None:
            raise self.fail(1, f"the bell of {stream} never rang")
        if row.effects_seq != len(story):
            raise self.fail(1, f"{stream} still owes effects after {row.effects_seq} of {len(story)}")
