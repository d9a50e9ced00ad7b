"""What a node is made of, as its modules declare it, without a node that serves it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final, cast

from msgspec import Struct

from actors.limiting.rate_limit import Rate
from gatherup import app, config, reference
from gatherup.auth.tokens import AccessTokens
from gatherup.feature import Base, Feature
from gatherup.http.commands import Commands
from gatherup.http.endpoint import Declared
from gatherup.http.throttle import Throttle
from gatherup.kinds import kinds_of
from protocol.codec import client_frames
from protocol.http.base import Problem
from tests.ports import NoStreams, SeededRandomness, TrioClock

RECEIPT_KEY: Final = "b2" * 32
TOKEN_KEY: Final = "a1" * 32
NOTHING: Final = cast(Any, None)
"""In place of what features keep, and use only when they run."""


@cache
def features() -> tuple[Feature, ...]:
    """Every feature of a node, with nothing behind it."""
    settings = config.read(
        {
            "DATABASE_URL": "postgresql://nowhere/",
            "GATHERUP_AUTH_TOKEN_KEY": TOKEN_KEY,
            "GATHERUP_RUNTIME_RECEIPT_KEY": RECEIPT_KEY,
        }
    )
    clock = TrioClock()
    throttle = Throttle(clock, Rate(1, 1), keys_max=1)
    base = Base(
        config=settings,
        pool=NOTHING,
        clock=clock,
        randomness=SeededRandomness(1),
        kinds=kinds_of(bytes.fromhex(RECEIPT_KEY)),
        tokens=AccessTokens(bytes.fromhex(TOKEN_KEY), lifetime_s=60),
        streams=NoStreams(),
        router=NoStreams(),
        read_markers=NOTHING,
        throttle=throttle,
        commands=Commands(NoStreams(), throttle),
        wake=lambda: None,
    )
    return app.features(base)


@cache
def endpoints() -> dict[str, tuple[Callable[..., Any], Declared]]:
    """The method and its declaration, by HTTP method and path."""
    found = reference.endpoints()
    assert len(found) > 80, "endpoints aren't found any more"
    return found


def told_types() -> set[type[Struct]]:
    """The types of all that they take and give."""
    types = [(one.body, one.query, one.answer) for _, one in endpoints().values()]
    return {Problem, *(kind for some in types for kind in some if kind is not None)}


CLIENT_FRAMES: Final = client_frames(kind.wire for kind in kinds_of(b""))
"""Whatever a client may send."""
