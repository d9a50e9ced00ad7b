"""What happens in a tournament, as lines. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast

from gatherup.client import LiveBracket
from gatherup.watch.scores import score
from protocol.event import Header
from protocol.tournament.standings_moved import StandingLine

Called = Callable[[int | None], str]
"""What an entrant is called."""
_ENTRY: Final = {"entered": "has entered", "waiting": "is on the waitlist", "pending": "asks to enter"}
_LEAVING: Final = {"left": "has left", "removed": "was removed", "disqualified": "was disqualified"}
_PHASES: Final = {
    "tournament.registration_opened": "registration is open",
    "tournament.check_in_opened": "check-in is open",
    "tournament.round_published": "the next round is paired",
    "tournament.pairing_ended": "no further round is paired",
    "tournament.stage_finished": "the stage is over",
    "tournament.stage_started": "the next stage has started",
    "tournament.stage_reopened": "an earlier stage is played again: what came after it is void",
    "tournament.window_set": "the leaderboard closes at another time",
    "tournament.window_closed": "the leaderboard has closed",
    "tournament.cancelled": "the tournament was cancelled",
}


def standing(live: LiveBracket) -> str:
    """How it stands, in a line."""
    parts = [(live.phase or "draft").replace("_", "-")]
    if live.phase in {"running", "finished"}:
        parts.append(f"{live.entered} take part")
        if live.stage.round is not None:
            parts.append(f"round {live.stage.round}")
        if live.matches_total is not None:
            parts.append(f"{live.matches_done} of {live.matches_total} matches done")
        return ", ".join(parts)
    parts.append(f"{live.entered} entered")
    counts = {"checked in": live.checked_in, "waiting": live.waiting, "pending": live.pending}
    return ", ".join([*parts, *(f"{count} {what}" for what, count in counts.items() if count)])


def lines_of(header: Header, live: LiveBracket, called: Called) -> list[str]:
    """What to say of an event that the bracket has taken; nothing of what spectators don't need to know."""
    marks = cast("Mapping[str, Any]", header.marks)
    if (opened := _PHASES.get(header.type)) is not None:
        return [opened]
    if header.type == "tournament.match_voided":
        return []
    if "match" in marks:
        return [f"{_place(live, marks['match'])}: {_match(header, live, called)}"]
    if (line := _entrant(header, called)) is not None:
        return [line]
    match header.type:
        case "tournament.started":
            return [f"the tournament has started, {marks['count']} take part"]
        case "tournament.not_started":
            return ["the tournament hasn't started: too few were there"]
        case "tournament.standings_moved":
            return [f"standings after round {marks['round']}", *standings(live, called)]
        case "tournament.finished":
            return ["the tournament has finished", *places(live, called)]
        case _:
            return []


def places(live: LiveBracket, called: Called) -> list[str]:
    """Who has which place, the best first."""
    return [f"{place}. {called(entrant)}" for entrant, place in sorted(live.places.items(), key=_by_place)]


def standings(live: LiveBracket, called: Called) -> list[str]:
    """The standings of each group, the best first."""
    groups = {line.group for line in live.stage.standings}
    return [
        (f"group {line.group}, " if len(groups) > 1 else "")
        + f"{line.place}. {called(line.entrant)}, {line.points:g} points"
        for line in by_group(live.stage.standings)
    ]


def by_group(lines: Iterable[StandingLine]) -> list[StandingLine]:
    """Lines of standings, group by group."""
    return sorted(lines, key=lambda line: (line.group, line.place))


def named(header: Header, live: LiveBracket) -> set[int]:
    """The entrants whom the lines about an event name."""
    marks = cast("Mapping[str, Any]", header.marks)
    match = live.matches.get(marks.get("match", 0))
    sides = () if match is None else (match.a, match.b)
    whom = {
        marks.get("entrant"),
        marks.get("winner"),
        *sides,
        *(live.places if live.phase == "finished" else ()),
        *(line.entrant for line in live.stage.standings if header.type == "tournament.standings_moved"),
    }
    return {entrant for entrant in whom if entrant}


def _by_place(of: tuple[int, int]) -> tuple[int, int]:
    return of[1], of[0]


def _entrant(header: Header, called: Called) -> str | None:
    marks = cast("Mapping[str, Any]", header.marks)
    match header.type:
        case "tournament.entered" | "tournament.accepted":
            return f"{called(marks['entrant'])} {_ENTRY.get(marks['status'], 'has entered')}"
        case "tournament.promoted":
            return f"{called(marks['entrant'])} has moved up from the waitlist"
        case "tournament.left":
            return f"{called(marks['entrant'])} {_LEAVING.get(marks['status'], 'has left')}"
        case "tournament.checked_in":
            return f"{called(marks['entrant'])} has checked in"
        case "tournament.attempt_submitted":
            return f"{called(marks['entrant'])} scores {marks['score']}, {marks['counted']} counts"
        case "tournament.attempt_corrected":
            score = marks.get("score", "nothing any more")
            return f"attempt {marks['attempt']} of {called(marks['entrant'])} counts {score}"
        case _:
            return None


def _place(live: LiveBracket, number: int) -> str:
    match = live.matches[number]
    return f"match {number}" if match.part is None else f"match {number}, {match.part} {match.round}"


def _match(header: Header, live: LiveBracket, called: Called) -> str:
    marks = cast("Mapping[str, Any]", header.marks)
    match = live.matches[marks["match"]]
    both = f"{called(match.a)} against {called(match.b)}"
    result = ":".join(score(match.scores)) if match.scores else ""
    match header.type:
        case "tournament.match_opened":
            return both
        case "tournament.side_ready":
            return f"{called(marks['entrant'])} is ready"
        case "tournament.reported":
            return f"{both}, {called(marks['entrant'])} reports {result}"
        case "tournament.disputed":
            return f"{both}, {called(marks['entrant'])} disputes it"
        case "tournament.match_finished" if not marks["winner"]:
            return f"{both}, nobody wins"
        case "tournament.match_finished":
            how = " by forfeit" if marks["kind"] == "forfeit" else f" {result}" if result else ""
            return f"{both}, {called(marks['winner'])} wins{how}"
        case _:
            return both
