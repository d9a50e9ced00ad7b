"""The rooms of matches, in which their players and staff can talk: made when a match is opened, closed when it is done
or begins anew.

The id of a room follows from the tournament and the number of the match, and what is to be done follows from headers
alone: so a room is never made twice, and none is forgotten by the next owner.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, cast

from actors.kind import Send
from actors.tournament.stages import match_of
from actors.tournament.state import Tournament
from protocol.event import Header, Mark
from protocol.ids import StreamId
from protocol.room.hosting import CloseRoom, HostRoom, hosted_room

_MODERATES: Final = ("organiser", "referee")


def chat_for(tournament: Tournament, number: int) -> StreamId | None:
    """The room of a match that is opened, if matches have rooms."""
    return hosted_room(tournament.tournament, number) if tournament.settings.rooms else None


def chat_of(tournament: Tournament, number: int) -> StreamId | None:
    """The room of a match that is open."""
    open_ = tournament.settings.rooms and _was_called(tournament, number)
    return hosted_room(tournament.tournament, number) if open_ else None


def seats(tournament: Tournament, players: Sequence[str]) -> dict[str, Mark]:
    """The marks that tell who is in the room of a match of these players, and who moderates it."""
    if not tournament.settings.rooms:
        return {}
    staff = {} if tournament.owner is None else {tournament.owner: "organiser"}
    staff |= tournament.staff
    # A player who is on the staff, too, is no moderator of their own match.
    moderators = tuple(user for user, role in staff.items() if role in _MODERATES and user not in players)
    return {"seats": tuple(dict.fromkeys((*players, *staff))), "moderators": moderators}


def closes(tournament: Tournament, *numbers: int) -> dict[str, Mark]:
    """The mark that names the matches whose rooms are closed: of these, those that are open."""
    return closing(tournament, *(number for number in numbers if _was_called(tournament, number)))


def closing(tournament: Tournament, *numbers: int) -> dict[str, Mark]:
    """The same of matches that all were open."""
    return {"closes": numbers} if tournament.settings.rooms and numbers else {}


def _was_called(tournament: Tournament, number: int) -> bool:
    """Whether this match is open, and its players were called to it. If a side had left before, nobody was: it is over
    in the same moment, though nobody was ready.
    """
    if str(number) not in tournament.going:
        return False
    match = match_of(tournament, number)
    return match.phase != "playing" or match.ready_a


def chat_mark(tournament: Tournament, number: int) -> dict[str, Mark]:
    """The mark that names the room of an open match."""
    room = chat_of(tournament, number)
    return {} if room is None else {"room": room}


def chat_effects(header: Header) -> Sequence[Send]:
    """What an event means for the rooms of matches."""
    return [*_effects(header)]


def _effects(header: Header) -> Iterator[Send]:
    marks = header.marks
    for number in cast("Sequence[int]", marks.get("closes", ())):
        yield Send(CloseRoom(client_id="", stream=hosted_room(header.stream, number)))
    if "room" not in marks:
        return
    joined = header.type == "tournament.roster_changed"
    yield Send(
        HostRoom(
            client_id="",
            number=cast(int, marks["match"]),
            name=f"Match {marks['match']}",
            seats=(cast(str, marks["joined"]),) if joined else _users(header, "seats"),
            moderators=() if joined else _users(header, "moderators"),
            leave=(cast(str, marks["left"]),) if joined else None,
        ),
        makes=cast(str, marks["room"]),
    )


def _users(header: Header, mark: str) -> tuple[str, ...]:
    return tuple(cast("Sequence[str]", header.marks.get(mark, ())))
