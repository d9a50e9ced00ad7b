"""Secrets in files: NAME_FILE for each secret, with a sentence for each file that gives none."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from gatherup import config
from gatherup.cli import main
from gatherup.config import ConfigError
from gatherup.config.files import FILE_BYTES_MAX
from tests.unit.gatherup.config.test_config import MINIMAL, PASSWORD

WHOLE = {
    **MINIMAL,
    "REDIS_URL": "redis://h:1/0",
    "GATHERUP_CLUSTER_SECRET": "c3" * 32,
    "GATHERUP_MAIL_PASSWORD": PASSWORD,
    "GATHERUP_AUTH_TOKEN_KEYS_ACCEPTED": "d4" * 32,
    "GATHERUP_AUTH_OIDC_PROVIDERS": "[]",
}


def problem(**variables: str) -> str:
    with pytest.raises(ConfigError) as caught:
        config.read(variables)
    (sentence,) = caught.value.problems
    return sentence


def in_files(folder: Path, values: dict[str, str], end: str = "\n") -> dict[str, str]:
    """The same settings, each in a file of its own."""
    for name, value in values.items():
        (folder / name).write_text(value + end)
    return {f"{name}_FILE": str(folder / name) for name in values}


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_every_secret_may_be_in_a_file(tmp_path: Path, end: str) -> None:
    assert WHOLE.keys() == {leaf.variable for leaf in config.leaves() if leaf.secret}
    assert config.read(in_files(tmp_path, WHOLE, end)) == config.read(WHOLE)


def test_the_database_s_commands_take_a_file(tmp_path: Path) -> None:
    files = in_files(tmp_path, {"DATABASE_URL": MINIMAL["DATABASE_URL"]})
    assert config.database_url(files).reveal() == MINIMAL["DATABASE_URL"]


def test_from_files_puts_the_values_into_the_environment(tmp_path: Path) -> None:
    assert config.from_files({"HOME": "/", **in_files(tmp_path, MINIMAL)}) == {"HOME": "/", **MINIMAL}
    with pytest.raises(ConfigError, match="DATABASE_URL_FILE"):
        config.from_files({"DATABASE_URL_FILE": str(tmp_path / "none")})


@pytest.mark.parametrize("name", MINIMAL)
def test_both_are_refused_by_both_names(tmp_path: Path, name: str) -> None:
    said = problem(**MINIMAL, **in_files(tmp_path, {name: MINIMAL[name]}))
    assert said == f"{name}_FILE: {name} is set too; unset one of them"


def test_an_empty_variable_beside_a_file_counts_as_unset(tmp_path: Path) -> None:
    files = in_files(tmp_path, {"DATABASE_URL": MINIMAL["DATABASE_URL"]})
    assert config.read({**MINIMAL, "DATABASE_URL": "", **files}) == config.read(MINIMAL)
    assert config.read({**MINIMAL, "DATABASE_URL_FILE": ""}) == config.read(MINIMAL)


def refused_files(folder: Path) -> dict[str, tuple[Path, str]]:
    (folder / "empty").write_text("\n")
    (folder / "bytes").write_bytes(b"\xff\xfe")
    (folder / "long").write_text("a" * (FILE_BYTES_MAX + 1))
    return {
        "missing": (folder / "none", "can't be read: No such file or directory"),
        "no file": (folder, "is not a file"),
        "below a file": (folder / "empty" / "x", "can't be read: Not a directory"),
        "empty": (folder / "empty", "is empty"),
        "no text": (folder / "bytes", "holds no UTF-8 text"),
        "too long": (folder / "long", "holds more than 65536 bytes"),
    }


@pytest.mark.parametrize("case", ["missing", "no file", "below a file", "empty", "no text", "too long"])
def test_a_file_that_gives_no_value_is_told_once(tmp_path: Path, case: str) -> None:
    path, reason = refused_files(tmp_path)[case]
    without = {name: value for name, value in MINIMAL.items() if name != "DATABASE_URL"}
    assert problem(**without, DATABASE_URL_FILE=str(path)) == f"DATABASE_URL_FILE: {path} {reason}"
    done = CliRunner().invoke(main, ["migrate"], env={"DATABASE_URL": "", "DATABASE_URL_FILE": str(path)})
    assert (done.exit_code, done.output) == (2, f"DATABASE_URL_FILE: {path} {reason}\n")


def test_a_file_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests may run as root, who may read everything."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    files = {"REDIS_URL_FILE": str(tmp_path / "key")}
    assert problem(**MINIMAL, **files) == f"REDIS_URL_FILE: {tmp_path}/key can't be read: Permission denied"


def test_a_bad_value_in_a_file_is_told_by_the_file_s_variable_and_not_repeated(tmp_path: Path) -> None:
    without = {name: value for name, value in MINIMAL.items() if name != "DATABASE_URL"}
    said = problem(**without, **in_files(tmp_path, {"DATABASE_URL": PASSWORD}))
    assert said.startswith("DATABASE_URL_FILE: must look like")
    assert PASSWORD not in said


def test_a_missing_secret_is_told_by_both_names() -> None:
    with pytest.raises(ConfigError) as caught:
        config.read({})
    for name, said in zip(MINIMAL, caught.value.problems, strict=True):
        assert said.startswith(f"{name}: must be set, or {name}_FILE to the path of a file that holds it.")


def test_what_is_no_secret_has_no_file(tmp_path: Path) -> None:
    said = problem(**MINIMAL, GATHERUP_HTTP_PORT_FILE=str(tmp_path))
    assert said == "GATHERUP_HTTP_PORT_FILE: there is no such setting"
