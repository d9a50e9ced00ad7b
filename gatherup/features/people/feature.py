"""People: profiles, relations, and the end of an account."""

from __future__ import annotations

from collections.abc import Iterable

from gatherup.feature import Base, Feature, Task
from gatherup.features.accounts.parts import AccountParts
from gatherup.features.people.deletion import DeletionResource
from gatherup.features.people.erasure import Erasure
from gatherup.features.people.people import PeopleResource
from gatherup.features.people.relations import RelationsResource
from storage.postgres.people.erasure import Eraser, Erasures
from storage.postgres.people.people import People
from storage.postgres.people.relations import Relations
from storage.postgres.people.traces import Traces


def people_of(base: Base, accounts: AccountParts) -> Feature:
    """The feature."""
    pool, clock = base.pool, base.clock
    return Feature(
        resources=(
            PeopleResource(People(pool), clock, base.throttle),
            RelationsResource(Relations(pool), clock, base.throttle, base.wake),
            DeletionResource(Erasures(pool), accounts.passwords, clock, base.wake),
        ),
    )


def erasure_of(base: Base, erasers: Iterable[Eraser]) -> Task:
    """The task that erases people: their rows with the erasers of every feature, then what streams hold of them."""
    rows, traces = Erasures(base.pool), Traces(base.pool, base.kinds)
    return Erasure(rows, erasers, traces, base.kinds, base.router, base.clock).run
