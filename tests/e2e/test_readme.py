"""What the README tells people to type does what it says, on a real server."""

from __future__ import annotations

import subprocess

import httpx
import pytest

from tests.e2e.installation import GATHERUP, Installation
from tests.e2e.pages import Mismatch, Reader, compare, steps_of
from tests.e2e.watching import watching
from tests.markdown import ROOT, blocks

pytestmark = [pytest.mark.real, pytest.mark.slow]

README = ROOT / "README.md"


def test_a_wrong_page_is_found() -> None:
    names = {"ROOM": "room:1"}
    compare({"a": "...", "b": ["ROOM"], "c": "USER"}, {"a": 1, "b": ["room:1"], "c": "user:1", "d": 2}, names)
    assert names["USER"] == "user:1"
    compare(["ROOM", "..."], ["room:1", "room:2"], names)
    for said in (
        {"x": 1},
        {"b": ["room:2"]},
        {"b": []},
        {"c": 5},
        {"a": "ROOM"},
        {"b": ["ROOM", "ROOM", "..."]},
    ):
        with pytest.raises(Mismatch):
            compare(said, {"a": 1, "b": ["room:1"], "c": "user:1"}, names)


async def test_the_readme_is_so(installation: Installation) -> None:
    reader = Reader(installation)
    steps = list(steps_of(README))
    start = next(n for n, (_, text) in enumerate(steps) if "/start " in text)
    await reader.follow(steps[:start])
    async with watching(installation, reader.names["CUP"]) as seen:
        await reader.follow(steps[start:])
    assert "\n".join(seen) in {block.text.rstrip() for block in blocks("text", README)}
    assert reader.names.keys() == {"TOKEN", "USER", "ROOM", "CUP", "BEN", "CAY"}
    async with httpx.AsyncClient(base_url=installation.url) as web:
        for path in ("/docs", "/openapi.json"):
            assert (await web.get(path)).status_code == 200


@pytest.mark.parametrize(
    "arguments",
    [["--version"], ["schema"], ["check-config", "--example"], ["chat", "--help"], ["watch", "--help"]],
)
def test_quick_commands_run(arguments: list[str]) -> None:
    done = subprocess.run(
        [str(GATHERUP), *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
