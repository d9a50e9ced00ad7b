"""What clients saw, held against what was committed: one checker for each promise of the design.

Serves the simulation, which tells things as they happen, and chaos, which replays a record after the run. It knows
no clock: whoever tells it something also says when that was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from msgspec import Struct, msgpack

from actors.kind import EVERYONE
from actors.ports.log import POISONED, Receipt
from actors.room.kind import direct_room
from gatherup.chaos.truth import Fact, Truth
from protocol import limits
from protocol.codes import CODES, Code
from protocol.event import Header
from protocol.frames import Accepted, Command, Event, Position, Refused, Subscribed
from protocol.ids import derive_stream
from protocol.inbox import inbox_of
from protocol.room.commands import OpenDirect

TRACE_CHARS_MAX = 400

Harm = Literal["lost", "doubled", "reordered", "revoked", "untrue"]
"""What a user would call it; ``untrue`` is everything else that was told or shown and isn't so."""


class Violation(AssertionError):
    """A promise was broken."""

    def __init__(self, promise: int, what: str, harm: Harm = "untrue") -> None:
        super().__init__(f"promise {promise}: {what}")
        self.promise = promise
        self.harm: Harm = harm


class Copy(Struct):
    """One sending of a command."""

    connection: int
    answered: bool = False
    """By accepted or refused; unknown answers nothing."""


class Sent(Struct):
    """A command of one client, and what it was told."""

    client_id: str
    by: str
    stream: str
    command: Any
    """As it is shown in a trace."""
    copies: list[Copy] = []
    answers: list[Accepted | Refused] = []
    resent_since_refusal: bool = False
    given_up: bool = False
    """Its sender stopped asking for the outcome."""

    def decided(self) -> None:
        """The last copy is accepted or refused, and with it those before it on its connection."""
        for copy in self.copies:
            copy.answered |= copy.connection == self.copies[-1].connection


class Followed(Struct):
    """One client's position in one stream."""

    incarnation: int
    seq: int
    live_from: int
    """Events after this one passed the relay live: the right to listen must hold for each of them."""
    open: bool = True


def stream_of(by: str, command: Command) -> str:
    """The stream a command goes to, or makes."""
    if isinstance(command, OpenDirect):
        return direct_room(by, command.user)
    kind = str(command.__struct_config__.tag).partition(".")[0]
    return getattr(command, "stream", None) or derive_stream(kind, by, command.client_id)


