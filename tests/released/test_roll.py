"""A node of this version in the middle of a roll to the next: killed after `pre` it comes back, after `post` not."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
import trio

from storage.postgres.schema.migrate import MigrationFailed, migrate
from storage.postgres.schema.plan import Phase, own
from tests.integration.gatherup.test_node import GATHERUP, environment, refused
from tests.newer_release import newer_release

pytestmark = pytest.mark.real

SERVE = (*GATHERUP, "serve")
LEASE = {"GATHERUP_CLUSTER_LEASE_S": "0.5"}


@contextmanager
def serving(dsn: str) -> Iterator[str]:
    """The URL of a node that serves for the block and is killed at its end."""
    with subprocess.Popen(SERVE, env=environment(dsn, **LEASE), stderr=subprocess.PIPE, text=True) as node:
        try:
            assert node.stderr is not None
            said: list[str] = []
            for line in node.stderr:
                said.append(line)
                if "serves on" in line:
                    break
            else:
                raise AssertionError("".join(said))
            yield next(word for word in line.split() if word.startswith("http"))
        finally:
            node.kill()


def levels(dsn: str) -> list[int]:
    """What the members say to `gatherup migrate`."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("select (report::jsonb ->> 'schema')::int from node where member")
        return [level for (level,) in rows]


def opens_a_room(url: str) -> None:
    with httpx.Client(base_url=url, trust_env=False) as client:
        guest = client.post("/v1/guest", json={"display_name": "Ann"}).json()
        made = client.post(
            "/v1/rooms",
            json={"client_id": str(uuid.uuid4()), "name": "A room"},
            headers={"Authorization": f"Bearer {guest['access_token']}"},
        )
        assert made.status_code == 201, made.text


def test_a_node_in_the_middle_of_a_roll(postgres_dsn: str, tmp_path: Path) -> None:
    newer = newer_release(tmp_path / "newer", releases=1)
    with serving(postgres_dsn) as url:
        migrate(postgres_dsn, Phase.PRE, migrations=newer)
        opens_a_room(url)
    with serving(postgres_dsn) as url:
        opens_a_room(url)
        assert levels(postgres_dsn) == [own().level]
        with pytest.raises(MigrationFailed, match="Nodes of an older version of GatherUp run: "):
            migrate(postgres_dsn, Phase.POST, migrations=newer)
        opens_a_room(url)
    with psycopg.connect(postgres_dsn) as connection:
        assert connection.execute("select new_1 from room").fetchall() == [("grey",)] * 3
    migrate(postgres_dsn, Phase.POST, migrations=newer)
    sentence = trio.run(refused, postgres_dsn)
    assert sentence.startswith("The database's schema is newer than this version of GatherUp can use: ")
