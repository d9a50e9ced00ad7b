"""Deliberate bugs of gatherings: what follows from a registration is forgotten, happens again, or in another order."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from typing import Any, Final
from unittest.mock import patch

from actors.runtime import entity
from actors.runtime.owed import PendingEffect
from protocol.gathering import KIND as GATHERING
from protocol.ids import derive_client_id, kind_of
from protocol.tournament.gathered import COMMANDS, EnterGathered

GATHERING_VARIANTS: Final[dict[str, Callable[[], AbstractContextManager[None]]]] = {}


def _variant(broken: Callable[[], Generator[None]]) -> None:
    GATHERING_VARIANTS[broken.__name__.removeprefix("_")] = contextmanager(broken)


@contextmanager
def _gathered() -> Iterator[None]:
    """A world of gatherings whose players change their minds all the time."""
    with patch("tests.sim.gatherings.GATHERED", 1.0), patch("tests.sim.gatherings.LOOK_S", 0.3):
        yield


@_variant
def _who_registers_is_forgotten_by_the_next_owner() -> Generator[None]:
    pending = entity.pending_effects

    def forgetful(kind: Any, header: Any) -> list[PendingEffect]:
        owed = pending(kind, header)
        return [effect for effect in owed if not isinstance(effect.send.command, EnterGathered)]

    with patch.object(entity, "pending_effects", forgetful), _gathered():
        yield


@_variant
def _who_registers_is_entered_again_by_the_next_owner() -> Generator[None]:
    attempts = count()

    def fresh(*cause: str) -> str:
        again = (str(next(attempts)),) if kind_of(cause[1]) == GATHERING else ()
        return derive_client_id(*cause, *again)

    with patch("actors.runtime.effects.derive_client_id", fresh), _gathered():
        yield


@_variant
def _who_withdraws_may_be_entered_after_it() -> Generator[None]:
    ordered = PendingEffect.target

    def alone(self: PendingEffect) -> str:
        apart = isinstance(self.send.command, COMMANDS)
        return f"{self.seq} {self.index}" if apart else ordered.__get__(self)

    with patch.object(PendingEffect, "target", property(alone)), _gathered():
        yield
