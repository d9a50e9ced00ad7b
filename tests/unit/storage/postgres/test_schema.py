"""Which migrations are applied, and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.postgres.schema.plan import FOLDER, Migrations, Phase, PlanRefusedError, level_of, own, plan

PRE, POST = Phase.PRE, Phase.POST


@pytest.fixture
def migrations(tmp_path: Path) -> Migrations:
    """Of three releases, the newest unfinished. Within a release `post` was written before the last `pre`."""
    for name in ("pre", "post"):
        (tmp_path / name).mkdir()
    (tmp_path / "releases.txt").write_text("12\n22\n")
    for name in ("pre/11_a", "pre/12_b", "pre/20_c", "post/21_d", "pre/22_e", "pre/31_f", "post/32_g"):
        (tmp_path / f"{name}.sql").write_text("-- migrate:up\n")
    (tmp_path / "pre" / "33_h.sql").write_text("-- migrate:up transaction:false\n")
    return Migrations.read(tmp_path)


def planned(migrations: Migrations, applied: str, phase: Phase | None) -> list[tuple[list[str], int]]:
    return [
        ([migration.version for migration in step.migrations], step.serves)
        for step in plan(migrations, applied.split(), phase)
    ]


def test_an_empty_database_gets_each_release_whole_before_the_next(migrations: Migrations) -> None:
    assert planned(migrations, "", None) == [
        (["11", "12"], 0),
        (["20", "22"], 1),
        (["21"], 2),
        (["31"], 2),
        (["33"], 2),
        (["32"], 3),
    ]


def test_pre_leaves_the_newest_post_out(migrations: Migrations) -> None:
    assert planned(migrations, "11 12 20 21 22", PRE) == [(["31"], 2), (["33"], 2)]


def test_pre_brings_what_is_left_of_earlier_releases(migrations: Migrations) -> None:
    assert planned(migrations, "11 12 20 22", PRE) == [(["21"], 2), (["31"], 2), (["33"], 2)]
    assert planned(migrations, "11 12", PRE)[0] == (["20", "22"], 1)


def test_post_comes_after_pre(migrations: Migrations) -> None:
    assert planned(migrations, "11 12 20 21 22 31 33", POST) == [(["32"], 3)]
    assert planned(migrations, "11 12 20 21 22 31 33", PRE) == []
    with pytest.raises(PlanRefusedError, match="gatherup migrate pre"):
        plan(migrations, ["11", "12", "20", "21", "22", "31"], POST)


def test_nothing_is_left_to_do(migrations: Migrations) -> None:
    everything = [migration.version for migration in migrations.ordered]
    for phase in (None, PRE, POST):
        assert plan(migrations, [*everything, "99"], phase) == []


def test_what_builds_an_index_concurrently_runs_outside_of_a_transaction(migrations: Migrations) -> None:
    assert [step.transactional for step in plan(migrations, ["11", "12", "20", "21", "22"], PRE)] == [
        True,
        False,
    ]


def test_a_node_needs_pre_and_is_of_the_newest_level(migrations: Migrations) -> None:
    assert migrations.needed == {"11", "12", "20", "22", "31", "33"}
    assert migrations.level == 3


def test_levels_count_releases() -> None:
    assert [level_of(version, ["12", "22"]) for version in ("11", "12", "13", "22", "23")] == [1, 1, 2, 2, 3]


def test_this_versions_migrations_are_found() -> None:
    assert len(own().ordered) == len(list(FOLDER.glob("*/*.sql"))) > 0
