"""The figures that ``loadtest.bench`` measures, a module each."""

from __future__ import annotations

from msgspec import Struct


class Scale(Struct, frozen=True, kw_only=True):
    """How much of everything."""

    repeats: int
    seconds: float
    """Of each measurement."""
    rooms: int
    """With ``subscribers`` each, who all post."""
    subscribers: int
    posts_per_s: float
    """In all these rooms together, in the open loop."""
    members: int
    """Of the one large room."""
    posters: int
    """Further sessions that post to it: each may only post so often."""
    broadcasts: int
    """To each of them in turn, one at a time."""
    busy_per_s: float
    """Posts per second to the busy room."""
    idle: int
    """Connections that do nothing."""
    actors: int
    """Of the commit path alone."""
    crossings: int
    """Posts in each placement in one repeat."""
    sleeping: tuple[int, ...]
    """Rooms of a cluster that were active and are idle, first so many, then so many in all, …"""
    sleep_s: float
    """How long traffic is counted while they are."""


FULL = Scale(
    repeats=5,
    seconds=4.0,
    rooms=100,
    subscribers=10,
    posts_per_s=1000.0,
    members=1000,
    posters=100,
    broadcasts=100,
    busy_per_s=1050.0,
    idle=5000,
    actors=1000,
    crossings=300,
    sleeping=(0, 100, 1000, 10_000),
    sleep_s=15.0,
)
QUICK = Scale(
    repeats=1,
    seconds=0.5,
    rooms=3,
    subscribers=3,
    posts_per_s=50.0,
    members=20,
    posters=4,
    broadcasts=10,
    busy_per_s=40.0,
    idle=200,
    actors=20,
    crossings=10,
    sleeping=(0, 10, 30),
    sleep_s=1.0,
)
