"""Every checker fails on a history that was doctored for it, and on no other."""

from __future__ import annotations

import pytest
from msgspec import Struct
from msgspec.structs import replace

from gatherup.chaos.judge import Verdict, judge
from gatherup.chaos.records import Answered, Closed, Complaint, Connected, GivenUp, Record, Sent, Settled
from protocol.event import Header
from protocol.frames import Position
from protocol.room.events import MemberJoined, MessagePosted, RoomRemoved, RoomRestored
from tests.unit.gatherup.chaos.example import (
    ANN,
    BEN,
    EVENTS,
    ROOM,
    after,
    client_id,
    delivered,
    event,
    history,
    instead,
    sent,
    subscribed,
    truth,
    without,
)


def broken(verdict: Verdict) -> set[tuple[int, str]]:
    return {(entry.promise, entry.harm) for entry in verdict.broken}


def test_a_true_history_holds() -> None:
    verdict = judge(history(), truth())
    assert verdict.held, verdict.broken
    assert (verdict.commands, verdict.accepted, verdict.unknown) == (3, 3, 0)
    assert (verdict.deliveries, verdict.replays, verdict.snapshots, verdict.revocations) == (7, 1, 2, 1)


def refusal(code: str, *, after_s: float | None = None, message: str = "No.") -> Answered:
    return Answered(
        at=1.05, client="ann", client_id=client_id(3), answer="refused", code=code, message=message,
        retry_after_s=after_s,
    )  # fmt: skip


ACCEPTED = sent(3, 1.0)[1]
UNANSWERED = Sent(at=1, client="ann", client_id=client_id(9), kind="room.post", stream=ROOM)
RESUMED = subscribed("ben", 3, 1.6, user=BEN, since=3)
DOCTORED: dict[str, tuple[list[Record], set[tuple[int, str]]]] = {
    "an accepted command has no receipt": (
        instead(history(), ACCEPTED, replace(ACCEPTED, seq=2)),
        {(1, "lost")},
    ),
    "two answers": (
        after(history(), ACCEPTED, replace(ACCEPTED, events=2)),
        {(3, "doubled")},
    ),
    "refused, but it took effect": (
        instead(history(), ACCEPTED, refusal("not_a_member")),
        {(3, "untrue")},
    ),
    "never answered": (after(history(), ACCEPTED, UNANSWERED), {(3, "untrue")}),
    "an unknown code": (after(history(), ACCEPTED, refusal("no_such_code"), ACCEPTED), {(7, "untrue")}),
    "no sentence": (after(history(), ACCEPTED, refusal("not_a_member", message=""), ACCEPTED), {(7, "untrue")}),
    "no retry_after_s": (after(history(), ACCEPTED, refusal("unavailable"), ACCEPTED), {(7, "untrue")}),
    "a gap": (without(history(), delivered("ann", 4, 2.1)), {(2, "lost")}),
    "a repeat": (after(history(), delivered("ann", 4, 2.1), delivered("ann", 4, 2.1)), {(2, "reordered")}),
    "a swap": (
        after(without(history(), delivered("ann", 3, 1.1)), delivered("ann", 4, 2.1), delivered("ann", 3, 1.1)),
        {(2, "lost"), (2, "reordered")},
    ),
    "another payload": (
        instead(history(), delivered("ann", 4, 2.1), replace(delivered("ann", 4, 2.1), payload={"body": "x"})),
        {(2, "untrue")},
    ),
    "another header": (
        instead(
            history(),
            delivered("ann", 4, 2.1),
            replace(delivered("ann", 4, 2.1), header=replace(EVENTS[3][0], author=BEN)),
        ),
        {(2, "untrue")},
    ),
    "empty, though nobody erased it": (
        instead(history(), delivered("ann", 4, 2.1), replace(delivered("ann", 4, 2.1), payload=None)),
        {(2, "lost")},
    ),
    "something after the revocation": (
        after(history(), delivered("ben", 5, 2.2), delivered("ben", 6, 3.1)),
        {(6, "revoked")},
    ),
    "something without a subscription": (
        after(history(), Closed(at=1.2, client="ben"), delivered("ben", 4, 1.3)),
        {(6, "revoked")},
    ),
    "listening without the right to": (
        after(
            history(),
            delivered("ben", 5, 2.2),
            Closed(at=2.3, client="ben"),
            Connected(at=2.4, client="ben", user=BEN, node="node-1"),
            subscribed("ben", 5, 2.5, user=BEN),
            delivered("ben", 6, 3.1),
        ),
        {(6, "revoked")},
    ),
    "a resume that skips": (
        instead(
            without(history(), delivered("ben", 4, 2.1)),
            RESUMED,
            replace(RESUMED, seq=4, head=4, since=Position(stream=ROOM, incarnation=1, seq=4)),
        ),
        {(4, "lost")},
    ),
    "a resume from elsewhere": (
        instead(history(), RESUMED, replace(RESUMED, since=Position(stream=ROOM, incarnation=1, seq=2))),
        {(4, "reordered")},
    ),
    "a snapshot where a replay was owed": (
        instead(history(), RESUMED, replace(subscribed("ben", 3, 1.6, user=BEN), since=RESUMED.since)),
        {(4, "lost")},
    ),
    "a snapshot that isn't so": (
        instead(
            history(), subscribed("ann", 2, 0.1, user=ANN), replace(subscribed("ann", 2, 0.1, user=ANN), snapshot={})
        ),
        {(2, "untrue")},
    ),
    "a head past the log": (
        instead(history(), RESUMED, replace(RESUMED, head=99)),
        {(2, "lost")},
    ),
    "a tail that never came": (without(history(), delivered("ann", 6, 3.1)), {(2, "lost")}),
    "a complaint of the SDK": (after(history(), RESUMED, Complaint(at=2, client="ben", times=1)), {(2, "untrue")}),
}  # fmt: skip


