"""People: profiles, relations, and the end of an account."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gatherup.feature import Base, Feature
from gatherup.features.accounts.parts import AccountParts
from gatherup.features.people.deletion import DeletionResource
from gatherup.features.people.erasure import Erasure
from gatherup.features.people.keeps import DELETED, RELATIONS
from gatherup.features.people.people import PeopleResource
from gatherup.features.people.relations import RelationsResource
from gatherup.http.endpoint import PathPart
from gatherup.keeps import Keep
from protocol.ids import USER_ID_PATTERN
from storage.postgres.people.erasure import Eraser, Erasures
from storage.postgres.people.people import People
from storage.postgres.people.relations import Relations
from storage.postgres.people.traces import Traces

PATH_PARTS: Final = (
    PathPart("user", "the id of a user", USER_ID_PATTERN, "user:0d9a41f0c1f84f1f8c0f7d6f3f6f6c11"),
)


def people_of(base: Base, accounts: AccountParts) -> Feature:
    """The feature."""
    pool, clock = base.pool, base.clock
    return Feature(
        resources=(
            PeopleResource(People(pool), clock, base.throttle),
            RelationsResource(Relations(pool), clock, base.throttle, base.wake),
            DeletionResource(
                Erasures(pool),
                accounts.passwords,
                clock,
                base.wake,
                keep_days=base.config.keep.deleted_accounts_days,
            ),
        ),
        keeps=(RELATIONS,),
        path_parts=PATH_PARTS,
    )


def erasure_of(base: Base, erasers: Iterable[Eraser]) -> Keep:
    """What erases people: their rows with the erasers of every feature, then what streams hold of them."""
    rows, traces = Erasures(base.pool), Traces(base.pool, base.kinds)
    erasure = Erasure(rows, erasers, traces, base.kinds, base.router)
    return DELETED.by(erasure.erase_due, base.config)
