"""What a gathering does by itself when its time has come, and when that is."""

from __future__ import annotations

from actors.gathering.context import Context, Course
from actors.gathering.lifecycle import step
from actors.gathering.state import Gathering
from actors.kind import Decision, Instant, Refuse
from protocol.codes import Code


def due(gathering: Gathering) -> Instant | None:
    """When it goes on to its next phase. A removed one stays as it is."""
    if gathering.removed_at is not None or (least := gathering.timers.least) is None:
        return None
    return gathering.timers[least]


def advance(context: Context) -> Decision:
    """Go through all phases whose time has come."""
    course = Course(context)
    while (at := due(course.gathering)) is not None and at <= context.now:
        course.add(step(course.gathering.timers.least or ""))
    accepted = course.accept()
    return accepted if accepted.events else Refuse(Code.FORBIDDEN, "Nothing is due.")