class History:
    """Everything that happened, with the checks. Methods raise Violation when what they are given breaks a promise."""

    def __init__(self, truth: Truth, *, now: Callable[[], float], live: bool = True) -> None:
        """``now`` times the trace. ``live``: told as things happen, so the truth is that of this moment."""
        self.truth = truth
        self.trace: list[str] = []
        self.sent: dict[tuple[str, str], Sent] = {}
        self.deliveries = 0
        self.snapshots = 0
        self.replays = 0
        self.revocations = 0
        self.unknowns = 0
        self._now = now
        self._live = live

    def note(self, who: str, *what: object) -> None:
        """Add a line to the trace."""
        line = f"{self._now():10.4f} {who:8} {' '.join(map(str, what))}"
        self.trace.append(line[:TRACE_CHARS_MAX])

    def fail(self, promise: int, what: str, harm: Harm = "untrue") -> Violation:
        """A violation of this promise, noted."""
        self.note("CHECK", f"promise {promise}: {what}")
        return Violation(promise, what, harm)

    # --- commands: promises 1, 3 and 7 ---

    def sending(
        self, by: str, client_id: str, stream: str, command: Any, *, again: bool, connection: int
    ) -> None:
        """A client sends a command, for the first time or again, on its nth connection."""
        if again:
            self.sent[by, client_id].resent_since_refusal = True
        else:
            self.sent[by, client_id] = Sent(client_id, by, stream, command)
        self.sent[by, client_id].copies.append(Copy(connection))

    def receipt(self, sent: Sent) -> Receipt | None:
        """The receipt of a command, if it was ever accepted."""
        receipt = self.truth.receipts(sent.stream).get((sent.by, sent.client_id))
        return None if receipt is None or receipt.digest == POISONED else receipt

    def poisoned(self, stream: str, by: str) -> int:
        """How many commands of this author the stream refuses for good, since its owners were lost with them."""
        receipts = self.truth.receipts(stream).values()
        return sum(receipt.author == by and receipt.digest == POISONED for receipt in receipts)

    def accepted(self, by: str, reply: Accepted) -> None:
        """Note that a client was told that its command took effect."""
        sent = self.sent[by, reply.client_id]
        earlier = [answer for answer in sent.answers if isinstance(answer, Accepted)]
        sent.answers.append(reply)
        sent.decided()
        receipt = self.receipt(sent)
        if receipt is None or receipt.last_seq != reply.seq:
            raise self.fail(1, f"{reply} has no receipt: {receipt}", "lost")
        for other in earlier:
            if other != reply:
                raise self.fail(3, f"two answers: {other} and {reply}", "doubled")

    def refused(self, by: str, reply: Refused) -> None:
        """Note that a client was told that its command certainly changed nothing."""
        assert reply.client_id is not None
        sent = self.sent[by, reply.client_id]
        sent.answers.append(reply)
        sent.decided()
        sent.resent_since_refusal = False
        self.sentence(by, reply)
        if self._live and self.receipt(sent) is not None and not self.excused(sent):
            raise self.fail(3, f"refused, though it took effect: {reply}")

    def excused(self, sent: Sent) -> bool:
        """Whether an earlier copy may have come late: it went over a connection that was lost, and no answer there
        decided it. See docs/adr/0016.
        """
        last = sent.copies[-1]
        return any(not copy.answered and copy.connection != last.connection for copy in sent.copies)

    def given_up(self, by: str, client_id: str) -> None:
        """A client stops asking what became of its command."""
        if (sent := self.sent.get((by, client_id))) is not None:  # else it was never sent
            sent.given_up = True

    def reused(self, by: str, reply: Refused | Accepted) -> None:
        """A client used a client_id again for other content, after it was accepted."""
        if not isinstance(reply, Refused) or reply.code is not Code.CLIENT_ID_REUSED:
            raise self.fail(3, f"a reused client_id was answered {reply}")

    def sentence(self, by: str, reply: Refused) -> None:
        """Every refusal has a stable code and a sentence."""
        if reply.code not in CODES or not reply.message:
            raise self.fail(7, f"{reply}")
        if reply.code is Code.INTERNAL and not (reply.stream and self.poisoned(reply.stream, by)):
            raise self.fail(7, f"{reply}")
        if CODES[reply.code].retry and not reply.retry_after_s:
            raise self.fail(7, f"no retry_after_s: {reply}")

    # --- streams: promises 2, 4 and 6 ---

    def subscribed(self, user: str, since: Position | None, reply: Subscribed, raw: Any) -> Followed:
        """A subscription begins. ``raw`` is the snapshot as plain values."""
        story = self.truth.story.get(reply.stream, ())
        if reply.head > len(story) or reply.seq > len(story):
            raise self.fail(2, f"{reply} is ahead of the log at {len(story)}", "lost")
        hidden = story[reply.head - 1].readable_after.get(user, 0) if reply.head else 0
        if reply.seq < hidden:
            raise self.fail(6, f"{user} reads {reply.stream} from {reply.seq}, not from {hidden}", "revoked")
        if reply.snapshot is not None:
            self.snapshots += 1
            known = since if since is not None and since.incarnation == reply.incarnation else None
            near = known is not None and reply.head - known.seq <= limits.RESUME_EVENTS_MAX
            if near and since is not None and since.seq >= hidden:
                raise self.fail(4, f"a snapshot where a replay was owed: {since} {reply}", "lost")
            if raw != (wanted := self.truth.view(reply.stream, reply.seq, user)):
                raise self.fail(2, f"snapshot at {reply.seq} shows {raw}, not {wanted}")
        else:
            self.replays += 1
            if since is None or (since.incarnation, since.seq) != (reply.incarnation, reply.seq):
                raise self.fail(4, f"{reply} doesn't continue {since}", "reordered")
        return Followed(reply.incarnation, reply.seq, max(reply.head, reply.seq))

    def event(self, user: str, followed: Followed | None, event: Event, payload: Any) -> None:
        """A client gets an event. ``payload`` is plain values."""
        header = event.header
        self.deliveries += 1
        if followed is None or not followed.open:
            raise self.fail(6, f"{user} gets {header.stream} {header.seq} without a subscription", "revoked")
        if header.seq != followed.seq + 1:
            harm: Harm = "lost" if header.seq > followed.seq else "reordered"
            raise self.fail(2, f"{user} gets {header.stream} {header.seq} after {followed.seq}", harm)
        story = self.truth.story.get(header.stream, ())
        if header.seq > len(story):
            when = "was published before it was committed" if self._live else "isn't in the log"
            raise self.fail(2, f"{header.stream} {header.seq} {when}", "lost")
        self._as_logged(followed, header, payload, story[header.seq - 1])
        if header.seq > followed.live_from:
            before = story[header.seq - 2].listeners if header.seq > 1 else frozenset[str]()
            if before.isdisjoint((user, EVERYONE)) and header.stream != inbox_of(user):
                raise self.fail(
                    6, f"{user} gets {header.stream} {header.seq} without the right to", "revoked"
                )
        followed.seq = header.seq
        revoked = user in header.revokes or EVERYONE in header.revokes
        if revoked and header.seq > followed.live_from:
            followed.open = False
            self.revocations += 1

    def _as_logged(self, followed: Followed, header: Header, payload: Any, fact: Fact) -> None:
        what = f"{header.stream} {header.seq}"
        if header != fact.header:
            raise self.fail(2, f"{header} isn't what was logged: {fact.header}")
        if payload is None:
            if fact.payload is not None and fact.erased_by is None:
                raise self.fail(2, f"{what} came empty, though nobody erased it", "lost")
            return
        if fact.payload is None and fact.erased_by is not None and not self._live:
            return  # it came before it was erased, and nobody knows any more what it said
        if fact.payload is None or payload != msgpack.decode(fact.payload):
            raise self.fail(2, f"{what} came with another payload")
        erased_by = fact.erased_by
        if erased_by is not None and erased_by <= followed.live_from and header.seq <= followed.live_from:
            raise self.fail(2, f"{what} came with what {erased_by} erased")

    # --- at the end ---

    def finish(self) -> None:
        """Hold everything that was promised against what is stored now. Raises the first Violation."""
        for violation in self.broken():
            raise violation

    def broken(self) -> Iterator[Violation]:
        """Every promise that what is stored now breaks."""
        for sent in self.sent.values():
            yield from self._outcome(sent)
        for stream, story in self.truth.story.items():
            yield from self._stream(stream, story)

    def _outcome(self, sent: Sent) -> Iterator[Violation]:
        receipt = self.receipt(sent)
        last = sent.answers[-1] if sent.answers else None
        if isinstance(last, Accepted) and receipt is None:
            yield self.fail(1, f"{last} is gone", "lost")
        excused = sent.resent_since_refusal or self.excused(sent)
        if isinstance(last, Refused) and receipt is not None and not excused:
            yield self.fail(3, f"refused, but it took effect: {last}")
        if last is None and not sent.given_up:
            yield self.fail(3, f"never answered: {sent.command}")

    def _stream(self, stream: str, story: Sequence[Fact]) -> Iterator[Violation]:
        if list(self.truth.seqs(stream)) != list(range(1, len(story) + 1)):
            yield self.fail(2, f"{stream} has a hole", "lost")
        ats = [fact.header.at for fact in story]
        if ats != sorted(ats):
            yield self.fail(2, f"time goes back in {stream}", "reordered")
        covered = sum(r.last_seq - r.first_seq + 1 for r in self.truth.receipts(stream).values())
        if covered != len(story):
            yield self.fail(3, f"{stream} has {len(story)} events and receipts for {covered}", "doubled")
