"""What `gatherup dev` prints and keeps, without its servers."""

from __future__ import annotations

import shlex
import stat
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gatherup import dev
from gatherup.addresses import USUAL, Addresses
from gatherup.cli import invoked, main
from gatherup.randomness import SystemRandomness


def commands(program: str, addresses: Addresses) -> list[str]:
    said: list[str] = []
    dev._greet(said.append, program, addresses)
    return [line.strip() for line in "".join(said).splitlines() if " chat " in line]


def test_the_usual_addresses_are_left_out() -> None:
    assert commands(".venv/bin/gatherup", USUAL) == [
        ".venv/bin/gatherup chat lobby --as ann",
        ".venv/bin/gatherup chat lobby --as ben",
    ]


def test_only_the_unusual_address_is_named() -> None:
    elsewhere = Addresses(http=USUAL.http, stream="ws://127.0.0.1:9/v1/stream")
    assert commands("gatherup", elsewhere)[0] == (
        "gatherup chat lobby --as ann --stream ws://127.0.0.1:9/v1/stream"
    )


def test_the_program_is_named_as_it_was_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "with a space"
    folder.mkdir()
    program = folder / "gatherup"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert invoked(".venv/bin/gatherup") == ".venv/bin/gatherup"
    assert invoked(str(program)) == f"'{program}'"
    monkeypatch.setenv("PATH", str(folder))
    assert invoked(str(program)) == "gatherup"
    assert shlex.split(invoked("/x/gatherup/__main__.py")) == [sys.executable, "-m", "gatherup"]


def test_secrets_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / dev.SECRETS_FILE
    made = dev.secrets(path, SystemRandomness())
    assert set(made) == set(dev.GENERATED)
    assert len(set(made.values())) == len(dev.GENERATED)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert dev.secrets(path, SystemRandomness()) == made


def test_a_key_that_an_earlier_release_did_not_know_is_added(tmp_path: Path) -> None:
    path = tmp_path / dev.SECRETS_FILE
    known = "".join(f"{name}={'ab' * 32}\n" for name in dev.GENERATED[:2])
    path.write_text(known)
    made = dev.secrets(path, SystemRandomness())
    assert set(made) == set(dev.GENERATED)
    assert path.read_text().startswith(known)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_data_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(main, ["dev"], env={"GATHERUP_DATA": str(tmp_path / "file" / "data")})
    assert done.exit_code == 1
    assert done.output == (
        f"{tmp_path}/file/data can't be made: Not a directory. GATHERUP_DATA names another folder.\n"
    )
