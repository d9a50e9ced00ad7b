"""What a kind of stream is: one object of pure functions, registered in the wiring.

The runtime does the rest: order, durability, once-only effect, fan-out, resume, fail-over. ``docs/kinds.md`` shows
a whole kind.

A command becomes events or a refusal (``decide``), events become state (``apply``), rows for queries (``project``)
and commands for other streams or jobs (``effects``). All are deterministic: no clock, no chance, no I/O. States are
immutable values; ``apply`` returns another one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final, Generic, TypeVar

from msgspec import Struct

from actors.tables import Column, Table, Tables, Type, Value
from protocol.codes import Code
from protocol.event import Header, Mark
from protocol.frames import Command, CreateCommand, Signal, StreamCommand
from protocol.ids import USER, derive_stream, kind_of
from protocol.kind import WireKind

Instant = int
"""Unix time in milliseconds."""

Row = Mapping[str, Value]
"""The values of one projected row, without its key."""

S = TypeVar("S", bound=Struct)

LISTENERS: Final = "listener"
"""The projection table that holds who may listen to a stream, one row a user id, or ``EVERYONE``."""
EVERYONE: Final = "*"
NOBODY: Final = "!"
"""As a row of ``LISTENERS``: nobody may listen now, whatever the other rows say."""
LISTENS_AFTER: Final = "after"
"""The one column of ``LISTENERS``, an integer: the user may read events after this seq; null for all."""
LISTENER_TABLE: Final = Table(
    LISTENERS, (Column(LISTENS_AFTER, Type.INTEGER),), key=Column("user_id", Type.TEXT, required=True)
)
"""The engine's own table, which every kind may write to."""

AUTHORED: Final = "authored"
"""The projection table that says whose text an event of the stream holds. Key: the event's seq in decimal; ``author``:
a user id. The event that empties the text deletes the row. Erasing a person finds their texts here."""

# Facts that aren't the stream's own rows: who people are, and what they are to one another.
PERSON: Final = "person"
"""Key: a user id. ``handle`` (null for a guest), ``direct_from`` and ``invites_from`` ("everyone", "friends" or
"nobody"). No row: there is no such user (any more)."""
HANDLE: Final = "handle"
"""Key: a handle as ``protocol.handles.folded`` makes it. ``user``: whose it is."""
BLOCK: Final = "block"
"""Key: ``pair(who, whom)``. There is a row if the first has blocked the second."""
FRIENDS: Final = "friends"
"""Key: ``pair(a, b)``. There is a row if the two are friends."""
LOOKUP: Final = "lookup"
"""Key: ``pair(table, key)``. There is a row if the lookup table has an entry of this key that isn't retired."""
MEMBERSHIPS: Final = "memberships"
"""Key: a user id. ``count``: how many streams the user may listen to, counted up to MEMBERSHIPS_MAX."""
MEMBERSHIPS_MAX: Final = 2_000
ORGANISED: Final = "organised"
"""Key: a user id. ``verified``: whether they have a verified e-mail address; ``unfinished``: how many tournaments and
gatherings they own that aren't over or removed, counted up to UNFINISHED_COUNTED_MAX; ``created``: when they created
these, the newest first, up to CREATED_TOLD_MAX; ``series``: how many series they own that aren't cancelled or removed,
counted up to SERIES_COUNTED_MAX."""
UNFINISHED_COUNTED_MAX: Final = 1_000
CREATED_TOLD_MAX: Final = 100
SERIES_COUNTED_MAX: Final = 100
COMPETITION: Final = "competition"
"""Key: ``pair(tournament, user)``. A tournament that wasn't removed. ``organises``: whether this user does; ``phase``;
``gathering``: the one that it is a competition of, or null; ``fit``: whether it can become one: it isn't for teams or
for invited people alone, and nobody has ever entered it."""
OWNED: Final = "owned"
"""Key: the id of a tournament. ``owner`` (null for none) and ``visibility``. No row: there is no such tournament, or it
was removed."""
TEXTS_OF_SERIES: Final = "texts_of_series"
"""Key: the id of a series. ``name`` and ``description`` (null once erased), and by whom: ``named_by``,
``described_by``."""
SHARED_FACTS: Final = frozenset(
    {PERSON, HANDLE, BLOCK, FRIENDS, LOOKUP, MEMBERSHIPS, ORGANISED, COMPETITION, OWNED, TEXTS_OF_SERIES}
)
"""Tables of facts that belong to no stream. Kinds may ask for them, none may project into them."""


