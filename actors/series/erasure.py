"""How a person whose account is gone leaves a series."""

from __future__ import annotations

from actors.kind import Accept, Decision, FactKey, authored_key
from actors.series.context import Context, emitted
from actors.series.rows import STAFF
from actors.staffing import heir
from protocol.event import Mark
from protocol.series.commands import EraseSeriesPerson
from protocol.series.events import SeriesPersonErased


def needed_facts(command: EraseSeriesPerson) -> tuple[FactKey, ...]:
    """The row that names this person, and those of the texts."""
    return FactKey(STAFF, command.user), *(authored_key(seq) for seq in command.events)


def erase(context: Context, command: EraseSeriesPerson) -> Decision:
    """They leave it, and their texts are gone. Nothing happens when no row names them any more."""
    series, user = context.series, command.user
    rows = {seq: context.facts[authored_key(seq)] for seq in command.events}
    texts = tuple(seq for seq, row in rows.items() if row is not None and row["author"] == user)
    if not texts and context.facts[FactKey(STAFF, user)] is None:
        return Accept()
    marks: dict[str, Mark] = heir(series, user)
    if series.named_at in texts:
        marks["name"] = True
    if series.described_at in texts:
        marks["description"] = True
    return Accept((emitted(SeriesPersonErased(user=user), erases=texts, marks=marks),))
