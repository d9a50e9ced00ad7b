"""Deliberate bugs of tournaments that are played in stages."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, Final
from unittest.mock import patch

from msgspec.structs import replace

from actors.tournament import pairing
from actors.tournament.state import Tournament
from protocol.tournament import Format
from tests.sim import tournament_settings, tournaments

STAGE_VARIANTS: Final[dict[str, Callable[[], AbstractContextManager[None]]]] = {}


def _variant(broken: Callable[[], Generator[None]]) -> None:
    STAGE_VARIANTS[broken.__name__.removeprefix("_")] = contextmanager(broken)


@contextmanager
def _staged(format_: Format, counts: Sequence[int], **rates: float) -> Iterator[None]:
    """A world of tournaments of so many stages of this format, in which processes are slow and little else is wrong."""
    choices = [choice for choice in tournament_settings.FORMATS if choice[0] == format_]
    with ExitStack() as world:
        for patched in (
            patch("tests.sim.tournaments.PLAYED", 1.0),
            patch("tests.sim.tournaments.RATES", replace(tournaments.RATES, **rates)),
            patch("tests.sim.tournament_settings.STAGED", 1.0),
            patch("tests.sim.tournament_settings.COUNTS", counts),
            patch("tests.sim.tournament_settings.FORMATS", choices),
            patch("tests.sim.tournaments.TROUBLED_S", 60.0),
            patch("tests.sim.trouble.OFTEN_S", (20.0,)),
            patch("tests.sim.executor.SLOW_S", (4.0,)),
        ):
            world.enter_context(patched)
        yield


@_variant
def _who_has_left_is_paired() -> Generator[None]:
    gathered = pairing._gathered

    def forgetful(tournament: Tournament) -> Generator[None, None, Any]:
        options, seeds, rounds, _, *more = yield from gathered(tournament)
        return options, seeds, rounds, [], *more

    with patch.object(pairing, "_gathered", forgetful), _staged("swiss", (1,), withdrawals=0.2):
        yield
