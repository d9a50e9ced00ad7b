"""The hosted workflows run what there is, with no more rights than they need, and actions nobody can exchange."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.markdown import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
SCANS = {"codeql", "dependencies", "sbom", "secrets"}


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    return yaml.safe_load(path.read_text())["jobs"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_commands_exist_and_rights_are_to_read(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["permissions"] == {}
    for job in jobs(path).values():
        writes = {name for name, right in job["permissions"].items() if right != "read"}
        assert writes <= {"security-events"}
        assert job["timeout-minutes"] <= 60
        commands = [step["run"] for step in job["steps"] if "run" in step]
        targets = {command.removeprefix("make ") for command in commands if command.startswith("make ")}
        assert targets <= TARGETS


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_digest_and_say_their_version(path: Path) -> None:
    """The same action is the same one in every workflow."""
    used = re.findall(r"uses: (\S+)(.*)", path.read_text())
    assert used
    for action, note in used:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", note), action
    everywhere = {action for one in WORKFLOWS for action in re.findall(r"uses: (\S+)", one.read_text())}
    assert len(everywhere) == len({action.partition("@")[0] for action in everywhere})


def test_security_is_scanned_on_every_change_and_every_week() -> None:
    (path,) = [one for one in WORKFLOWS if one.name == "security-scan.yml"]
    assert jobs(path).keys() == SCANS
    begins = yaml.safe_load(path.read_text())[True]  # YAML 1.1 takes "on" for true
    assert begins.keys() == {"push", "pull_request", "schedule"}
    uses = {step.get("uses", step.get("run")).partition("@")[0] for step in jobs(path)["codeql"]["steps"]}
    assert {"github/codeql-action/init", "github/codeql-action/analyze"} <= uses
