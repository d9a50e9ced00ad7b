"""A storm of logins beside a chat: how many a node takes, which Argon2 bounds, and what the chat notices.

What the chat notices is told against the same chat beside as many processes of the lowest priority that only count: on
a machine without a core to spare these alone make a post wait longer, whatever a node does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from itertools import cycle
from typing import Final, NamedTuple

import argon2
import msgspec
import numpy as np
from msgspec import Struct

from loadtest.figures import Scale
from loadtest.figures.posts import Posting, set_up
from loadtest.node import Node
from loadtest.report import Figure, Target, at_most
from loadtest.requests import Callers, HttpConnection, request
from protocol.http.accounts.accounts import Register, SignedIn, SignIn

P99_RATIO_MAX: Final = 1.2
"""With a core to spare."""
P99_RATIO_MAX_ALL: Final = 1.5
"""When passwords are hashed on all cores."""
ROOMS_MAX: Final = 20
POSTS_PER_S_MAX: Final = 200.0
"""The chat leaves the node most of a core: what is asked is whether hashing takes it away."""
PASSWORD: Final = "correct horse battery staple"  # noqa: S105 - of accounts that vanish
HASH_KIB: Final = 65_536
HASH_PASSES: Final = 3
"""How a node hashes by default."""
HASHES: Final = 5
SECONDS_MIN: Final = 2.0
"""Of each measurement, so that it holds some logins on any machine."""
SPINNING: Final = """
import os
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
while True:
    pass
