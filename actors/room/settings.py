"""What a room is like: its name and topic, who may come in, how fast one may talk, what one may say."""

from __future__ import annotations

from typing import Final

from actors.kind import Decision, Refuse
from actors.room.context import Context, emit
from actors.room.permissions import Permission
from actors.room.rule import Rule, Rules
from actors.room.state import Room
from actors.text.filters import unfit_words
from protocol.codes import Code
from protocol.event import Mark
from protocol.room.commands import ChangeRoom, SetFilter
from protocol.room.events import FilterSet, RoomChanged


def change(context: Context, command: ChangeRoom) -> Decision:
    """Moderators change what the room is like, its owner who may come in."""
    room = context.room
    settings: dict[str, Mark | None] = {
        "access": command.access,
        "history": command.history,
        "slow_mode_s": command.slow_mode_s,
    }
    marks: dict[str, Mark] = {name: value for name, value in settings.items() if value is not None}
    if not marks and command.name is None and command.topic is None:
        return Refuse(Code.INVALID, "There is nothing to change.")
    if (command.access, command.history) != (None, None):
        if not context.may(Permission.CHANGE_ACCESS):
            return Refuse(Code.FORBIDDEN)
        if command.access is not None and room.access == "group":
            return Refuse(Code.INVALID, "A group can't be made public or private.", "access")
        if not command.confirm and (refusal := _reveals(room, command)):
            return refusal
    if command.name is not None:
        marks["named"] = True
    if command.topic is not None:
        marks["topic"] = True
    payload = RoomChanged(
        name=command.name,
        topic=command.topic,
        access=command.access,
        history=command.history,
        slow_mode_s=command.slow_mode_s,
    )
    return emit(payload, marks=marks)


def _reveals(room: Room, command: ChangeRoom) -> Refuse | None:
    """That others could read what was written without them; None if they couldn't."""
    opened = command.access == "public" and room.access == "private"
    shown = command.history is True and not room.history
    if not (opened or shown) or room.messages == 0:
        return None
    many = "1 message becomes" if room.messages == 1 else f"{room.messages} messages become"
    whom = "everybody" if opened else "everybody who joins from now on"
    return Refuse(
        Code.CONFIRM_NEEDED, f"{many} readable to {whom}: confirm it.", "access" if opened else "history"
    )


def set_filter(_: Context, command: SetFilter) -> Decision:
    """The new filter replaces the old one; an empty one is none."""
    if (unfit := unfit_words(command.words)) is not None:
        return Refuse(Code.INVALID, unfit, "words")
    payload = FilterSet(words=command.words, links=command.links, hosts=command.hosts)
    return emit(payload, marks={"filters": bool(command.words) or command.links != "allowed"})


RULES: Final[Rules] = {
    ChangeRoom: Rule(change, Permission.CHANGE, archived=False),
    SetFilter: Rule(set_filter, Permission.SET_FILTER, archived=False),
}
