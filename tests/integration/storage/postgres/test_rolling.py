"""Migrating while nodes run: older ones are waited for, dead ones are not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from storage.postgres.schema.migrate import MigrationFailed, migrate
from storage.postgres.schema.plan import Migrations, Phase, own
from tests.newer_release import newer_release

pytestmark = pytest.mark.real

LEASE_S = 0.3
LEVEL = own().level


class Node:
    """A member of a level, which renews its lease as long as ``alive``."""

    def __init__(self, dsn: str, level: int | None) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True)
        joined = (
            "select node_id, node_fence from join_cluster_v2('ann', 'c', '', %s, 1, true, null, null, null)"
        )
        self.id, self.fence = self._connection.execute(joined, (LEASE_S,)).fetchone() or (0, 0)
        self._report = "{}" if level is None else f'{{"schema": {level}, "sessions": 3}}'
        self._ended = threading.Event()
        self.renew()

    def renew(self) -> bool:
        """Whether its run isn't over."""
        renewed = "select from renew_lease(%s, %s, '{}', %s, null)"
        return self._connection.execute(renewed, (self.id, self.fence, self._report)).fetchone() is not None

    @contextmanager
    def alive(self) -> Iterator[None]:
        thread = threading.Thread(target=self._renew_always)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _renew_always(self) -> None:
        while not self._ended.wait(LEASE_S / 10):
            assert self.renew()

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def next_release(tmp_path: Path) -> Migrations:
    return newer_release(tmp_path / "next", releases=1)


def oldest(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        ((found,),) = connection.execute("select oldest from schema_serves")
        return found


@pytest.mark.parametrize("level", [LEVEL, None])
def test_post_waits_for_older_nodes(postgres_dsn: str, next_release: Migrations, level: int | None) -> None:
    migrate(postgres_dsn, Phase.PRE, migrations=next_release)
    node = Node(postgres_dsn, level)
    with node.alive():
        for phase in (Phase.POST, None):
            with pytest.raises(MigrationFailed, match=r"^Nodes of an older version of GatherUp run: ann\. "):
                migrate(postgres_dsn, phase, migrations=next_release)
    assert oldest(postgres_dsn) == LEVEL
    node.close()


def test_post_ends_the_run_of_a_dead_older_node(postgres_dsn: str, next_release: Migrations) -> None:
    migrate(postgres_dsn, Phase.PRE, migrations=next_release)
    node = Node(postgres_dsn, LEVEL)
    migrate(postgres_dsn, Phase.POST, migrations=next_release)
    assert oldest(postgres_dsn) == LEVEL + 1
    assert not node.renew()  # should it wake up
    node.close()


def test_post_does_not_mind_nodes_of_its_own_level(postgres_dsn: str, next_release: Migrations) -> None:
    migrate(postgres_dsn, Phase.PRE, migrations=next_release)
    node = Node(postgres_dsn, LEVEL + 1)
    with node.alive():
        migrate(postgres_dsn, Phase.POST, migrations=next_release)
    assert oldest(postgres_dsn) == LEVEL + 1
    node.close()


def test_post_before_pre_is_refused(postgres_dsn: str, next_release: Migrations) -> None:
    with pytest.raises(MigrationFailed, match="run `gatherup migrate pre`"):
        migrate(postgres_dsn, Phase.POST, migrations=next_release)


def test_both_at_once_change_nothing_while_an_older_node_lives(
    postgres_dsn: str, next_release: Migrations
) -> None:
    node = Node(postgres_dsn, LEVEL)
    with node.alive(), pytest.raises(MigrationFailed, match="Nodes of an older version"):
        migrate(postgres_dsn, migrations=next_release)
    assert columns(postgres_dsn) == set()
    node.close()


def test_a_roll_goes_one_release_at_a_time(postgres_dsn: str, tmp_path: Path) -> None:
    """Two releases behind: not while nodes run; without nodes everything is applied in order."""
    two_on = newer_release(tmp_path / "two_on", releases=2)
    node = Node(postgres_dsn, LEVEL)
    with node.alive(), pytest.raises(MigrationFailed, match="one release at a time"):
        migrate(postgres_dsn, Phase.PRE, migrations=two_on)
    assert columns(postgres_dsn) == set()
    assert oldest(postgres_dsn) <= LEVEL
    migrate(postgres_dsn, Phase.PRE, migrations=two_on)
    assert columns(postgres_dsn) == {"new_1", "new_2"}
    assert oldest(postgres_dsn) == LEVEL + 1
    migrate(postgres_dsn, Phase.POST, migrations=two_on)
    assert oldest(postgres_dsn) == LEVEL + 2
    node.close()


def columns(dsn: str) -> set[str]:
    """Columns of the made-up releases."""
    with psycopg.connect(dsn) as connection:
        query = (
            "select attname::text from pg_attribute where attrelid = 'room'::regclass and attname like 'new%'"
        )
        return {name for (name,) in connection.execute(query)}
