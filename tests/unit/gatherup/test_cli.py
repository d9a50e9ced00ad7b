"""The command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from gatherup.cli import main
from tests.markdown import ROOT

SCHEMA = ROOT / "docs" / "schema"


def test_schema_is_written_as_it_stands_in_the_documentation(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["schema", "--write", str(tmp_path / "out")])
    assert (done.exit_code, done.output) == (0, "")
    written = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    assert written == {path.name: path.read_text() for path in SCHEMA.iterdir()}
    printed = CliRunner().invoke(main, ["schema"]).output
    assert all(text in printed for text in written.values())


def test_migrate_without_a_database_exits_2() -> None:
    done = CliRunner().invoke(main, ["migrate"], env={"DATABASE_URL": ""})
    assert done.exit_code == 2
    assert done.output.startswith("DATABASE_URL: must be set, or DATABASE_URL_FILE to ")


def test_the_old_name_of_processes_is_refused_with_the_new_one() -> None:
    done = CliRunner().invoke(main, ["serve", "--workers", "4"])
    assert done.exit_code == 1
    assert "--workers is called --processes now" in done.output


def test_a_worker_needs_redis() -> None:
    done = CliRunner().invoke(
        main,
        ["worker"],
        env={
            "DATABASE_URL": "postgresql://x@127.0.0.1:1/x",
            "REDIS_URL": "",
            "GATHERUP_AUTH_TOKEN_KEY": "a1" * 32,
            "GATHERUP_RUNTIME_RECEIPT_KEY": "b2" * 32,
        },
    )
    assert done.exit_code == 2
    assert "GATHERUP_ROLES: without stream REDIS_URL must be set" in done.output


KEYS = {"GATHERUP_AUTH_TOKEN_KEY": "a1" * 32, "GATHERUP_RUNTIME_RECEIPT_KEY": "b2" * 32}
WHOLE = {
    "DATABASE_URL": "postgresql://x@127.0.0.1:1/x",
    "REDIS_URL": "redis://127.0.0.1:1",
    "GATHERUP_CLUSTER_SECRET": "c3" * 32,
    **KEYS,
}


@pytest.mark.parametrize("command", ["serve", "worker"])
@pytest.mark.parametrize("missing", ["DATABASE_URL", "GATHERUP_CLUSTER_SECRET", *KEYS])
def test_a_missing_secret_is_named(command: str, missing: str) -> None:
    done = CliRunner().invoke(main, [command], env={**WHOLE, missing: ""})
    assert done.exit_code == 2
    assert done.output.startswith(f"{missing}: must be set"), done.output


@pytest.mark.parametrize("count", ["0", "-1", "65", "two", "1.5"])
@pytest.mark.parametrize("command", [("serve", "--processes"), ("dev", "--nodes")])
def test_a_wrong_number_of_nodes_is_refused_with_a_sentence(command: tuple[str, str], count: str) -> None:
    done = CliRunner().invoke(main, [*command, count], env=WHOLE)
    assert done.exit_code == 2
    assert f"'{command[1]}': " in done.output
    assert "is not" in done.output


def test_several_nodes_need_redis() -> None:
    done = CliRunner().invoke(main, ["serve", "--processes", "2"], env={**WHOLE, "REDIS_URL": ""})
    assert done.exit_code == 1
    assert "bus_needed: several nodes need REDIS_URL" in done.output


def test_an_unknown_role_is_refused() -> None:
    done = CliRunner().invoke(main, ["serve"], env={**WHOLE, "GATHERUP_ROLES": "api,jobs"})
    assert done.exit_code == 2
    assert "GATHERUP_ROLES: 'api,jobs' is not allowed: each must be one of api, stream, worker" in done.output
