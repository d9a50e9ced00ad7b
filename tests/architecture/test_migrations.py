"""Migrations that were applied somewhere never change, and new ones keep to the two phases.

The policy is in docs/guides/operators.md and CONTRIBUTING.md.
"""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import pytest

from storage.postgres.schema.plan import FOLDER, Migration, Migrations, Phase

DIGESTS = Path(__file__).with_name("migrations.sha256")
RELEASED = Path(__file__).parents[1] / "released" / "schema.txt"
MIGRATIONS = Migrations.read(FOLDER)
FIRST_RELEASE = 1
"""Its migrations were made before there were phases."""

_COMMENT = re.compile(r"--[^\n]*")
_BODY = re.compile(r"(create (?:or replace )?(?:function|procedure)\b.*?)\$(\w*)\$.*?\$\2\$", re.DOTALL)
_INDEX = re.compile(r"create (?:unique )?index (?!concurrently)\w+ on (?:only )?(\w+)")
_PRE_NEVER = {
    r"\bdrop\b": "removes something: that belongs into post",
    r"\brename\b": "renames something: add the new beside the old, and drop the old in post a release later",
    r"\balter type\b": "alters a type: make a _v2 of it and of the functions that take it",
    r"\balter column\b.*\btype\b": "changes a column's type: add a column beside it",
    r"\bset not null\b": "tightens a column: that belongs into post",
    r"\badd constraint\b(?!.*\bnot valid\b)": "checks existing rows: add it as not valid, and validate it in post",
    r"\badd column\b(?=[^,;]*\bnot null\b)(?![^,;]*\bdefault\b)": "adds a column that older nodes can't fill: give it"
    " a default",
    r"\badd column\b[^,;]*\bdefault (?!now\(\))[^,;]*\(": "adds a column whose default is no constant: that rewrites"
    " the table",
}
_POST_NEVER = {
    r"\badd column\b": "adds a column: that belongs into pre",
    r"\bcreate (?:table|type)\b": "adds something: that belongs into pre",
}


def up_part(text: str) -> str:
    """What is applied, in lower case, without comments and without the bodies of functions."""
    up = text.partition("-- migrate:down")[0]
    return _BODY.sub(r"\1", _COMMENT.sub("", up).lower())


def faults(phase: Phase, text: str) -> list[str]:
    """What a migration does that its phase doesn't allow."""
    up = up_part(text)
    statements = [statement.strip() for statement in up.split(";") if statement.strip()]
    never = _PRE_NEVER if phase is Phase.PRE else _POST_NEVER
    found = [
        why for pattern, why in never.items() for one in statements if re.search(pattern, one, re.DOTALL)
    ]
    made = set(re.findall(r"create table (\w+)", up))
    if any(table not in made for table in _INDEX.findall(up)):
        found.append(
            "locks a table that exists while it builds an index: build it concurrently, in a file of its own that"
            " begins with `-- migrate:up transaction:false`"
        )
    if re.search(r"^-- migrate:up.*transaction:false", text, re.MULTILINE) and (
        len(statements) != 1 or not re.match(r"(create (unique )?|drop )index concurrently", statements[0])
    ):
        found.append("runs outside of a transaction: that is for one `create index concurrently` alone")
    return found


@pytest.mark.parametrize("migration", MIGRATIONS.ordered, ids=lambda migration: migration.path.name)
def test_applied_migrations_never_change(migration: Migration) -> None:
    name = str(migration.path.relative_to(FOLDER))
    kept = {line.split()[1]: line.split()[0] for line in DIGESTS.read_text().splitlines()}
    digest = sha256(migration.path.read_bytes()).hexdigest()
    assert name in kept, f"{name} is new: add this line to {DIGESTS.name}:\n{digest}  {name}"
    assert kept[name] == digest, f"{name} was changed: undo that, and write a new migration instead"


