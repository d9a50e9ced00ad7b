"""A state through a checkpoint, for tests that run no loop."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from msgspec import Struct

from actors.runtime.checkpoints import decode_state, encode_state
from actors.runtime.time_slice import TimeSlice
from tests.ports import TrioClock

_T = TypeVar("_T")


class _Still(TrioClock):
    """No time passes."""

    def monotonic(self) -> float:
        return 0.0


def encoded(state: Struct) -> bytes:
    """The bytes that a checkpoint keeps."""
    return _at_once(encode_state(state, TimeSlice(_Still())))


def decoded(kept: bytes, state: type[Struct]) -> Any:
    """The state that was kept."""
    return _at_once(decode_state(kept, state, TimeSlice(_Still())))


def _at_once(never_waits: Coroutine[Any, Any, _T]) -> _T:
    try:
        never_waits.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waited")
