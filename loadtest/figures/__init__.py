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
    headed: int
    """Busy rooms of which each of ``watchers`` sessions is told how much is new."""
    watchers: int
    sleeping: tuple[int, ...]
    """Rooms of a cluster that were active and are idle, first so many, then so many in all, …"""
    sleep_s: float
    """How long traffic is counted while they are."""
    asked_rooms: int
    """Whose history is asked for and posted to over HTTP."""
    storming: int
    """Accounts that sign in, all at once and again and again."""
    crowd: int
    """Rooms that are made, or asked for, at once."""
    dying: int
    """Rooms that are active on a node that dies."""
    entrants: int
    """Of a whole tournament."""
    paired: int
    """Of a Swiss stage that is paired beside a chat."""
    profile: bool = False
    """Whether nodes are asked where their CPU time goes, which makes them slower."""


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
    headed=200,
    watchers=20,
    sleeping=(0, 100, 1000, 10_000),
    sleep_s=15.0,
    asked_rooms=40,
    storming=16,
    crowd=2000,
    dying=10_000,
    entrants=4096,
    paired=512,
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
    headed=10,
    watchers=2,
    sleeping=(0, 30),
    sleep_s=0.5,
    asked_rooms=8,
    storming=3,
    crowd=40,
    dying=60,
    entrants=20,
    paired=20,
)