def pair(one: str, other: str) -> str:
    """The key of a fact about two things, such as users."""
    return f"{one} {other}"


class FactKey(Struct, frozen=True):
    """A row that deciding needs: a projected one of this stream, by table and key, or one of ``SHARED_FACTS``."""

    table: str
    key: str


def person_key(user: str) -> FactKey:
    """Whether there is such a user, and who they are."""
    return FactKey(PERSON, user)


def block_key(who: str, whom: str) -> FactKey:
    """Whether the first has blocked the second."""
    return FactKey(BLOCK, pair(who, whom))


def authored_key(seq: int) -> FactKey:
    """The row that tells whose text this event holds."""
    return FactKey(AUTHORED, str(seq))


class Upsert(Struct, frozen=True):
    """This row of the stream has these values now, and no others.

    A column of a declared table that isn't named has its default.
    """

    table: str
    key: str
    values: Row


def said(header: Header, of: str) -> Upsert:
    """The row that says that this event holds a text of its author. ``of`` tells the kind which text it is."""
    return Upsert(AUTHORED, str(header.seq), {"author": header.author, "of": of})


class Update(Struct, frozen=True):
    """These columns of this row have these values now, the others stay; nothing if there is no such row."""

    table: str
    key: str
    values: Row


class Delete(Struct, frozen=True):
    """This row of the stream is gone."""

    table: str
    key: str


Change = Upsert | Update | Delete
Facts = Mapping[FactKey, Row | None]


class Texts(Struct, frozen=True):
    """A table of a kind's own whose rows say what rows of ``AUTHORED`` say: their key is the seq of an event."""

    table: str
    author: str
    """The column of the user who wrote it."""
    text: str | None = None
    """The column that is null when the text is gone; None if the row itself goes."""


class Emit(Struct, frozen=True):
    """One event that a decision wants logged; the runtime adds stream, seq, time and author."""

    payload: Struct
    revokes: tuple[str, ...] = ()
    """User ids whose right to listen ends with it, or ``EVERYONE``."""
    erases: tuple[int, ...] = ()
    """Seqs whose payloads it empties; at most ``erase_seqs_max``."""
    marks: Mapping[str, Mark] = {}


class Accept(Struct, frozen=True):
    """The command takes effect as these events, possibly none."""

    events: tuple[Emit, ...] = ()
    answer: Struct | None = None


class Refuse(Struct, frozen=True):
    """The command changes nothing."""

    code: Code
    message: str | None = None
    """The sentence; None for the code's own."""
    field: str | None = None
    retry_after_s: float | None = None


Decision = Accept | Refuse


class Send(Struct, frozen=True):
    """An effect: a command for another stream, sent until it is accepted, refused or a duplicate.

    The runtime gives it a client_id derived from its cause, so a repeat does nothing; the one set here is ignored.
    """

    command: Command
    makes: str | None = None
    """The stream that the command makes, if others are sent there, too: so they stay in order."""
    lane: str | None = None
    """What goes to one stream in the same lane goes strictly one after the other: a later one isn't sent before the one
    before was accepted or refused for good. Lanes don't wait for each other."""


class Job(Struct, frozen=True):
    """An effect that leaves the system: a row for a worker, written in the same transaction as its cause."""

    queue: str
    arguments: Mapping[str, Value]


Effect = Send | Job


class Work(Struct, frozen=True):
    """What a state wants worked out that would hold the loop."""

    key: int
    """The seq of the last event that changed what it is worked out from."""
    function: Callable[..., Any]
    """A pure function of a module: another process calls it. What it takes and gives is pickled, each in one step of
    the loop: flat sequences of numbers, not objects by the thousand."""
    gather: Callable[[], Generator[None, None, tuple[Any, ...]]]
    """Begins to gather its arguments from the state; others may run whenever it yields."""


