"""``gatherup keys`` and ``gatherup jobs`` on a real database."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import psycopg
import pytest
from click.testing import CliRunner, Result

from gatherup.cli import main

pytestmark = pytest.mark.real
Run = Callable[..., Result]


@pytest.fixture
def run(postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DATABASE_URL", postgres_dsn)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments)

    return invoke


def test_a_key_is_made_listed_and_revoked(run: Run, postgres_dsn: str) -> None:
    made = run(
        "keys",
        "create",
        "my \x1b[31marena",
        "--scope",
        "rooms.create",
        "--scope",
        "tokens.mint",
        "--days",
        "3",
    )
    assert made.exit_code == 0, made.output
    found = re.fullmatch(r"gu_([0-9a-f]{32})_[A-Za-z0-9_-]{43}\n", made.output)
    assert found is not None
    listed = run("keys", "list").output
    assert re.fullmatch(rf"{found[1]}  good +never used  rooms.create,tokens.mint  my .*arena\n", listed)
    assert "\x1b" not in listed
    assert run("keys", "revoke", found[1]).output == f"{found[1]} is revoked.\n"
    assert "revoked" in run("keys", "list").output
    again = run("keys", "revoke", found[1])
    assert (again.exit_code, again.output) == (1, f"There is no working key {found[1]}.\n")
    assert run("keys", "revoke", "nonsense").exit_code == 1
    with psycopg.connect(postgres_dsn) as connection:
        acts = connection.execute("select act, actor, subject from audit_log order by id").fetchall()
    assert acts == [("key.create", "system", f"key:{found[1]}"), ("key.revoke", "system", f"key:{found[1]}")]


@pytest.mark.parametrize(
    "arguments",
    [
        ("keys", "create", "x"),
        ("keys", "create", "x", "--scope", "everything"),
        ("keys", "create", "", "--scope", "tokens.mint"),
        ("keys", "create", "x" * 81, "--scope", "tokens.mint"),
        ("jobs", "retry"),
        ("jobs", "retry", "1", "--all"),
        ("jobs", "retry", "--all", "--queue", "mail"),
        ("jobs", "retry", "0"),
        ("jobs", "retry", str(2**63)),
        ("jobs", "purge"),
        ("jobs", "purge", "x"),
        ("jobs", "dead", "--older", "3"),
        ("jobs", "dead", "--older", "0d"),
        ("jobs", "dead", "--older", "99999d"),
        ("jobs", "dead", "--limit", "0"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code in {1, 2}
    assert "Traceback" not in result.output


@pytest.fixture
def dead(postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute(
            "insert into job (queue, arguments, attempts, dead_at, last_error) values"
            ' (\'mail\', \'{"to": "ann@example.org", "template": "locked_out", "code": "c0de"}\', 10, now(),'
            " 'refused (550)'), ('mail', '{}', 0, null, null),"
            " ('webhook', '{}', 15, now() - interval '3 days', 'gone')"
        )


@pytest.mark.usefixtures("dead")
def test_dead_jobs_are_listed_without_what_is_in_them(run: Run) -> None:
    assert run("jobs", "list").output == "mail: 1 waiting, 1 dead\nwebhook: 0 waiting, 1 dead\n"
    shown = run("jobs", "dead").output
    assert shown.startswith("mail/locked_out: 1 dead\nwebhook: 1 dead\n")
    assert re.search(
        r"^\d+  mail/locked_out  10 attempts  dead .* UTC  refused \(550\)$", shown, re.MULTILINE
    )
    assert "c0de" not in shown
    assert "ann@" not in shown
    told = json.loads(run("jobs", "dead", "--older", "2d", "--json").output)
    assert told["counts"] == [{"queue": "webhook", "kind": "", "dead": 1}]
    assert [(job["queue"], job["last_error"]) for job in told["jobs"]] == [("webhook", "gone")]
    counts = json.loads(run("jobs", "list", "--json").output)
    assert (counts["mail"]["waiting"], counts["webhook"]["dead"]) == (1, 1)


@pytest.mark.usefixtures("dead")
def test_dead_jobs_are_retried_or_purged_by_id_and_by_filter(run: Run) -> None:
    (job,) = json.loads(run("jobs", "dead", "--queue", "webhook", "--json").output)["jobs"]
    assert run("jobs", "purge", "--kind", "locked_out", "--older", "1h").output == "0 deleted.\n"
    assert run("jobs", "retry", str(job["id"])).output == "1 will be tried again.\n"
    again = run("jobs", "retry", str(job["id"]))
    assert again.exit_code == 1
    assert "1 of these ids belong to no dead job" in again.output
    assert json.loads(run("jobs", "purge", "--kind", "locked_out", "--json").output) == {"purged": 1}
    assert run("jobs", "retry", "--all").output == "0 will be tried again.\n"
    assert run("jobs", "dead").output == ""
