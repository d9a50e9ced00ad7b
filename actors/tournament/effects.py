"""What an event of a tournament causes in people's inboxes; from its header alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from actors.kind import Effect, Job, Send
from actors.tournament.chats import chat_effects
from protocol.event import Header
from protocol.inbox import CallMatch, CallOffMatch, CallStaff, InviteToTeam, Promote, inbox_of

RATINGS: Final = "ratings"
"""The jobs that enter results into ratings: ``tournament``, and ``match`` if it is the only one that has changed."""
_RATED: Final = frozenset({"played", "decided"})


def effects(header: Header) -> Sequence[Effect]:
    """Players are called to their matches, and told of those that are void, invited to teams, and told that they have
    moved up from the waitlist; staff are called to decide. Results go to the ratings.
    """
    marks = header.marks
    match header.type:
        case "tournament.match_opened":
            calls = [_call(header, user) for user in cast("Sequence[str]", marks.get("players", ()))]
            return [*calls, *chat_effects(header)]
        case "tournament.disputed":
            return [_call_staff(header, user) for user in cast("Sequence[str]", marks.get("staff", ()))]
        case "tournament.rooms_closed":
            return chat_effects(header)
        case "tournament.match_finished":
            return [*_rated(header), *chat_effects(header)]
        case "tournament.match_corrected" | "tournament.match_undone" | "tournament.stage_reopened":
            return [Job(RATINGS, {"tournament": header.stream}), *chat_effects(header)]
        case "tournament.match_voided":
            told = [_call_off(header, user) for user in cast("Sequence[str]", marks["players"])]
            return [*told, *chat_effects(header)]
        case "tournament.promoted" if "user" in marks:
            inbox = inbox_of(cast(str, marks["user"]))
            return (Send(Promote(client_id="", stream=inbox, tournament=header.stream)),)
        case "tournament.player_invited":
            inbox, team = inbox_of(cast(str, marks["user"])), cast(int, marks["entrant"])
            return (
                Send(
                    InviteToTeam(
                        client_id="",
                        stream=inbox,
                        tournament=header.stream,
                        entrant=team,
                        by=header.author,
                    )
                ),
            )
        case "tournament.roster_changed" if "until" in marks:
            return [_call(header, cast(str, marks["joined"])), *chat_effects(header)]
        case _:
            return ()


def _rated(header: Header) -> Sequence[Job]:
    """A result that tells how good its players are."""
    if header.marks["kind"] not in _RATED:
        return ()
    return (Job(RATINGS, {"tournament": header.stream, "match": cast(int, header.marks["match"])}),)


def _call(header: Header, user: str) -> Send:
    marks = header.marks
    return Send(
        CallMatch(
            client_id="",
            stream=inbox_of(user),
            tournament=header.stream,
            match=cast(int, marks["match"]),
            until=cast("int | None", marks.get("until")),
        )
    )


def _call_off(header: Header, user: str) -> Send:
    match = cast(int, header.marks["match"])
    return Send(CallOffMatch(client_id="", stream=inbox_of(user), tournament=header.stream, match=match))


def _call_staff(header: Header, user: str) -> Send:
    match = cast(int, header.marks["match"])
    return Send(CallStaff(client_id="", stream=inbox_of(user), tournament=header.stream, match=match))