@pytest.mark.parametrize("name", DOCTORED)
def test_a_doctored_history_is_caught(name: str) -> None:
    records, expected = DOCTORED[name]
    assert broken(judge(records, truth())) == expected


def test_an_accepted_command_whose_event_is_gone_is_lost() -> None:
    verdict = judge(history(), truth(EVENTS[:5], range(1, 6)))
    assert (1, "lost") in broken(verdict)
    assert (2, "lost") in broken(verdict), "and what was delivered of it isn't in the log"


def test_an_event_without_a_receipt_is_one_too_many() -> None:
    verdict = judge(history(), truth(EVENTS, [1, 2, 3, 4, 6]))
    assert broken(verdict) == {(3, "doubled")}


def test_a_hole_in_the_log_is_seen() -> None:
    assert (2, "lost") in broken(judge([], truth([*EVENTS[:3], *EVENTS[4:]], [1, 2, 3, 5, 6])))


def test_time_that_goes_back_in_the_log_is_seen() -> None:
    header, payload = EVENTS[5]
    verdict = judge([], truth([*EVENTS[:5], (replace(header, at=1), payload)]))
    assert broken(verdict) == {(2, "reordered")}


def test_who_gave_up_is_told_apart_from_who_was_never_answered() -> None:
    gave_up = GivenUp(at=2, client="ann", client_id=UNANSWERED.client_id)
    verdict = judge(after(history(), ACCEPTED, UNANSWERED, gave_up), truth())
    assert verdict.held
    assert (verdict.unknown, verdict.took_effect) == (1, 0)


