"""Messages of a room: posts, edits, deletion, threads and pins."""

from __future__ import annotations

from typing import Any, Final, cast

from actors.kind import HANDLE, Decision, FactKey, Refuse, Row
from actors.room.context import Context, emit, too_many
from actors.room.permissions import Permission
from actors.room.rows import FILTER_KEY, message_key
from actors.room.rule import Rule, Rules
from actors.text.filters import found_link, found_word, too_long
from actors.text.mentions import NONE, Mentions, mentions_in
from protocol import limits
from protocol.codes import Code
from protocol.event import Mark
from protocol.room.commands import DeleteMessage, EditMessage, PinMessage, PostMessage, UnpinMessage
from protocol.room.events import MessageDeleted, MessageEdited, MessagePinned, MessagePosted, MessageUnpinned

_TOO_LONG: Final = (
    "The room's filter can't look through this message: written out (NFKD), it has more than "
    f"{limits.BODY_DECOMPOSED_CHARS_MAX} characters, or {limits.BODY_CHARS_MAX} words and signs."
)


def needed_facts(command: PostMessage) -> list[FactKey]:
    """The messages that a new one refers to, and who has the handles in it."""
    keys = [message_key(seq) for seq in (command.reply_to, command.thread) if seq is not None]
    if (found := mentions_in(command.body)) is not NONE:
        keys += [FactKey(HANDLE, handle) for handle in found.handles()]
    return keys


def post(context: Context, command: PostMessage) -> Decision:
    """Append a message."""
    if refusal := _slow(context) or unspeakable(context) or _filtered(context, command.body):
        return refusal
    marks: dict[str, Mark] = {"number": context.room.messages + 1}
    if command.reply_to is not None:
        replied = context.message(command.reply_to, "reply_to")
        if isinstance(replied, Refuse):
            return replied
        marks |= _reply(context, command.reply_to, replied)
    if command.thread is not None:
        root = context.message(command.thread, "thread")
        if isinstance(root, Refuse):
            return root
        if root["thread"] is not None:
            return Refuse(Code.INVALID, "This message is itself part of a thread.", "thread")
        marks["thread"] = command.thread
    return emit(MessagePosted(body=command.body), marks=marks | _mentions(context, mentions_in(command.body)))


def edit(context: Context, command: EditMessage) -> Decision:
    """Give one's own message another body."""
    message = context.message(command.message)
    if isinstance(message, Refuse):
        return message
    if message["author"] != context.by:
        return Refuse(Code.FORBIDDEN, "Only the author can edit a message.", "message")
    edits = _edits(message)
    if len(edits) >= limits.EDITS_PER_MESSAGE_MAX:
        return too_many("Edits of a message", limits.EDITS_PER_MESSAGE_MAX, "message")
    if refusal := unspeakable(context) or _filtered(context, command.body):
        return refusal
    marks: dict[str, Mark] = {**_origin(command.message, message), "edits": tuple(edits)}
    return emit(MessageEdited(message=command.message, body=command.body), marks=marks)


def delete(context: Context, command: DeleteMessage) -> Decision:
    """Erase one's own message, or as moderator anyone's."""
    message = context.message(command.message)
    if isinstance(message, Refuse):
        return message
    author = cast(str, message["author"])
    if author != context.by and not context.may(Permission.DELETE_OTHERS):
        return Refuse(Code.FORBIDDEN, "Only the author or a moderator can delete a message.", "message")
    marks: dict[str, Mark] = {**_origin(command.message, message), "author": author}
    erases = (command.message, *_edits(message))
    return emit(MessageDeleted(message=command.message), erases=erases, marks=marks)


def pin(context: Context, command: PinMessage) -> Decision:
    """Have the room show a message first."""
    message = context.message(command.message)
    if isinstance(message, Refuse):
        return message
    if command.message in context.room.pinned:
        return Refuse(Code.ALREADY_EXISTS, field="message")
    if len(context.room.pinned) >= limits.ROOM_PINS_MAX:
        return too_many("Pinned messages of a room", limits.ROOM_PINS_MAX)
    return emit(MessagePinned(message=command.message), marks={"message": command.message})


def unpin(context: Context, command: UnpinMessage) -> Decision:
    """Have it show the message first no more."""
    if command.message not in context.room.pinned:
        return Refuse(Code.NOT_FOUND, "This message isn't pinned.", "message")
    return emit(MessageUnpinned(message=command.message), marks={"message": command.message})


def unspeakable(context: Context) -> Refuse | None:
    """Why a user can't write to the other one in a direct room; None if they can."""
    peer = context.room.peer(context.by)
    return None if peer is None else context.blocked(peer)


def _slow(context: Context) -> Refuse | None:
    room = context.room
    if not room.slow_mode_s:
        return None
    last = room.posted_at.get(context.by)
    if last is None or context.may(Permission.PASS_SLOW_MODE):
        return None
    wait_ms = last + room.slow_mode_s * 1000 - context.now
    return Refuse(Code.SLOW_MODE, retry_after_s=wait_ms / 1000) if wait_ms > 0 else None


def _filtered(context: Context, body: str) -> Refuse | None:
    if not context.room.filtered or context.may(Permission.PASS_FILTER):
        return None
    if too_long(body):
        return Refuse(Code.INVALID, _TOO_LONG, "body")
    row = cast(Any, context.facts[FILTER_KEY])
    if found_word(body, row["words"]):
        return Refuse(Code.FILTERED, "The message has a word that the room's filter doesn't allow.", "body")
    if found_link(body, row["links"], row["hosts"]):
        return Refuse(Code.FILTERED, "The message has a link that the room's filter doesn't allow.", "body")
    return None


def _reply(context: Context, seq: int, message: Row) -> dict[str, Mark]:
    author = cast(str, message["author"])
    tell = author != context.by and author in context.room.members
    return {"reply_to": seq, "replied": author} if tell else {"reply_to": seq}


def _mentions(context: Context, found: Mentions) -> dict[str, Mark]:
    """Those of the mentioned who are in the room."""
    if found is NONE:
        return {}
    meant, everyone = found.whom(lambda handle: _user_of(context, handle))
    users = [user for user in meant if user in context.room.members and user != context.by]
    marks: dict[str, Mark] = {"mentions": tuple(users)} if users else {}
    if everyone and context.may(Permission.MENTION_EVERYONE):
        marks["everyone"] = True
    return marks


def _user_of(context: Context, handle: str) -> str | None:
    row = context.facts.get(FactKey(HANDLE, handle))
    return None if row is None else cast(str, row["user"])


def _edits(message: Row) -> list[int]:
    return cast("list[int]", message["edits"])


def _origin(seq: int, message: Row) -> dict[str, Mark]:
    """What readers want to know of the message itself."""
    marks: dict[str, Mark] = {
        "message": seq,
        "number": cast(int, message["number"]),
        "posted_at": cast(int, message["at"]),
    }
    for name in ("reply_to", "thread"):
        if (other := cast("int | None", message[name])) is not None:
            marks[name] = other
    return marks


RULES: Final[Rules] = {
    PostMessage: Rule(post, Permission.POST, muted=False, archived=False),
    EditMessage: Rule(edit, Permission.POST, muted=False, archived=False),
    DeleteMessage: Rule(delete),
    PinMessage: Rule(pin, Permission.PIN, muted=False, archived=False),
    UnpinMessage: Rule(unpin, Permission.PIN, muted=False, archived=False),
}