def test_no_applied_migration_is_gone() -> None:
    there = {str(migration.path.relative_to(FOLDER)) for migration in MIGRATIONS.ordered}
    kept = {line.split()[1] for line in DIGESTS.read_text().splitlines()}
    assert kept <= there, "a migration was removed or renamed: databases that have it would get it again"


def test_no_two_migrations_have_one_version() -> None:
    versions = [migration.version for migration in MIGRATIONS.ordered]
    assert sorted(set(versions)) == sorted(versions), "dbmate tells migrations apart by these digits alone"


def test_a_new_migration_is_newer_than_the_last_release() -> None:
    released = set(re.findall(r"^migration (\d+)$", RELEASED.read_text(), re.MULTILINE))
    level = max(m.level for m in MIGRATIONS.ordered if m.version in released)
    late = [m.path.name for m in MIGRATIONS.ordered if m.level <= level and m.version not in released]
    assert late == [], "it would count as a part of that release: give it a newer version"


@pytest.mark.parametrize(
    "migration",
    [migration for migration in MIGRATIONS.ordered if migration.level > FIRST_RELEASE],
    ids=lambda migration: migration.path.name,
)
def test_a_migration_keeps_to_its_phase(migration: Migration) -> None:
    assert faults(migration.phase, migration.path.read_text()) == []


@pytest.mark.parametrize(
    ("phase", "statements"),
    [
        (Phase.PRE, "drop table room;"),
        (Phase.PRE, "alter table room drop column topic;"),
        (Phase.PRE, "do $$ begin drop table room; end $$;"),
        (Phase.PRE, "alter table room rename column topic to subject;"),
        (Phase.PRE, "ALTER TYPE room_write ADD ATTRIBUTE colour text;"),
        (Phase.PRE, "alter table room alter column topic type varchar(9);"),
        (Phase.PRE, "alter table room alter column topic set not null;"),
        (Phase.PRE, "alter table room add constraint c check (topic <> '');"),
        (Phase.PRE, "alter table room add column colour text not null;"),
        (Phase.PRE, "alter table room add column a text default '', add column colour text not null;"),
        (Phase.PRE, "alter table room add column colour uuid not null default gen_random_uuid();"),
        (Phase.PRE, "create index room_topic on room (topic);"),
        (Phase.POST, "alter table room add column colour text;"),
        (Phase.POST, "create table other (a int);"),
    ],
)
def test_what_a_phase_does_not_allow_is_found(phase: Phase, statements: str) -> None:
    assert faults(phase, f"-- migrate:up\n{statements}\n-- migrate:down\n") != []


@pytest.mark.parametrize(
    ("phase", "text"),
    [
        (
            Phase.PRE,
            "-- migrate:up\nalter table room add column a text, add column b int not null default 0;",
        ),
        (Phase.PRE, "-- migrate:up\nalter table room add column a timestamptz not null default now();"),
        (Phase.PRE, "-- migrate:up\ncreate table a (b int not null);\ncreate index a_b on a (b);"),
        (Phase.PRE, "-- migrate:up\ncreate function f() returns void language sql as $$ drop table x $$;"),
        (Phase.PRE, "-- migrate:up\n-- Nothing to drop.\nselect 1;\n-- migrate:down\ndrop table x;"),
        (Phase.PRE, "-- migrate:up\nalter table a add constraint c check (b > 0) not valid;"),
        (Phase.PRE, "-- migrate:up transaction:false\ncreate unique index concurrently i on room (topic);\n"),
        (Phase.POST, "-- migrate:up\nalter table room alter column topic set not null, drop column peer;"),
        (Phase.POST, "-- migrate:up\ndrop function append_batch;"),
    ],
)
def test_what_a_phase_allows_is_left_alone(phase: Phase, text: str) -> None:
    assert faults(phase, text) == []


def test_only_an_index_is_made_outside_of_a_transaction() -> None:
    text = "-- migrate:up transaction:false\ncreate index concurrently i on room (topic);\n"
    assert faults(Phase.PRE, text) == []
    assert faults(Phase.PRE, text + "select 1;") != []
