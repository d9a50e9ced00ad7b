"""The lock files hold what pyproject.toml asks for, with hashes, and name no host."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKS = ("requirements.lock", "requirements-dev.lock")
NODE_FOLDERS = ("tests/e2e/node", "clients/typescript")
PIN = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>\S+)(?: ; [^\\]+)? \\\n(?P<hashes>(?: +--hash=\S+(?: \\)?\n)+)",
    re.MULTILINE,
)


def pins(lock: str) -> dict[str, set[str]]:
    """Return each pinned package with its versions: more than one where the Python versions differ."""
    found: dict[str, set[str]] = {}
    for match in PIN.finditer(lock):
        found.setdefault(canonicalize_name(match["name"]), set()).add(match["version"])
    return found


def unmet(requirements: list[str], lock: str) -> list[str]:
    """Return the requirements that no pin, or a pin of another version, answers."""
    pinned = pins(lock)
    wanted = [Requirement(text) for text in requirements]
    return [
        str(want)
        for want in wanted
        if not (versions := pinned.get(canonicalize_name(want.name)))
        or not all(want.specifier.contains(version, prereleases=True) for version in versions)
    ]


def test_the_server_lock_answers_every_requirement() -> None:
    assert unmet(PROJECT["dependencies"], (ROOT / "requirements.lock").read_text()) == []


def test_the_development_lock_answers_every_requirement() -> None:
    extras = [text for group in PROJECT["optional-dependencies"].values() for text in group]
    requirements = [text for text in PROJECT["dependencies"] + extras if not text.startswith("gatherup[")]
    assert unmet(requirements, (ROOT / "requirements-dev.lock").read_text()) == []


def test_both_locks_pin_the_same_versions() -> None:
    server, development = (pins((ROOT / lock).read_text()) for lock in LOCKS)
    assert {name: development.get(name) for name in server} == server


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_belongs_to_a_pin_with_hashes(lock: str) -> None:
    assert PIN.sub("", (ROOT / lock).read_text()).strip() == ""


@pytest.mark.parametrize("folder", NODE_FOLDERS)
def test_the_npm_lock_has_hashes_and_names_no_host(folder: str) -> None:
    lock = json.loads((ROOT / folder / "package-lock.json").read_text())
    wanted = json.loads((ROOT / folder / "package.json").read_text())
    packages = {path: entry for path, entry in lock["packages"].items() if path}
    for group in ("dependencies", "devDependencies"):
        assert lock["packages"][""].get(group) == wanted.get(group)
    assert packages
    assert [path for path, entry in packages.items() if "resolved" in entry] == []
    assert [path for path, entry in packages.items() if not entry["integrity"].startswith("sha512-")] == []


def test_a_lock_that_falls_short_is_found() -> None:
    lock = "trio==0.34.0 \\\n    --hash=sha256:00\n"
    assert unmet(["trio>=0.35", "msgspec"], lock) == ["trio>=0.35", "msgspec"]
    assert PIN.sub("", "--index-url x\n" + lock + "attrs==1.0\n") == "--index-url x\nattrs==1.0\n"
