"""What nodes say to each other: messages, and the sealed frames that carry them over the bus.

A *link* leads from one run of a node to one run of another. Its frames are numbered 1, 2, 3 … without a gap, so a
receiver sees what was lost; the seal (HMAC-SHA256 with the cluster's secret) covers both runs and the number, so
that a frame can be neither forged, altered, repeated nor sent to another node or cluster by who has only the bus.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Final

import msgspec
from msgspec import Raw, Struct

from protocol.ids import Author, StreamId, UserId

NODE_PROTOCOL: Final = 1
"""Version of everything here. A node reads this one and the one before, and writes what every member reads."""
SEAL_BYTES: Final = 16
_MAGIC: Final = b"gu"


class Message(Struct, frozen=True, array_like=True):
    """Base of what one node tells another."""


class Beat(Message, frozen=True, tag="beat"):
    """I am here. Sent when there was nothing else for a while: its number tells what was before it."""


class Missed(Message, frozen=True, tag="missed"):
    """These frames of yours didn't come, and won't be taken any more: say again what was in them.

    Without numbers anything may be lost, both ways: say everything again that may still matter.
    """

    first: int = 0
    last: int = 0


class Forward(Message, frozen=True, tag="forward"):
    """A command for a stream you own at this epoch. Answered by Answer or Returned with this call.

    ``call`` means something to the asker alone: it names the call, and which copy of it this is.
    """

    call: int
    stream: StreamId
    epoch: int
    by: Author
    command: Raw
    trace: str | None = None
    """The W3C ``traceparent`` to go on with, if this command is traced."""


class Answer(Message, frozen=True, tag="answer"):
    """The reply to a command: accepted, refused or unknown, in MessagePack."""

    call: int
    reply: Raw


class Returned(Message, frozen=True, tag="returned"):
    """Not answered: I don't own the stream at that epoch. Nothing happened to this copy, nor will."""

    call: int


class Ask(Message, frozen=True, tag="ask"):
    """What would a snapshot of this stream show this user? Answered by Shown, Answer (refused) or Returned."""

    call: int
    stream: StreamId
    epoch: int
    user: UserId


class Shown(Message, frozen=True, tag="shown"):
    """The committed state as that user may see it."""

    call: int
    head: int
    view: Raw


class SendSignal(Message, frozen=True, tag="send_signal"):
    """An ephemeral signal for a stream you own; never answered."""

    stream: StreamId
    epoch: int
    by: Author
    signal: Raw


class Register(Message, frozen=True, tag="register"):
    """I have subscribers of these streams: send me what they publish. Answered by Registered. Idempotent."""

    streams: tuple[StreamId, ...]


class Registered(Message, frozen=True, tag="registered"):
    """You get what these streams publish; each stood at its head after that began, or after something of it
    didn't reach you. What of it you don't have is in the log.

    ``declined``: I don't own these.
    """

    heads: dict[StreamId, int]
    declined: tuple[StreamId, ...] = ()


class Unregister(Message, frozen=True, tag="unregister"):
    """I have no subscribers of these streams any more."""

    streams: tuple[StreamId, ...]


class LoggedEvent(Struct, frozen=True, array_like=True):
    """An event as it stands in the log."""

    seq: int
    header: bytes
    payload: bytes | None


class Published(Message, frozen=True, tag="published"):
    """Committed events of a stream, in order."""

    stream: StreamId
    events: tuple[LoggedEvent, ...]
    traces: dict[int, str] = {}
    """Of events by seq, if they are traced: the W3C ``traceparent`` to go on with."""


class Stands(Message, frozen=True, tag="stands"):
    """This stream was activated and stands at this head: nothing is missing up to there.

    Only nodes of the last release write this; others say it with Registered.
    """

    stream: StreamId
    head: int


class PassSignal(Message, frozen=True, tag="pass_signal"):
    """A signal that the owner let pass, for your subscribers: a Signalled frame in MessagePack."""

    stream: StreamId
    epoch: int
    frame: Raw


class Part(Message, frozen=True, tag="part"):
    """Who of a roster that you own is on my node, whole: it replaces what I said before."""

    stream: StreamId
    users: dict[UserId, str]
    """The status of each, at most PRESENT_USERS_MAX."""
    more: int = 0
    """How many others are here."""


class Roster(Message, frozen=True, tag="roster"):
    """Who is there now, on all nodes together, whole: for your subscribers and watchers."""

    stream: StreamId
    epoch: int
    users: dict[UserId, str]
    """The status of each; none of them while there are more than PRESENT_USERS_MAX."""
    count: int


NodeMessage = (
    Beat
    | Missed
    | Forward
    | Answer
    | Returned
    | Ask
    | Shown
    | SendSignal
    | Register
    | Registered
    | Unregister
    | Published
    | Stands
    | PassSignal
    | Part
    | Roster
)


class NodeFrame(Struct, frozen=True, array_like=True):
    """One frame of a link. Runs are (node id, fence number), as the directory has them."""

    sender: tuple[int, int]
    receiver: tuple[int, int]
    number: int
    """1, 2, 3 … on this link."""
    version: int
    """Of the directory's view that the sender acts on."""
    messages: tuple[NodeMessage, ...]
    troubled: bool = False
    """Whether the sender can't serve the streams it owns now, or is about to end: it is no better than the receiver."""
    repeats: bool = False
    """Whether the sender, told by Missed which frames were lost, says again what was in them. One of the last release
    doesn't: whoever misses a frame of it must ask for everything.
    """


class InvalidNodeFrameError(Exception):
    """Not a frame of this cluster; ``reason`` is one of ``version``, ``seal``, ``content``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(NodeFrame).decode


def seal(frame: NodeFrame, key: bytes, protocol: int = NODE_PROTOCOL) -> bytes:
    """The frame's bytes, for readers of this version: magic, version, seal, content."""
    start, content = _MAGIC + bytes((protocol,)), _encode(frame)
    return start + _sealed(start, content, key) + content


def unseal(data: bytes, key: bytes) -> NodeFrame:
    """The frame in these bytes, whatever they are. Raises InvalidNodeFrameError.

    Nothing is decoded before the seal is known to be good; it is compared in constant time.
    """
    start, rest = data[:3], data[3:]
    if start[:2] != _MAGIC or start[2:] not in (bytes((NODE_PROTOCOL,)), bytes((NODE_PROTOCOL - 1,))):
        raise InvalidNodeFrameError("version")
    content = rest[SEAL_BYTES:]
    if not hmac.compare_digest(rest[:SEAL_BYTES], _sealed(start, content, key)):
        raise InvalidNodeFrameError("seal")
    try:
        return _decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidNodeFrameError("content") from error


def _sealed(start: bytes, content: bytes, key: bytes) -> bytes:
    return hmac.digest(key, start + content, sha256)[:SEAL_BYTES]


def inbox(cluster: str, node: int) -> str:
    """The bus channel on which a node hears."""
    return f"gatherup:{cluster}:node:{node}"


def link_key(secret: bytes, cluster: str) -> bytes:
    """The key that seals frames of this cluster."""
    return hmac.digest(secret, b"link:" + cluster.encode(), sha256)


def secret_digest(secret: bytes, cluster: str) -> bytes:
    """Tells whether two nodes hold the same secret; 16 bytes, of no use to who reads them."""
    return hmac.digest(secret, b"join:" + cluster.encode(), sha256)[:16]


def key_digest(key: bytes, cluster: str) -> bytes:
    """Tells whether two nodes hold the same key; 16 bytes, of no use to who reads them."""
    return hmac.digest(key, b"key:" + cluster.encode(), sha256)[:16]