class Kind(ABC, Generic[S]):
    """One kind of stream. Class attributes name its types, methods are its pure functions."""

    wire: ClassVar[WireKind]
    """Its name, and the types that go over the wire."""
    state: ClassVar[type[Any]]
    """The state's type, a Struct without a tag, of what msgspec encodes, ``OrderedMap`` and ``Numbered``: these two are
    for what grows with members, of which an event must copy nothing."""
    state_version: ClassVar[int] = 1
    """Raised when old checkpoints can't be read any more: streams then fold from their log."""
    tables: ClassVar[tuple[Table, ...]] = ()
    """Those that ``project`` writes to and that have columns; any other needs neither a declaration nor a migration."""
    texts: ClassVar[tuple[Texts, ...]] = ()
    """Where its rows tell who wrote a text, beside ``AUTHORED``."""
    people: ClassVar[tuple[str, ...]] = ()
    """Its tables whose keys are the ids of users that are to be erased from it, beside ``LISTENERS``."""
    applies_payloads: ClassVar[bool] = False
    """Whether ``apply`` looks at payloads. If not, none is decoded for it, so a stream can be activated even if one of
    them isn't valid any more, after a limit was lowered."""
    view_own: ClassVar[tuple[str, ...]] = ()
    """The fields of its view that depend on who looks. If it names them, the others are encoded once for all who look
    from another node at the same time; the view is then a struct without tag or renamed fields.
    """
    on_demand: ClassVar[bool] = False
    """Whether a stream begins to exist when it is first needed, for a command it ``admits`` or to be shown, rather
    than with a CreateCommand."""

    def stream_of(self, command: CreateCommand, *, by: str) -> str:
        """The id of the stream that a creating command makes, or finds. A resend must get the same."""
        return derive_stream(self.wire.name, by, command.client_id)

    def admits(self, command: Command, *, by: str) -> bool:
        """Whether this author may send this at all; else it is told ``not_found``, and the stream never hears of it."""
        return type(command) not in self.wire.internal or kind_of(by) != USER

    @abstractmethod
    def initial(self, stream: str) -> S:
        """The state before the first event."""

    def facts(self, state: S, command: Command, *, by: str) -> Sequence[FactKey]:
        """The rows that ``decide`` needs for this command; they are read at once for a whole batch."""
        return ()

    @abstractmethod
    def decide(self, state: S, facts: Facts, command: Command, *, by: str, now: Instant) -> Decision:
        """What this command causes. ``facts`` holds what ``facts()`` asked for; None for a row that isn't there."""

    @abstractmethod
    def apply(self, state: S, header: Header, payload: Struct | None) -> S:
        """The state after one event. ``payload`` is None unless the kind ``applies_payloads``; then it is None when it
        was erased, is of an unknown type, or isn't valid any more.

        The state must come out the same either way: what it needs of an erasable event stands in the header.
        """

    @abstractmethod
    def erase(self, stream: str, user: str, events: Sequence[int]) -> StreamCommand | None:
        """The command that takes a user whose account is gone out of a stream, and empties these events.

        ``events`` are seqs of texts of theirs, at most ERASE_SEQS_MAX, and none in the last command. The server sends
        it as ``system``, with a client_id of its own, to every stream in which a row of ``LISTENERS``, ``AUTHORED``,
        ``texts`` or ``people`` names the user, until none does. None: streams of this kind keep nothing of a person
        but ids.
        """

    def project(self, header: Header, payload: Struct | None) -> Sequence[Change]:
        """Rows to write in the event's own transaction."""
        return ()

    def effects(self, header: Header) -> Sequence[Effect]:
        """What the event causes elsewhere; from the header alone, since it is derived again after a crash."""
        return ()

    def view(self, state: S, user: str) -> Struct:
        """What a snapshot shows this user: at most VIEW_BYTES_MAX, and made without a walk through a large state."""
        return state

    def due(self, state: S) -> Instant | None:
        """When the earliest timer of this state fires, if there is one."""
        return None

    def on_due(self, state: S, now: Instant) -> Command | None:
        """The command of the earliest timer that is due at ``now``. Deciding it must move ``due`` on."""
        return None

    def work(self, state: S) -> Work | None:
        """What this state wants worked out off the loop, if anything. It is asked after every batch, so it looks at
        little.
        """
        return None

    def worked(self, state: S, key: int, result: Any) -> Command:
        """The command, an internal one, that brings the result of the work of this key to the stream.

        Deciding it refuses a key that isn't the state's any more, and must make ``work`` want another one or nothing.
        """
        raise NotImplementedError

    def may_signal(self, state: S, signal: Signal, *, by: str, now: Instant) -> bool:
        """Whether this ephemeral signal is passed on to the subscribers."""
        return False


def tables_of(kinds: Iterable[Kind[Any]]) -> Tables:
    """The tables that these kinds declare, and the engine's own, by name.

    Raises ValueError if one name stands for two different tables.
    """
    found = {LISTENERS: LISTENER_TABLE}
    for table in (table for kind in kinds for table in kind.tables):
        if found.setdefault(table.name, table) != table or table.name in SHARED_FACTS:
            raise ValueError(f"the table {table.name} is something else already")
    return found
