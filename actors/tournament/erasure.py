"""How a person whose account is gone leaves a tournament."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from actors.kind import LISTENERS, Accept, Decision, FactKey, Row, authored_key
from actors.staffing import heir
from actors.tournament.context import Context, Course
from actors.tournament.entrants import gone, takes_part
from actors.tournament.rows import PLAYER, STAFF
from actors.tournament.rule import NOT_OVER
from actors.tournament.state import Tournament
from actors.tournament.teams import off_roster, uninvite
from protocol.event import Mark
from protocol.tournament.commands import ErasePerson
from protocol.tournament.events import PersonErased

_PARTS: Final = ("names", "reasons", "disputes", "decisions")
"""What a row of ``AUTHORED`` is ``of``, with the number of an entrant or a match; the event has marks named so."""


def needed_facts(command: ErasePerson) -> tuple[FactKey, ...]:
    """The rows that name this person, and those of the texts."""
    return *_named(command.user), *(authored_key(seq) for seq in command.events)


def _named(user: str) -> tuple[FactKey, ...]:
    return tuple(FactKey(table, user) for table in (PLAYER, STAFF, LISTENERS))


def erase(context: Context, command: ErasePerson) -> Decision:
    """They leave it, and their texts are gone. Nothing happens when no row names them any more."""
    user = command.user
    texts = {seq: row for seq in command.events if (row := _theirs(context, seq, user)) is not None}
    if not texts and all(context.facts[key] is None for key in _named(user)):
        return Accept()
    course = Course(context)
    number = context.tournament.users.get(user)
    in_time = course.tournament.phase in NOT_OVER
    uninvite(course, user)
    if number is not None and in_time and takes_part(course.tournament, number):
        roster = course.tournament.entrants[number].roster
        if not roster or roster == (user,):
            gone(course, number, "left")
        elif user in roster:
            off_roster(course, number, user)
    revokes = (user,) if context.facts[FactKey(LISTENERS, user)] is not None else ()
    marks = {**_texts_gone(context.tournament, texts), **heir(context.tournament, user)}
    course.add(PersonErased(user=user), revokes=revokes, erases=tuple(texts), marks=marks)
    return course.accept()


def _theirs(context: Context, seq: int, user: str) -> Row | None:
    row = context.facts[authored_key(seq)]
    return row if row is not None and row["author"] == user else None


def _texts_gone(tournament: Tournament, texts: dict[int, Row]) -> dict[str, Mark]:
    """The marks that say which texts are gone with these events."""
    parts: dict[str, list[int]] = defaultdict(list)
    for row in texts.values():
        part, _, number = str(row["of"]).partition(" ")
        if part in _PARTS:
            parts[part].append(int(number))
    marks: dict[str, Mark] = {part: tuple(numbers) for part, numbers in parts.items()}
    if tournament.named_at in texts:
        marks["name"] = True
    if tournament.described_at in texts:
        marks["description"] = True
    if any(row["of"] == "reason" for row in texts.values()):
        marks["reason"] = True
    return marks
