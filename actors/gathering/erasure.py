"""How a person whose account is gone leaves a gathering."""

from __future__ import annotations

from typing import Final

from actors.gathering.context import Context, Course
from actors.gathering.players import gone, own_number
from actors.gathering.rows import PLAYER, STAFF
from actors.kind import Accept, Decision, FactKey, Row, authored_key
from actors.staffing import heir
from protocol.event import Mark
from protocol.gathering.commands import EraseGatheringPerson
from protocol.gathering.events import GatheringPersonErased

_PLAYER: Final = "player"


def needed_facts(command: EraseGatheringPerson) -> tuple[FactKey, ...]:
    """The rows that name this person, and those of the texts."""
    return *_named(command.user), *(authored_key(seq) for seq in command.events)


def _named(user: str) -> tuple[FactKey, ...]:
    return tuple(FactKey(table, user) for table in (PLAYER, STAFF))


def erase(context: Context, command: EraseGatheringPerson) -> Decision:
    """They withdraw, and their texts are gone. Nothing happens when no row names them any more."""
    user, gathering = command.user, context.gathering
    texts = {seq: row for seq in command.events if (row := _theirs(context, seq, user)) is not None}
    if not texts and all(context.facts[key] is None for key in _named(user)):
        return Accept()
    course = Course(context)
    if (number := own_number(gathering, user)) is not None:
        gone(course, number, "withdrawn")
    marks = {**_texts_gone(context, texts), **heir(gathering, user)}
    if (number := gathering.users.get(user)) is not None:
        marks[_PLAYER] = number
    course.add(GatheringPersonErased(user=user), erases=tuple(texts), marks=marks)
    return course.accept()


def _theirs(context: Context, seq: int, user: str) -> Row | None:
    row = context.facts[authored_key(seq)]
    return row if row is not None and row["author"] == user else None


def _texts_gone(context: Context, texts: dict[int, Row]) -> dict[str, Mark]:
    """The marks that say which texts are gone with these events."""
    gathering, marks = context.gathering, dict[str, Mark]()
    if gathering.named_at in texts:
        marks["name"] = True
    if gathering.described_at in texts:
        marks["description"] = True
    words = [str(row["of"]).partition(" ") for row in texts.values()]
    if any(of == "reason" for of, _, _ in words):
        marks["reason"] = True
    if reasons := tuple(user for of, _, user in words if of == "reasons"):
        marks["reasons"] = reasons
    return marks
