"""What is kept of a tournament are all of its settings but the times, each as it is created."""

from __future__ import annotations

from msgspec.structs import fields

from protocol.tournament.commands import CreateTournament
from protocol.tournament.definition import (
    LASTING,
    Definition,
    LastingSettings,
    definition_of,
    definition_text,
)

TIMES = {"registration_at", "check_in_at", "start_at"}


def test_every_setting_but_the_times_is_kept() -> None:
    created = {field.name: (field.type, field.default) for field in fields(CreateTournament)}
    kept = {field.name: (field.type, field.default) for field in fields(LastingSettings)}
    assert set(created) - set(kept) == TIMES | {"client_id", "resend", "name", "description"}
    assert {name: created[name] for name in LASTING} == kept


def test_a_definition_comes_back_as_it_was_kept() -> None:
    definition = Definition(name="Weekly", description="\u2603", best_of=5, entrants_max=16)
    assert definition_of(definition_text(definition)) == definition