"""


class Turn(Struct, frozen=True):
    """One measurement of the chat, and of the storm if there was one."""

    p50_ms: float
    p99_ms: float
    cpu_s: float
    """Of the node, in a second."""
    logins_per_s: float


class Turns(NamedTuple):
    """The same chat, one after the other."""

    quiet: Turn
    spun: Turn
    stormy: Turn


class Storm:
    """Accounts that sign in again as soon as they are signed in, each from a device that is known."""

    def __init__(self, node: Node, count: int) -> None:
        self._node = node
        self._count = count
        self._next = cycle([_sign_in(node, number) for number in range(count)])

    def callers(self) -> Callers:
        """Everybody, on new connections."""
        return Callers(self._node.http_address, self._count, lambda: next(self._next))


def measure(scale: Scale) -> list[Figure]:
    """On a node that hashes on half of the cores, and on one that hashes on all."""
    cores = os.cpu_count() or 1
    spared = _on(max(1, cores // 2), scale, at_most(P99_RATIO_MAX))
    return spared + _on(cores, scale, at_most(P99_RATIO_MAX_ALL))


def _on(hashers: int, scale: Scale, target: Target) -> list[Figure]:
    with Node(GATHERUP_AUTH_HASHERS=str(hashers)) as node:
        turns = _turns(node, scale, hashers)
    per_s = _posts_per_s(scale)
    group = f"{scale.storming} accounts signing in beside {per_s:.0f} posts/s, {hashers} hashed at once"
    return _figures(group, turns, target)


def _posts_per_s(scale: Scale) -> float:
    return min(POSTS_PER_S_MAX, scale.posts_per_s)


def _turns(node: Node, scale: Scale, hashers: int) -> list[Turns]:
    """The same chat alone, beside processes that spin, and beside the storm, in turns."""
    chatting = msgspec.structs.replace(scale, rooms=min(ROOMS_MAX, scale.rooms))
    per_s = _posts_per_s(scale)
    storm = Storm(node, scale.storming)
    crowd, rooms = set_up(node, chatting)
    posting = Posting(crowd, rooms)
    seconds = max(SECONDS_MIN, scale.seconds)
    turns: list[Turns] = []
    for _ in range(scale.repeats):
        quiet = _turn(node, posting, per_s, seconds, None)
        with spinning(hashers):
            spun = _turn(node, posting, per_s, seconds, None)
        callers = storm.callers()
        turns.append(Turns(quiet, spun, _turn(node, posting, per_s, seconds, callers)))
        callers.close()
    crowd.close()
    return turns


@contextmanager
def spinning(count: int) -> Generator[None]:
    """As long as it is open, so many processes take what nobody else wants of the processors."""
    processes = [subprocess.Popen([sys.executable, "-c", SPINNING]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _sign_in(node: Node, number: int) -> bytes:
    """The request of a new account."""
    connection = HttpConnection(node.http_address)
    handle = f"storm_{number}"
    body = msgspec.json.encode(Register(handle=handle, password=PASSWORD, device="loadtest"))
    signed_in = msgspec.json.decode(connection.ask(request("POST", "/v1/register", body=body)), type=SignedIn)
    connection.socket.close()
    again = SignIn(name=handle, password=PASSWORD, device="loadtest", known_device=signed_in.known_device)
    return request("POST", "/v1/login", body=msgspec.json.encode(again))


def _turn(node: Node, posting: Posting, per_s: float, seconds: float, callers: Callers | None) -> Turn:
    beside = None if callers is None else lambda: callers.read(0)
    if callers is not None:
        callers.begin()
    posting.open(1.0, per_s, beside)
    posting.took_ns.clear()
    begun = 0 if callers is None else len(callers.took_ns)
    cpu_s, at = node.cpu_s, time.monotonic()
    posting.open(seconds, per_s, beside)
    cpu_per_s = (node.cpu_s - cpu_s) / (time.monotonic() - at)
    took_ms = np.array(posting.took_ns) / 1e6
    if callers is not None:
        callers.settle()
    # On a busy machine most are only answered now: hashing comes last.
    logins = 0 if callers is None else len(callers.took_ns) - begun
    logins_per_s = logins / (time.monotonic() - at)
    posting.settle()
    return Turn(
        p50_ms=float(np.percentile(took_ms, 50)),
        p99_ms=float(np.percentile(took_ms, 99)),
        cpu_s=cpu_per_s,
        logins_per_s=logins_per_s,
    )


def _hash_s() -> float:
    """CPU of one hash alone, as a node makes it."""
    hasher = argon2.PasswordHasher(time_cost=HASH_PASSES, memory_cost=HASH_KIB, parallelism=1)
    before = time.process_time()
    for _ in range(HASHES):
        hasher.hash(PASSWORD)
    return (time.process_time() - before) / HASHES


def _figures(group: str, turns: list[Turns], target: Target) -> list[Figure]:
    def figure(name: str, unit: str, values: list[float], target: Target | None = None) -> Figure:
        return Figure(group=group, name=name, unit=unit, values=tuple(values), target=target)

    login_ms = [
        max(turn.stormy.cpu_s - turn.quiet.cpu_s, 0.001) / turn.stormy.logins_per_s * 1000 for turn in turns
    ]
    return [
        figure("logins", "/s", [turn.stormy.logins_per_s for turn in turns]),
        figure("node CPU per login, without its hash", "ms", login_ms),
        figure("CPU of one Argon2 hash alone", "ms", [_hash_s() * 1000]),
        figure("post p50, no logins", "ms", [turn.quiet.p50_ms for turn in turns]),
        figure("post p50, logins", "ms", [turn.stormy.p50_ms for turn in turns]),
        figure("post p99, no logins", "ms", [turn.quiet.p99_ms for turn in turns]),
        figure("post p99, spinning processes", "ms", [turn.spun.p99_ms for turn in turns]),
        figure("post p99, logins", "ms", [turn.stormy.p99_ms for turn in turns]),
        figure(
            "post p99, logins : no logins, same turn",
            "",
            [turn.stormy.p99_ms / turn.quiet.p99_ms for turn in turns],
        ),
        figure(
            "post p99, logins : spinning processes, same turn",
            "",
            [turn.stormy.p99_ms / turn.spun.p99_ms for turn in turns],
            target,
        ),
    ]
