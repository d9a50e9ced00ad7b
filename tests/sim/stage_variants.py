"""Deliberate bugs of tournaments that are played in stages: what was worked out off the loop is taken too late, twice
or never, or was worked out from something else.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, Final
from unittest.mock import patch

from msgspec.structs import replace

from actors.kind import Decision, Instant, Kind, Refuse
from actors.runtime.draft import wake_at
from actors.runtime.work import Done, StreamWork
from actors.tournament import pairing, stage_ends
from actors.tournament.context import Context, Course
from actors.tournament.engine.swiss.next_round import next_round
from actors.tournament.stages import ENGINE, last_number
from actors.tournament.state import Tournament
from protocol.tournament import Format
from protocol.tournament.stage_ends import FinishStage, StageStarted
from tests.sim import tournament_settings, tournaments

STAGE_VARIANTS: Final[dict[str, Callable[[], AbstractContextManager[None]]]] = {}


def _variant(broken: Callable[[], Generator[None]]) -> None:
    STAGE_VARIANTS[broken.__name__.removeprefix("_")] = contextmanager(broken)


@contextmanager
def _staged(format_: Format, counts: Sequence[int], often_s: float = 20.0, **rates: float) -> Iterator[None]:
    """A world of tournaments of so many stages of this format, in which processes are slow, and little else goes wrong
    more often than this.
    """
    choices = [choice for choice in tournament_settings.FORMATS if choice[0] == format_]
    with ExitStack() as world:
        for patched in (
            patch("tests.sim.tournaments.PLAYED", 1.0),
            patch("tests.sim.tournaments.RATES", replace(tournaments.RATES, **rates)),
            patch("tests.sim.tournament_settings.STAGED", 1.0),
            patch("tests.sim.tournament_settings.COUNTS", counts),
            patch("tests.sim.tournament_settings.FORMATS", choices),
            patch("tests.sim.tournaments.TROUBLED_S", 60.0),
            patch("tests.sim.trouble.OFTEN_S", (often_s,)),
            patch("tests.sim.executor.SLOW_S", (4.0,)),
        ):
            world.enter_context(patched)
        yield


@contextmanager
def _taken_late(function: Callable[..., Any]) -> Iterator[None]:
    """What comes of this function is taken whatever has happened since it was called."""
    take = StreamWork._take

    async def trusting(self: Any, done: Done) -> bool:
        work = self._wanted()
        late = None if work is None or work.function is not function else replace(done, key=work.key)
        return await take(self, late or done)

    with patch.object(StreamWork, "_take", trusting):
        yield


@_variant
def _a_round_is_paired_from_an_old_state() -> Generator[None]:
    with _taken_late(next_round), _staged("swiss", (1,), corrections=1.0, undoings=0.0):
        yield


@_variant
def _a_stage_ends_by_an_old_state() -> Generator[None]:
    with _taken_late(stage_ends.stage_end), _staged("round_robin", (1,), corrections=1.0, undoings=0.0):
        yield


@_variant
def _a_stage_starts_twice() -> Generator[None]:
    take, finish = StreamWork._take, stage_ends.finish

    async def twice(self: Any, done: Done) -> bool:
        command = self._kind.worked(self._active.state, done.key, done.result)
        taken = await take(self, done)
        if isinstance(command, FinishStage) and command.seeds:
            await self._sent(done.key, command)
        return taken

    def again(context: Context, command: FinishStage) -> Decision:
        decision, tournament = finish(context, command), context.tournament
        if not isinstance(decision, Refuse):
            return decision
        course, number, seeds = Course(context), len(tournament.stages), command.seeds
        first = last_number(tournament) + 1
        course.add(
            StageStarted(stage=number, first=first, engine=ENGINE, count=len(seeds)), marks={"seeds": seeds}
        )
        return course.accept()

    with (
        patch.object(StreamWork, "_take", twice),
        patch.object(stage_ends, "finish", again),
        _staged("round_robin", (2,)),
    ):
        yield


@_variant
def _who_has_left_is_paired() -> Generator[None]:
    gathered = pairing._gathered

    def forgetful(tournament: Tournament) -> Generator[None, None, Any]:
        options, seeds, rounds, _, *more = yield from gathered(tournament)
        return options, seeds, rounds, [], *more

    with patch.object(pairing, "_gathered", forgetful), _staged("swiss", (1,), withdrawals=0.2):
        yield


@_variant
def _stages_are_not_ended_by_the_next_owner() -> Generator[None]:
    def forgetful(kind: Kind[Any], state: Any, last_at: Instant, *, effects_at: Instant | None) -> Any:
        if not isinstance(state, Tournament):
            return wake_at(kind, state, last_at, effects_at=effects_at)
        return min((at for at in (kind.due(state), effects_at) if at is not None), default=None)

    with patch("actors.runtime.draft.wake_at", forgetful), _staged("swiss", (2,), often_s=4.0):
        yield
