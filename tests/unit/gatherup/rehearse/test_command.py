"""The command: what it prints, and what it says of a file that makes no tournament."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gatherup.cli import main
from gatherup.rehearse.definition import BYTES_MAX
from gatherup.rehearse.rates import Rates
from tests.markdown import ROOT

CUP: dict[str, Any] = {"name": "Saturday cup", "format": "double_elimination", "entrants_max": 8}
SURE: dict[str, Any] = dict.fromkeys(Rates.__struct_fields__, 0)


def rehearse(tmp_path: Path, content: object, *options: str) -> Result:
    file = tmp_path / "cup.json"
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return CliRunner().invoke(main, ["rehearse", str(file), *options])


def test_the_course_is_printed(tmp_path: Path) -> None:
    done = rehearse(tmp_path, {**CUP, "rehearsal": {"seed": 4, "rates": SURE}})
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0] == "Saturday cup: 8 people, seed 4"
    assert "running, 8 entrants" in done.output and "winners 1: 4 matches" in done.output
    assert "absent" not in done.output and "disputed" not in done.output and "corrected" not in done.output
    assert lines[lines.index("Places") + 1].startswith("         1  entrant ")
    assert lines[-2].startswith("It took ")


def test_the_example_of_the_docs_has_all_that_it_tells_of() -> None:
    told = json.loads(
        CliRunner().invoke(main, ["rehearse", str(ROOT / "docs/saturday-cup.json"), "--json"]).output
    )
    assert (told["people"], len(told["standings"])) == (20, 16)
    assert any(round_["absent"] for round_ in told["rounds"]) and told["corrections"]
    assert any(round_["disputed"] for round_ in told["rounds"])


def test_stages_are_played_one_after_the_other(tmp_path: Path) -> None:
    stages = [
        {"format": "round_robin", "groups": 2, "advance": 2, "draws": True},
        {"format": "double_elimination"},
    ]
    rates = {**SURE, "no_shows": 0.1, "corrections": 0.1, "undoings": 0.1, "withdrawals": 0.05}
    cup = {"name": "Groups", "entrants_max": 8, "stages": stages, "rehearsal": {"people": 8, "rates": rates}}
    told = json.loads(rehearse(tmp_path, cup, "--json").output)
    assert {round_["part"] for round_ in told["rounds"]} >= {"group", "winners", "losers", "final"}
    assert len(told["standings"]) == 8 and told["standings"][-1]["place"] >= 7


def test_what_goes_wrong_is_named(tmp_path: Path) -> None:
    rates = {
        **SURE,
        "no_shows": 0.2,
        "disputes": 0.3,
        "corrections": 0.2,
        "undoings": 0.2,
        "withdrawals": 0.1,
    }
    done = rehearse(tmp_path, {**CUP, "rehearsal": {"seed": 3, "rates": {**rates, "reinstatements": 1}}})
    for what in (
        "absent: entrant",
        "disputed: match",
        "decided by staff",
        "corrected: match",
        "played again: match",
    ):
        assert what in done.output, done.output
    assert "Left while it ran: " in done.output and "Came back: " in done.output
    assert "began anew" in done.output


def test_json_holds_the_whole_course(tmp_path: Path) -> None:
    told = json.loads(
        rehearse(tmp_path, {**CUP, "rehearsal": {"rates": SURE}}, "--json", "--seed", "9").output
    )
    assert (told["seed"], told["people"], told["phase"]) == (9, 8, "finished")
    assert [one["place"] for one in told["standings"]] == [1, 2, 3, 4, 5, 5, 7, 7]
    assert {round_["part"] for round_ in told["rounds"]} >= {"winners", "losers", "final"}
    assert 0 < told["played_s"] < told["lasted_s"] and told["refused"] == {}


def test_the_same_file_has_the_same_course(tmp_path: Path) -> None:
    first, again, other = (rehearse(tmp_path, CUP, "--json", "--seed", seed).output for seed in "556")
    assert first == again != other


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "The file is no JSON"),
        (b'{"name": "\xff"}', "name: "),
        ({"format": "double_elimination"}, "name: "),
        ({**CUP, "format": "quadruple"}, "format: "),
        ({**CUP, "speed": 1}, "speed: There is no such field."),
        ({**CUP, "rehearsal": {"rates": {"no_shows": 2}}}, "rehearsal.rates.no_shows: "),
        ({**CUP, "rehearsal": {"people": 0}}, "rehearsal.people: "),
        ({**CUP, "visibility": "invited"}, "entry: Staff enter people"),
        ({**CUP, "check_in_at": 20, "start_at": 10}, "start_at: Registration, check-in and start"),
        (b" " * (BYTES_MAX + 1), "The file is larger than 1,048,576 bytes."),
    ],
)
def test_a_file_that_makes_no_tournament_is_refused(tmp_path: Path, content: object, said: str) -> None:
    done = rehearse(tmp_path, content)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(said) and done.stderr.count("\n") == 1
