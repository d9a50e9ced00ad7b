"""What the sides of a match play: picks and bans, each step in its time."""

from __future__ import annotations

from typing import Final

from actors.kind import Decision, Refuse
from actors.staffing import Rank
from actors.tournament.context import Context, Course
from actors.tournament.engine.picks import by_lot, choices, step_of
from actors.tournament.rounds import Terms, played_until, terms_of
from actors.tournament.rule import RUNNING, Rule, Rules
from actors.tournament.sides import acting
from actors.tournament.stages import match_of, sides_of
from actors.tournament.state import Match
from protocol.codes import Code
from protocol.tournament import NOBODY, MatchPhase
from protocol.tournament.picking import GamePicked, PickGame, PicksBegun
from protocol.tournament.rounds import BEGINS

_PICKING: Final[frozenset[MatchPhase]] = frozenset({"picking"})


def pick(context: Context, command: PickGame) -> Decision:
    """By the side whose step it is, in its time."""
    found = acting(context, command.match, command.entrant, _PICKING)
    if isinstance(found, Refuse):
        return found
    match, entrant = found
    if refusal := _untimely(context, match, command.step):
        return refusal
    terms = terms_of(context.tournament, command.match)
    side = step_of(terms.steps[len(match.picks)]).side
    if side is None or sides_of(match)[side] != entrant:
        return Refuse(Code.FORBIDDEN, "The other side chooses in this step.", "step")
    choice = _choice(terms, match, command.choice)
    if isinstance(choice, Refuse):
        return choice
    course = Course(context)
    _picked(course, command.match, choice, entrant)
    return course.accept()


def _untimely(context: Context, match: Match, step: int) -> Refuse | None:
    """Why it isn't the time for this step."""
    if match.held:
        return Refuse(Code.WRONG_PHASE, "Staff hold this match.", "match")
    if step != len(match.picks) + 1:
        return Refuse(Code.WRONG_PHASE, f"Step {len(match.picks) + 1} is to be done now.", "step")
    if match.until is not None and context.now >= match.until:
        return Refuse(Code.WRONG_PHASE, "The time for this step is over.", "step")
    return None


def _choice(terms: Terms, match: Match, word: str) -> int | Refuse:
    """What was chosen, as a number."""
    assert terms.picks is not None  # or there was no step
    among = terms.picks.pool
    if step_of(terms.steps[len(match.picks)]).act == "side":
        among = BEGINS
    if word not in among:
        what = "Choose first or second." if among is BEGINS else "This game isn't in the pool."
        return Refuse(Code.INVALID, what, "choice")
    choice = among.index(word) + 1
    if choice not in choices(terms.steps, len(terms.picks.pool), match.picks):
        return Refuse(Code.INVALID, "This game was picked or banned already.", "choice")
    return choice


def begin(course: Course, number: int) -> None:
    """Both sides are ready: if the rules of the round say so they pick and ban, and else play."""
    if not are_to_come(course, number):
        return
    picks = terms_of(course.tournament, number).picks
    assert picks is not None
    course.add(PicksBegun(match=number, until=course.now + picks.step_s * 1000))
    _by_nobody(course, number)


def are_to_come(course: Course, number: int) -> bool:
    """Whether both sides are ready, and have to pick and ban first."""
    match = match_of(course.tournament, number)
    steps = terms_of(course.tournament, number).steps
    return match.phase == "playing" and not match.held and len(match.picks) < len(steps)


def expire(course: Course, number: int) -> None:
    """The time of a step is over: lots choose."""
    _picked(course, number, _lot(course, number), NOBODY)


def _picked(course: Course, number: int, choice: int, entrant: int) -> None:
    """A step is done; those after it that are nobody's are, too."""
    _add(course, number, choice, entrant)
    _by_nobody(course, number)


def _by_nobody(course: Course, number: int) -> None:
    steps = terms_of(course.tournament, number).steps
    while (made := len(match_of(course.tournament, number).picks)) < len(steps):
        if step_of(steps[made]).side is not None:
            return
        _add(course, number, _lot(course, number), NOBODY)


def _add(course: Course, number: int, choice: int, entrant: int) -> None:
    terms = terms_of(course.tournament, number)
    assert terms.picks is not None
    picks = (*match_of(course.tournament, number).picks, choice)
    last = len(picks) == len(terms.steps)
    course.add(
        GamePicked(
            match=number,
            entrant=entrant,
            picks=picks,
            until=None if last else course.now + terms.picks.step_s * 1000,
            play_until=played_until(course.tournament, course.now) if last else None,
        )
    )


def _lot(course: Course, number: int) -> int:
    terms, made = terms_of(course.tournament, number), match_of(course.tournament, number).picks
    assert terms.picks is not None
    among = choices(terms.steps, len(terms.picks.pool), made)
    return by_lot(among, int(course.tournament.stages[0].draw), number, len(made) + 1)


RULES: Final[Rules] = {PickGame: Rule(pick, Rank.SPECTATOR, RUNNING)}
