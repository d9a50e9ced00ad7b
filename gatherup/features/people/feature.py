"""People: profiles, relations, and the end of an account."""

from __future__ import annotations

from gatherup.feature import Base, Feature
from gatherup.features.accounts.parts import AccountParts
from gatherup.features.people.deletion import DeletionResource
from gatherup.features.people.erasure import Erasure
from gatherup.features.people.people import PeopleResource
from gatherup.features.people.relations import RelationsResource
from storage.postgres.people.erasure import Erasures
from storage.postgres.people.people import People
from storage.postgres.people.relations import Relations
from storage.postgres.people.traces import Traces


def people_of(base: Base, accounts: AccountParts) -> Feature:
    """The feature."""
    pool, clock, erasures = base.pool, base.clock, Erasures(base.pool)
    return Feature(
        resources=(
            PeopleResource(People(pool), clock, base.throttle),
            RelationsResource(Relations(pool), clock, base.throttle, base.wake),
            DeletionResource(erasures, accounts.passwords, clock, base.wake),
        ),
        tasks=(Erasure(erasures, Traces(pool, base.kinds), base.kinds, base.router, clock).run,),
    )
