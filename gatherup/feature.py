"""What a feature adds to a node, and what it is made from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from msgspec import Struct

from actors.kind import Kind
from actors.ports.streams import Streams
from actors.ports.time import Clock, Randomness
from actors.session.read_markers import ReadMarkers
from gatherup.auth.tokens import AccessTokens
from gatherup.config import Config
from gatherup.http.commands import Commands
from gatherup.http.endpoint import PathPart
from gatherup.http.throttle import Throttle
from gatherup.jobs.queue import Queue
from gatherup.keeps import Keep
from gatherup.telemetry.metrics import Measure
from storage.postgres.driver.pool import Pool
from storage.postgres.people.erasure import Eraser

Task = Callable[[], Awaitable[None]]
"""Runs beside everything else until it is cancelled, when the node ends."""


class Feature(Struct, frozen=True, kw_only=True):
    """What one feature adds to a node; ``gatherup.app.features`` lists them all."""

    resources: tuple[object, ...] = ()
    """Objects whose methods are endpoints."""
    tasks: tuple[Task, ...] = ()
    queues: tuple[Queue, ...] = ()
    """Of jobs, and what is done with them."""
    keeps: tuple[Keep, ...] = ()
    """Every table it has, and how long rows are kept there."""
    erasers: tuple[Eraser, ...] = ()
    """Delete the rows that it has of a person whose account is erased."""
    measures: tuple[Measure, ...] = ()
    path_parts: tuple[PathPart, ...] = ()
    """What stands in the paths of its endpoints; each name is one feature's, for the paths of all."""


def combined(features: Iterable[Feature]) -> Feature:
    """What these add to a node together, in their order."""
    listed = tuple(features)
    return Feature(
        **{
            field: tuple(one for feature in listed for one in getattr(feature, field))
            for field in Feature.__struct_fields__
        }
    )


class Base(Struct, frozen=True, kw_only=True):
    """What features are made from. It knows none of them."""

    config: Config
    pool: Pool
    clock: Clock
    randomness: Randomness
    kinds: tuple[Kind[Any], ...]
    tokens: AccessTokens
    streams: Streams
    """The way of what people send: through the hooks of the community."""
    router: Streams
    """The way of what GatherUp sends itself."""
    read_markers: ReadMarkers
    throttle: Throttle
    """The rate of commands, by user; over HTTP as on a socket."""
    commands: Commands
    wake: Callable[[], None]
    """Call it after a transaction that wrote a job, a letter or a command for a stream: it is taken up at once."""
