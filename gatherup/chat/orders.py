"""What a typed line asks for: a message, or an order that begins with a slash."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from protocol.ids import StreamId

MUTE_MINUTES: Final = 10
"""What ``/mute`` takes if no time is said."""
HELP: Final = """\
/reply NAME TEXT      answer the last message of NAME
/thread NAME TEXT     the same, in a thread of its own
/react EMOJI [NAME]   put a reaction to the last message, or the last of NAME
/topic TEXT           set the room's topic
/invite [NAME]        make an invite for whoever you give it to, or invite NAME
/join INVITE          go where an invite leads
/mute NAME [MINUTES]  let NAME only listen, for 10 minutes or so many
/ban NAME             keep NAME out
/help                 this; a line that begins with // is posted with one slash
NAME is what somebody here is called, or the first digits of their id."""
_INVITE: Final = re.compile(r"^(?P<room>room:[0-9a-f]{32})/(?P<code>[1-9][0-9]{0,8}-[0-9a-f]{24})$")


class NotUnderstoodError(Exception):
    """The message says what was expected."""


class Post(Struct, frozen=True):
    """Say this."""

    body: str


class Reply(Struct, frozen=True):
    """Answer the last message of somebody, maybe in its thread."""

    name: str
    body: str
    thread: bool = False


class React(Struct, frozen=True):
    """Put a reaction to somebody's last message, or to the last of all."""

    reaction: str
    name: str | None


class SetTopic(Struct, frozen=True):
    """Set the topic."""

    topic: str


class Invite(Struct, frozen=True):
    """Invite somebody, or make an invite for whoever has it."""

    name: str | None


class Join(Struct, frozen=True):
    """Go to another room."""

    room: StreamId
    code: str


class Mute(Struct, frozen=True):
    """Let somebody only listen."""

    name: str
    minutes: int


class Ban(Struct, frozen=True):
    """Keep somebody out."""

    name: str


class Help(Struct, frozen=True):
    """List the orders."""


Order = Post | Reply | React | SetTopic | Invite | Join | Mute | Ban | Help


def read_order(line: str) -> Order:
    """Understand a line that isn't blank. Raises NotUnderstoodError."""
    if not line.startswith("/") or line.startswith("//"):
        return Post(line.removeprefix("/"))
    word, _, rest = line.partition(" ")
    read = _ORDERS.get(word)
    if read is None:
        raise NotUnderstoodError(f"There is no order {word}; /help lists them.")
    return read(rest.strip())


def written(room: StreamId, code: str) -> str:
    """An invite as people hand it on; ``/join`` takes it."""
    return f"{room}/{code}"


def _reply(rest: str, *, thread: bool = False) -> Order:
    name, _, body = rest.partition(" ")
    if not body.strip():
        raise NotUnderstoodError("To whom, and what? A name and a text.")
    return Reply(name, body.strip(), thread)


def _react(rest: str) -> Order:
    reaction, _, name = rest.partition(" ")
    if not reaction:
        raise NotUnderstoodError("Which reaction?")
    return React(reaction, name.strip() or None)


def _join(rest: str) -> Order:
    found = _INVITE.match(rest)
    if found is None:
        raise NotUnderstoodError("That is no invite: it looks like room:…/1-…")
    return Join(found["room"], found["code"])


def _mute(rest: str) -> Order:
    name, _, minutes = rest.partition(" ")
    if not name or (minutes and not re.match(r"^[1-9][0-9]{0,5}$", minutes)):
        raise NotUnderstoodError("Whom, and for how many minutes?")
    return Mute(name, int(minutes or MUTE_MINUTES))


def _ban(rest: str) -> Order:
    if not rest:
        raise NotUnderstoodError("Whom?")
    return Ban(rest)


_ORDERS: Final[dict[str, Callable[[str], Order]]] = {
    "/reply": _reply,
    "/thread": lambda rest: _reply(rest, thread=True),
    "/react": _react,
    "/topic": SetTopic,
    "/invite": lambda rest: Invite(rest or None),
    "/join": _join,
    "/mute": _mute,
    "/ban": _ban,
    "/help": lambda _: Help(),
}
