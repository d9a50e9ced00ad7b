"""The TypeScript SDK keeps up with the protocol, and keeps its own house rules."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from protocol import typescript
from protocol.codec import FULL
from protocol.frames import SERVER_FRAMES

ROOT = Path(__file__).parents[2]
SDK = ROOT / "clients" / "typescript"
MADE = (ROOT / typescript.FILE).read_text(encoding="utf-8")
PURE = (
    "bracket",
    "commands",
    "heads",
    "marks",
    "state",
    "subscriptions",
    "wire",
    "engine",
    "client",
    "stream",
    "feed",
    "tournament",
)
"""Modules that take time, chance and sockets from their ports."""
IMPURE = re.compile(
    r"\b(Date|performance|setTimeout|setInterval|Math\.random|crypto|new WebSocket|globalThis)\b"
)


def test_the_types_are_current() -> None:
    assert typescript.source() == MADE, "run: make docs"


def test_another_process_makes_the_same_text() -> None:
    command = [sys.executable, "-c", "from protocol import typescript; print(typescript.source(), end='')"]
    made = subprocess.run(command, cwd=ROOT, env={"PYTHONHASHSEED": "4711"}, check=True, capture_output=True)
    assert made.stdout.decode() == MADE


def test_every_frame_has_its_type() -> None:
    for frame in (*FULL, *SERVER_FRAMES):
        tag = frame.__struct_config__.tag
        assert f"  t: '{tag}'\n" in MADE, tag


def test_every_type_that_is_named_is_there() -> None:
    code = re.sub(r"/\*.*?\*/|//[^\n]*|'[^'\n]*'|\"[^\"\n]*\"", "", MADE, flags=re.DOTALL)
    named = set(re.findall(r"(?<![\w.])[A-Z][A-Za-z]*[a-z][A-Za-z]*\b(?=[\[\]\s|,>;)]|$)", code))
    there = set(re.findall(r"export (?:interface|type|const) (\w+)", code))
    assert named - there == set()


@pytest.mark.parametrize("name", PURE)
def test_time_chance_and_sockets_are_ports(name: str) -> None:
    source = (SDK / "src" / f"{name}.ts").read_text(encoding="utf-8")
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", source, flags=re.DOTALL)
    assert IMPURE.findall(code) == []


def test_it_needs_a_messagepack_library_and_nothing_else() -> None:
    package = json.loads((SDK / "package.json").read_text(encoding="utf-8"))
    assert list(package["dependencies"]) == ["@msgpack/msgpack"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"].startswith(package["version"]), "both SDKs have one version"
