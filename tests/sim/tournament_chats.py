"""What must hold of the rooms of a tournament's matches: each is made once, and is in the end as its match says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from gatherup.chaos.history import Violation
from protocol.event import Header
from protocol.room.hosting import hosted_room
from tests.sim.history import History
from tests.sim.truth import ObservedDatabase


def wrong(
    stream: str, headers: Sequence[Header], database: ObservedDatabase, history: History
) -> Iterator[Violation]:
    """Every room that isn't as it should be."""
    for match, (seats, closed) in _expected(headers).items():
        room = hosted_room(stream, match)
        story = [*database.story.get(room, ())]
        made = sum(fact.header.type == "room.created" for fact in story)
        if made != 1:
            if made or not history.poisoned(room, stream):
                yield history.fail(3, f"{room} of match {match} was made {made} times", "lost")
            continue
        state = cast(Any, story[-1].state)
        if history.poisoned(room, stream):
            continue
        if set(state.members) != seats or state.archived != closed:
            yield history.fail(
                3, f"{room} of match {match} is {state}, not {seats}, closed: {closed}", "lost"
            )


def _expected(headers: Sequence[Header]) -> dict[int, tuple[set[str], bool]]:
    """By match: who has a seat in its room, and whether that is closed."""
    expected: dict[int, tuple[set[str], bool]] = {}
    for header in headers:
        marks = header.marks
        for match in cast("Sequence[int]", marks.get("closes", ())):
            expected[match] = expected[match][0], True
        if "room" not in marks:
            continue
        match = cast(int, marks["match"])
        if header.type == "tournament.match_opened":
            expected[match] = set(cast("Sequence[str]", marks["seats"])), False
        elif "until" in marks:  # a substitute comes to a match that is open
            seats = expected[match][0] - {str(marks["left"])} | {str(marks["joined"])}
            expected[match] = seats, expected[match][1]
    return expected