def test_a_late_copy_of_a_lost_connection_may_take_effect_after_a_refusal() -> None:
    """And only such a one: the same refusal is caught when both copies went over one connection."""
    first, again = sent(3, 1.0)[0], replace(sent(3, 1.0)[0], again=True)
    assert isinstance(again, Sent)
    drop: list[Record] = [
        Closed(at=1.01, client="ann"),
        Connected(at=1.02, client="ann", user=ANN, node="node-2"),
    ]
    entries: list[Record] = [first, *drop, again, refusal("not_a_member")]
    start: list[Record] = [Connected(at=0, client="ann", user=ANN, node="node-1")]
    assert judge([*start, *entries], truth()).held
    assert not judge([*start, first, again, refusal("not_a_member")], truth()).held


def test_a_refusal_speaks_for_all_copies_before_it_on_its_connection() -> None:
    """So a third copy's refusal on another connection can't be excused by the first of two on one."""
    first, again = sent(3, 1.0)[0], replace(sent(3, 1.0)[0], again=True)
    start: list[Record] = [Connected(at=0, client="ann", user=ANN, node="node-1")]
    drop: list[Record] = [
        Closed(at=1.06, client="ann"),
        Connected(at=1.07, client="ann", user=ANN, node="node-2"),
    ]
    both = [first, again, refusal("unavailable", after_s=0.1)]
    verdict = judge([*start, *both, *drop, again, refusal("not_a_member")], truth())
    assert broken(verdict) == {(3, "untrue")}


def test_one_fault_is_not_counted_again_with_each_event_that_follows() -> None:
    verdict = judge(without(history(), delivered("ann", 4, 2.1)), truth())
    assert verdict.harms == {"lost": 1}


# --- rooms that go and come back, and history that isn't everybody's ---


def posted(seq: int, number: int) -> tuple[Header, Struct]:
    return event(seq, ANN, MessagePosted(body="x"), "room.posted", marks={"number": number})


GOES_AND_COMES = [
    *EVENTS[:3],
    event(4, ANN, RoomRemoved(), "room.removed", revokes=("*",)),
    event(5, ANN, RoomRestored(), "room.restored"),
    posted(6, 2),
]
LATER_ONLY = [
    EVENTS[0],
    posted(2, 1),
    posted(3, 2),
    event(4, BEN, MemberJoined(), "room.joined", marks={"history": False}),
    posted(5, 3),
    posted(6, 4),
]
START: list[Record] = [Connected(at=0, client="ben", user=BEN, node="node-1")]


def told(events: list[tuple[Header, Struct]], seqs: range) -> list[Record]:
    """Ben gets these events."""
    return [delivered("ben", seq, 0.2 + seq / 10, events=events) for seq in seqs]


def test_whoever_listened_to_a_removed_room_hears_nothing_after_it() -> None:
    stored = truth(GOES_AND_COMES)
    listening = [*START, subscribed("ben", 2, 0.1, user=BEN, events=GOES_AND_COMES)]
    assert judge([*listening, *told(GOES_AND_COMES, range(3, 5))], stored).held
    assert broken(judge([*listening, *told(GOES_AND_COMES, range(3, 6))], stored)) == {(6, "revoked")}


@pytest.mark.parametrize(("seq", "held"), [(2, False), (3, True), (4, True)])
def test_who_may_read_later_events_only_isnt_shown_earlier_ones(seq: int, held: bool) -> None:
    begun = replace(subscribed("ben", seq, 0.1, user=BEN, events=LATER_ONLY), head=4)
    records = [*START, begun, *told(LATER_ONLY, range(seq + 1, 7)), Settled(at=4.0)]
    verdict = judge(records, truth(LATER_ONLY))
    assert verdict.held == held
    assert broken(verdict) == (set() if held else {(6, "revoked")})


def test_what_one_may_not_read_again_is_replaced_by_a_snapshot() -> None:
    begun = subscribed("ben", 4, 0.1, user=BEN, events=LATER_ONLY)
    for since, held in ((2, True), (3, False)):
        known = replace(begun, since=Position(stream=ROOM, incarnation=1, seq=since))
        verdict = judge([*START, known, *told(LATER_ONLY, range(5, 7)), Settled(at=4.0)], truth(LATER_ONLY))
        assert verdict.held == held
