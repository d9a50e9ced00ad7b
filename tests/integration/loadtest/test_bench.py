"""The benchmark runs: every figure is there, and every frame and seq on the way was checked. Speed is no matter."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from loadtest.bench import MEASURES

pytestmark = [pytest.mark.real, pytest.mark.slow]

HANG_S = 900
FIGURES = {
    "posts": {"node CPU per post", "posts", "ack p50", "ack p99", "events per commit"},
    "fanout": {
        "deliveries, node",
        "deliveries, send() loop",
        "deliveries, websockets",
        "deliveries, ws",
        "post to delivery p99",
    },
    "commit-path": {"events, closed loop", "ack p50, 2000/s"},
    "long-steps": {
        "longest step, words too long, a body too long",
        "longest step, as many words as may be, a body as long as may be",
        "longest step, links, a body too long",
        "longest step, links, a body as long as may be",
        *(
            f"longest step, 4,096 in {format_} elimination: {what}"
            for format_ in ("single", "double")
            for what in ("the start, and all first matches", "a result", "a snapshot", "taken over")
        ),
    },
    "brackets": {"bracket built", "entrants seated"},
    "tournaments": {"folded from the log"},
    "swiss": {"median round paired", "slowest round paired"},
    "pairing": {"post p99, rounds paired", "post p99, rounds paired : nothing paired, same turn"},
    "effects": {"settled", "per commit"},
    "jobs": {"drained", "start p50", "start p99"},
    "draining": {
        "post p99, jobs drained",
        "post p99, jobs drained : nothing drained, same turn",
        "drained meanwhile",
    },
    "snapshots": {"4 at once, until the last", "4 at once, served"},
    "crowds": {
        figure
        for case in (
            "40 rooms are created",
            "posts to 40 passive rooms",
            "30 sessions ask what they may read",
            "posts to 60 rooms that were active on a node that died",
        )
        for figure in (case, f"answers that served, {case}")
    },
    "events": {
        "node CPU per delivery, WebSocket",
        "node CPU per delivery, events",
        "events : WebSocket, same turn",
    },
    "http": {
        figure
        for what in ("history page", "post")
        for figure in (f"{what}, node", f"{what}, FastAPI", f"{what}, node : FastAPI, same turn")
    },
    "logins": {
        "logins",
        "post p99, logins : no logins, same turn",
        "post p99, logins : spinning processes, same turn",
    },
    "heads": {"frames per session", "bytes per frame", "node CPU per post"},
    "idle": {"node memory per connection"},
    "cross-node": {
        "p50, same node",
        "p99, same node",
        *(
            f"{figure}, cross-node, room at {whose}"
            for figure in ("p50", "p99", "p50 : same node")
            for whose in ("the author's", "the listener's", "a third")
        ),
    },
    "idle-rooms": {
        f"{asked}, {rooms}"
        for asked in ("statements to PostgreSQL", "commands to Redis")
        for rooms in ("0 rooms", "30 rooms", "30 rooms : 0 rooms")
    },
}


def test_every_measure_brings_its_figures() -> None:
    command = [sys.executable, "-m", "loadtest.bench", "--quick", "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=HANG_S)
    figures = json.loads(done.stdout)
    assert FIGURES.keys() == set(MEASURES)
    found = {figure["name"] for figure in figures}
    assert {name: missing for name, asked in FIGURES.items() if (missing := asked - found)} == {}
    assert all(figure["median"] > 0 for figure in figures)
