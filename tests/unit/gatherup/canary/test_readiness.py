"""Readiness is decided over what was observed: each sign by itself, and which one wins."""

from __future__ import annotations

import msgspec
import pytest

from actors.cluster.audible import Audibility
from gatherup.canary.readiness import (
    NO_STREAMERS,
    NOBODY_BETTER,
    STARTING,
    STOPPING,
    Away,
    Readiness,
    Signs,
    own_trouble,
    readiness,
)

WELL = Signs(
    stopping=False,
    skew_s=None,
    acting=True,
    shards=86,
    streamers=3,
    home=None,
    served=True,
    trouble=None,
    audible=Audibility.HEARD,
    peers=2,
    unhearing=0,
    hears=2,
    serving=2,
    away=(Away("node-2", None), Away("node-3", None)),
)
ALONE = msgspec.structs.replace(WELL, audible=Audibility.ALONE, peers=0, hears=0, serving=0, away=())
FAILING = (Away("node-2", "No answer."), Away("node-3", "No answer."))


def found(changes: dict[str, object], signs: Signs = WELL) -> Readiness:
    return readiness(msgspec.structs.replace(signs, **changes))


@pytest.mark.parametrize("signs", [WELL, ALONE])
def test_all_is_well(signs: Signs) -> None:
    assert readiness(signs) == Readiness(None)


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"stopping": True}, STOPPING),
        ({"skew_s": 3600.0}, "jumped by 3600.0 s"),
        ({"acting": False}, "lease can't be renewed"),
        ({"home": "No canary came back."}, "No canary came back."),
        ({"audible": Audibility.UNHEARD, "unhearing": 2}, "2 of 2 other nodes don't hear this one"),
        ({"shards": 0, "home": "starting", "away": ()}, "no canary came back from another"),
        ({"shards": 0, "away": FAILING}, "no canary came back from another"),
        ({"shards": 0, "away": (), "streamers": 0}, NO_STREAMERS),
        ({"shards": 0, "away": (), "streamers": 0, "peers": 0}, NO_STREAMERS),
        ({"hears": 0, "away": FAILING}, "This node hears no other"),
    ],
)
def test_what_another_node_can_stand_in_for_makes_unready(changes: dict[str, object], part: str) -> None:
    ready = found(changes)
    assert part in (ready.unready or "")
    assert ready.degraded is None


TROUBLES: list[dict[str, object]] = [
    {"acting": False},
    {"home": "No canary came back."},
    {"skew_s": 3600.0},
]


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize(
    ("changes", "signs"),
    [
        ({"serving": 0}, WELL),
        ({"serving": 0, "hears": 1}, WELL),
        ({}, ALONE),
    ],
    ids=["all in trouble", "and one silent", "alone"],
)
def test_a_node_than_which_none_serves_better_is_degraded(
    trouble: dict[str, object], changes: dict[str, object], signs: Signs
) -> None:
    ready = found({**trouble, **changes}, signs)
    assert ready.unready is None
    assert (ready.degraded or "").endswith(NOBODY_BETTER)


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize(
    "changes",
    [
        {"serving": 1},
        {"serving": 0, "hears": 0},
        {"serving": 0, "served": False},
        {"serving": 0, "stopping": True},
    ],
    ids=["one serves", "none is heard", "it never served", "it ends"],
)
def test_a_node_that_others_may_stand_in_for_is_unready(
    trouble: dict[str, object], changes: dict[str, object]
) -> None:
    assert found({**trouble, **changes}).unready is not None


def test_a_node_says_for_itself_whether_it_serves() -> None:
    """The others must not make it well, or all would call each other better."""
    for trouble in (*TROUBLES, {"stopping": True}):
        assert own_trouble(msgspec.structs.replace(WELL, **trouble)) is not None
    for changes in ({}, {"audible": Audibility.UNHEARD}, {"away": FAILING}, {"trouble": "It was slow."}):
        assert own_trouble(msgspec.structs.replace(WELL, **changes)) is None


@pytest.mark.parametrize("changes", [{"acting": False}, {"home": "No canary came back."}])
def test_what_postgresql_says_stands_behind_what_follows_from_it(changes: dict[str, object]) -> None:
    said = {**changes, "trouble": "No space left on device"}
    assert (found(said).unready or "").endswith(" PostgreSQL says: No space left on device")
    assert found({"trouble": "It was slow."}) == Readiness(None), "the canary went the whole way"


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"audible": Audibility.DEGRADED, "hears": 0, "away": FAILING}, "No node hears another"),
        ({"away": (FAILING[0], WELL.away[1])}, "node-2: No answer."),
        ({"peers": 1, "hears": 0, "away": FAILING[:1]}, "node-2: No answer."),
    ],
)
def test_what_no_node_can_do_better_only_degrades(changes: dict[str, object], part: str) -> None:
    ready = found(changes)
    assert ready.unready is None
    assert part in (ready.degraded or "")


def test_a_node_without_streams_is_ready_through_others_alone() -> None:
    assert found({"shards": 0, "home": "None of our own."}) == Readiness(None)
    assert found({"shards": 0}, ALONE) == Readiness(STARTING)
