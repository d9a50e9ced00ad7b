"""How a tournament comes to be that a series makes.

Nothing of it is refused but that it is there already: what a series chose was judged when it was chosen, and what was
retired since can still be used.
"""

from __future__ import annotations

from typing import Final, cast

from actors.kind import TEXTS_OF_SERIES, Decision, FactKey, Refuse, Row, person_key
from actors.tournament.context import Context, Course
from actors.tournament.settings import lasting
from protocol.codes import Code
from protocol.event import Mark
from protocol.ids import kind_of
from protocol.series import KIND as SERIES
from protocol.tournament.events import StaffSet, TournamentChanged, TournamentCreated
from protocol.tournament.making import MakeTournament

_NOTHING: Final[Row] = {"name": None, "named_by": None, "description": None, "described_by": None}


def needed_facts(command: MakeTournament, by: str) -> tuple[FactKey, ...]:
    """What its series is called, and whether its people are still there."""
    users = [member.user for member in command.staff]
    users += [] if command.owner is None else [command.owner]
    return FactKey(TEXTS_OF_SERIES, by), *map(person_key, users)


def make(context: Context, command: MakeTournament) -> Decision:
    """Named after the series, with its owner and its staff."""
    if kind_of(context.by) != SERIES:
        return Refuse(Code.NOT_FOUND)
    if context.tournament.phase is not None:
        return Refuse(Code.ALREADY_EXISTS)
    texts, course = context.facts.get(FactKey(TEXTS_OF_SERIES, context.by)) or _NOTHING, Course(context)
    name, description = cast("str | None", texts["name"]), cast("str | None", texts["description"])
    created = TournamentCreated(
        name="" if name is None else f"{name} #{command.number}",
        description="",
        **lasting(command.settings),
        owner=command.owner if _is_there(context, command.owner) else None,
        number=command.number,
        registration_at=command.registration_at,
        check_in_at=command.check_in_at,
        start_at=command.start_at,
    )
    course.add(created, marks={} if name is None else _by(texts["named_by"]))
    if description:
        marks: dict[str, Mark] = {"described": True, **_by(texts["described_by"])}
        course.add(TournamentChanged(description=description), marks=marks)
    for member in command.staff:
        if _is_there(context, member.user):
            course.add(StaffSet(user=member.user, role=member.role))
    return course.accept()


def _is_there(context: Context, user: str | None) -> bool:
    return user is not None and context.facts.get(person_key(user)) is not None


def _by(author: object) -> dict[str, Mark]:
    """The mark that tells who has written a text."""
    return {} if author is None else {"texts_by": cast(str, author)}
