"""Reactions to messages. A message has few different ones, each of which all members may put."""

from __future__ import annotations

from typing import Final, cast

from actors.kind import Decision, Refuse
from actors.room.context import Context, emit, too_many
from actors.room.messages import unspeakable
from actors.room.permissions import Permission
from actors.room.rows import count_key, reaction_key
from actors.room.rule import Rule, Rules
from protocol import limits
from protocol.codes import Code
from protocol.event import Mark
from protocol.room.commands import React, Unreact
from protocol.room.events import Reacted, Unreacted


def react(context: Context, command: React) -> Decision:
    """Put a reaction that one hasn't put yet."""
    message = context.message(command.message)
    if isinstance(message, Refuse):
        return message
    if refusal := unspeakable(context):
        return refusal
    if context.facts.get(reaction_key(command.message, context.by, command.reaction)) is not None:
        return Refuse(Code.ALREADY_EXISTS)
    kinds = cast("int | None", message.get("reactions")) or 0
    count = _count(context, command)
    if count == 0 and kinds >= limits.REACTIONS_PER_MESSAGE_MAX:
        return too_many("Different reactions to a message", limits.REACTIONS_PER_MESSAGE_MAX)
    marks: dict[str, Mark] = {"message": command.message, "count": count + 1}
    if count == 0:
        marks["kinds"] = kinds + 1
    return emit(Reacted(message=command.message, reaction=command.reaction), marks=marks)


def unreact(context: Context, command: Unreact) -> Decision:
    """Take one's own back."""
    message = context.message(command.message)
    if isinstance(message, Refuse):
        return message
    if context.facts.get(reaction_key(command.message, context.by, command.reaction)) is None:
        return Refuse(Code.NOT_FOUND, "You haven't added this reaction.", "reaction")
    count = _count(context, command) - 1
    marks: dict[str, Mark] = {"message": command.message, "count": count}
    if count == 0:
        marks["kinds"] = (cast("int | None", message.get("reactions")) or 1) - 1
    return emit(Unreacted(message=command.message, reaction=command.reaction), marks=marks)


def _count(context: Context, command: React | Unreact) -> int:
    row = context.facts.get(count_key(command.message, command.reaction))
    return 0 if row is None else cast(int, row["count"])


RULES: Final[Rules] = {
    React: Rule(react, Permission.REACT, muted=False, archived=False),
    Unreact: Rule(unreact, Permission.REACT, archived=False),
}
