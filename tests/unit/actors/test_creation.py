"""Who may create a tournament, and how many."""

from __future__ import annotations

from actors.creation import DAY_MS, Creation, Creators, organised_key
from actors.kind import CREATED_TOLD_MAX, UNFINISHED_COUNTED_MAX, Accept, FactKey, Refuse
from actors.tournament.kind import TournamentKind
from protocol.codes import Code
from protocol.ids import SYSTEM
from tests.unit.actors.tournament.cup import KEY, OWNER, Cup, refused


def cup_of(creators: Creators = "everybody", *, unfinished_max: int = 2, per_day_max: int = 3) -> Cup:
    """None yet, where the operator says this."""
    cup = Cup()
    creation = Creation(creators=creators, unfinished_max=unfinished_max, per_day_max=per_day_max)
    cup.kind = TournamentKind(b"k" * 32, creation)
    cup.now = 10 * DAY_MS
    return cup


def knows(cup: Cup, *created: int, verified: bool = False, unfinished: int = 0) -> None:
    """What is known of OWNER."""
    row = {"verified": verified, "unfinished": unfinished, "created": [*created]}
    cup.people[FactKey("organised", OWNER)] = row


def test_everybody_may_where_nothing_else_is_said() -> None:
    cup = Cup()
    knows(cup, *[cup.now - DAY_MS] * CREATED_TOLD_MAX, unfinished=UNFINISHED_COUNTED_MAX - 1)
    assert isinstance(cup.create(), Accept)


def test_users_must_have_verified_their_address() -> None:
    cup = cup_of("verified")
    refused(cup, cup.create(), Code.FORBIDDEN)
    knows(cup)
    assert "Verify" in refused(cup, cup.create(), Code.FORBIDDEN)
    knows(cup, verified=True)
    assert isinstance(cup.create(), Accept)


def test_where_keys_alone_may_no_user_may() -> None:
    cup = cup_of("keys")
    knows(cup, verified=True)
    refused(cup, cup.create(), Code.FORBIDDEN)
    assert isinstance(cup.create(KEY), Accept)


def test_a_user_has_so_many_that_are_not_over() -> None:
    cup = cup_of()
    knows(cup, unfinished=2)
    assert "2" in refused(cup, cup.create(), Code.TOO_MANY)
    assert isinstance(cup.create(SYSTEM), Accept), "an operator has no limit"
    cup = cup_of()
    knows(cup, unfinished=1)
    assert isinstance(cup.create(), Accept)


def test_a_user_creates_so_many_a_day() -> None:
    cup = cup_of()
    third = cup.now + 5_000 - DAY_MS
    knows(cup, cup.now, cup.now - 1, third, 7)
    decision = cup.create()
    assert isinstance(decision, Refuse)
    assert (decision.code, decision.field) == (Code.RATE_LIMITED, None)
    assert decision.retry_after_s is not None and 4.9 < decision.retry_after_s <= 5
    cup.now += 5_000
    assert isinstance(cup.create(), Accept)


def test_what_is_asked_for_is_about_who_asks() -> None:
    cup = cup_of()
    assert organised_key(OWNER) == FactKey("organised", OWNER)
    knows(cup, unfinished=2)
    other = "user:" + "b" * 32
    assert isinstance(cup.create(other), Accept)
