"""Every checker fails on a history that was doctored for it, and on no other."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from gatherup.chaos.judge import Verdict, judge
from gatherup.chaos.records import Answered, Closed, Complaint, Connected, GivenUp, Record, Sent
from protocol.frames import Position
from tests.unit.chaos.example import (
    ANN,
    BEN,
    EVENTS,
    ROOM,
    after,
    client_id,
    delivered,
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
