"""The state machine, case by case: back-off, heartbeat, tokens, deadlines, replies."""

from __future__ import annotations

import math

import msgspec
import pytest

from gatherup.client import actions
from gatherup.client.errors import ClosedError, RefusedError, UnknownOutcomeError
from gatherup.client.policy import Policy
from gatherup.client.state import ClientState, Phase
from protocol import limits
from protocol.codes import CloseCode, Code
from protocol.frames import (
    Accepted,
    Event,
    Goodbye,
    Heads,
    Hello,
    MarkRead,
    Position,
    RefreshToken,
    Refused,
    RoomHead,
    SessionLimits,
    Signalled,
    Subscribe,
    Subscribed,
    Unknown,
    Unsubscribe,
    Unsubscribed,
    WatchHeads,
)
from protocol.ids import SYSTEM
from protocol.presence import SetStatus, WatchPresence, person_of
from protocol.room.commands import PostMessage, SendTyping
from tests.unit.gatherup.client.world import ROOMS, client_id, event, post, sent, state, subscribed, welcome

ROOM, OTHER = ROOMS
ELSEWHERE = "room:" + "e" * 32


def ready(policy: Policy | None = None, **greeting: object) -> ClientState:
    client = state(policy)
    client.start()
    client.connected("token", 0.0)
    client.received(welcome(**greeting), 0.0)
    return client


def refusal(number: int, code: Code = Code.RATE_LIMITED, after: float | None = 1.0) -> Refused:
    retry = code is Code.RATE_LIMITED
    return Refused(client_id=client_id(number), code=code, message="no", retry=retry, retry_after_s=after)


def only(kind: type, todo: list[actions.Action]) -> list:
    return [a for a in todo if isinstance(a, kind)]


def test_nothing_is_sent_before_the_welcome() -> None:
    client = state()
    assert client.start() == [actions.Connect(0.0)]
    assert client.command(post(1), 0.0) == []
    assert client.signal(SendTyping(stream=ROOM)) == []
    assert sent(client.connected("secret", 0.0)) == [Hello(token="secret")]
    assert sent(client.received(welcome(), 0.0)) == [post(1)]


def test_back_off_doubles_up_to_its_maximum_and_starts_again_after_a_good_session() -> None:
    client = state(Policy(backoff_min_s=1.0, backoff_max_s=5.0, backoff_reset_s=10.0))
    waits = []
    for now in range(5):
        waits += [a.after_s for a in only(actions.Connect, client.disconnected(None, float(now)))]
    assert waits == [1.0, 2.0, 4.0, 5.0, 5.0]
    client.connected("t", 10.0)
    client.received(welcome(), 10.0)
    assert only(actions.Connect, client.disconnected(None, 19.0))[0].after_s == 5.0
    client.connected("t", 20.0)
    client.received(welcome(), 20.0)
    assert only(actions.Connect, client.disconnected(None, 30.0))[0].after_s == 1.0


def test_who_never_got_through_is_not_told_of_a_loss() -> None:
    (offline,) = only(actions.WentOffline, state().disconnected(None, 1.0))
    assert offline.message == "No connection could be made."
    (offline,) = only(actions.WentOffline, ready().disconnected(None, 1.0))
    assert offline.message == "The connection was lost."


def test_goodbye_is_waited_for_and_only_once() -> None:
    client = ready()
    goodbye = Goodbye(code=CloseCode.GOING_AWAY, message="Moving.", retry=True, retry_after_s=7.0)
    assert client.received(goodbye, 1.0) == []
    assert client.phase is Phase.PARTING
    assert client.command(post(1), 1.0) == []
    todo = client.disconnected(None, 1.0)
    assert todo == [actions.WentOffline(CloseCode.GOING_AWAY, "Moving.", 7.0), actions.Connect(7.0)]
    assert only(actions.Connect, client.disconnected(None, 8.0))[0].after_s < 7.0


@pytest.mark.parametrize("code", [None, 1006, 1001, 4000, 4001, 4004, 4099])
def test_comes_back(code: int | None) -> None:
    assert only(actions.Connect, ready().disconnected(code, 1.0))


@pytest.mark.parametrize("code", [1002, 1009, 4100, 4103, 4107, 4199])
def test_does_not_come_back(code: int) -> None:
    client = ready()
    client.command(post(1), 0.0)
    client.follow(ROOM, None, 0.0)
    todo = client.disconnected(code, 1.0)
    assert isinstance(only(actions.Settle, todo)[0].outcome, UnknownOutcomeError)
    assert [type(a) for a in todo] == [actions.Settle, actions.End, actions.Finished]
    assert client.deadline() == math.inf
    with pytest.raises(ClosedError):
        client.command(post(2), 2.0)


def test_an_expired_token_that_can_not_be_renewed_ends_the_client() -> None:
    client = state(renewable=False)
    client.connected("t", 0.0)
    assert only(actions.Finished, client.disconnected(CloseCode.TOKEN_EXPIRED, 1.0))


def test_closing_settles_what_was_never_sent_as_closed() -> None:
    client = state()
    client.command(post(1), 0.0)
    (settled,) = only(actions.Settle, client.close())
    assert isinstance(settled.outcome, ClosedError)
    assert client.close() == []
    assert client.start() == []


def test_silence_is_asked_about_and_then_ends_the_connection() -> None:
    client = ready(heartbeat_s=10.0)
    assert client.deadline() == 10.0
    assert client.elapsed(9.9) == []
    assert client.elapsed(10.0) == [actions.Ping()]
    assert client.elapsed(15.0) == []
    assert client.deadline() == 20.0
    client.heard(19.0)
    assert client.elapsed(20.0) == []
    assert client.elapsed(29.0) == [actions.Ping()]
    todo = client.elapsed(39.0)
    assert [type(a) for a in todo] == [actions.Disconnect, actions.WentOffline, actions.Connect]
    assert client.disconnected(1006, 39.0) != []  # the next attempt may fail too


def test_a_server_that_does_not_greet_is_left() -> None:
    client = state(Policy(welcome_timeout_s=3.0))
    client.connected("t", 0.0)
    assert client.deadline() == 3.0
    assert only(actions.Disconnect, client.elapsed(3.0))


def test_a_first_frame_that_is_no_welcome_is_a_violation() -> None:
    client = state()
    client.connected("t", 0.0)
    assert only(actions.Disconnect, client.received(event(ROOM, 1), 0.0))
    assert client.violations == 1


def test_the_token_is_renewed_within_its_life() -> None:
    client = ready(Policy(token_refresh_fraction=0.5), at=1_000, token_expires_at=11_000)
    assert client.deadline() == 5.0
    assert only(actions.FetchToken, client.elapsed(5.0))
    assert not only(actions.FetchToken, client.elapsed(5.1))
    (frame,) = sent(client.refreshed("newer", 5.2))
    assert isinstance(frame, RefreshToken)
    assert client.received(Accepted(client_id=frame.client_id), 5.3) == []
    assert only(actions.FetchToken, client.elapsed(10.3))


def test_a_token_that_comes_too_late_is_not_sent() -> None:
    client = ready()
    client.disconnected(None, 1.0)
    assert client.refreshed("newer", 2.0) == []


# --- commands ------------------------------------------------------------------------------------------------


def test_what_got_no_answer_is_resent_in_order_and_what_was_never_sent_is_not_marked() -> None:
    client = ready(limits=SessionLimits(inflight_commands_max=2))
    for number in (1, 2, 3):
        client.command(post(number), 0.0)
    client.disconnected(None, 1.0)
    client.connected("t", 2.0)
    resent = sent(client.received(welcome(), 2.0))
    marks = [(f.client_id, f.resend) for f in resent if isinstance(f, PostMessage)]
    assert marks == [(client_id(1), True), (client_id(2), True), (client_id(3), False)]


def test_the_window_and_the_pace_of_the_server_are_kept() -> None:
    client = ready(limits=SessionLimits(inflight_commands_max=3, commands_burst=2.0, commands_per_s=1.0))
    posts = [sent(client.command(post(number), 0.0)) for number in (1, 2, 3, 4)]
    assert [len(p) for p in posts] == [1, 1, 0, 0]
    assert client.deadline() == 1.0
    assert len(sent(client.elapsed(1.0))) == 1
    assert sent(client.elapsed(10.0)) == []
    assert len(sent(client.received(Accepted(client_id=client_id(1)), 10.0))) == 1


def test_a_retry_holds_back_its_stream_and_no_other() -> None:
    client = ready()
    client.command(post(1), 0.0)
    assert client.received(refusal(1, after=5.0), 0.0) == []
    assert sent(client.command(post(2), 0.0)) == []
    assert len(sent(client.command(post(3, OTHER), 0.0))) == 1
    assert client.deadline() == 5.0
    assert sent(client.elapsed(5.0)) == [post(1), post(2)]


def test_an_unknown_outcome_stays_unknown_through_a_refusal() -> None:
    client = ready()
    client.command(post(1), 0.0)
    assert client.received(Unknown(client_id=client_id(1), retry_after_s=1.0), 0.0) == []
    (again,) = sent(client.elapsed(1.0))
    assert again == msgspec.structs.replace(post(1), resend=True)
    client.received(refusal(1), 1.0)
    (third,) = sent(client.elapsed(2.0))
    assert third == again


def test_a_refusal_is_raised_when_it_was_retried_for_long_enough() -> None:
    client = ready(Policy(refused_retry_for_s=2.0))
    client.command(post(1), 0.0)
    assert client.received(refusal(1), 0.0) == []
    client.elapsed(1.0)
    assert client.received(refusal(1), 1.0) == []
    client.elapsed(2.0)
    (settled,) = only(actions.Settle, client.received(refusal(1), 2.0))
    assert isinstance(settled.outcome, RefusedError)


def test_giving_up_tells_the_three_outcomes_apart() -> None:
    client = ready(Policy(resend_for_s=10.0, refused_retry_for_s=100.0))
    for number in (1, 2):
        client.command(post(number, ROOMS[number - 1]), 0.0)
    client.received(refusal(2, after=50.0), 0.0)
    client.disconnected(None, 1.0)
    client.command(post(3), 2.0)
    assert client.deadline() == 10.0
    first, second = only(actions.Settle, client.elapsed(10.0))
    assert isinstance(first.outcome, UnknownOutcomeError)
    assert isinstance(second.outcome, RefusedError)
    assert second.outcome.code is Code.RATE_LIMITED
    (third,) = only(actions.Settle, client.elapsed(12.0))
    assert isinstance(third.outcome, RefusedError)
    assert third.outcome.code is Code.UNAVAILABLE


def test_replies_nobody_waits_for_are_ignored() -> None:
    client = ready()
    client.command(post(1), 0.0)
    accepted = Accepted(client_id=client_id(1), seq=1, events=1)
    assert only(actions.Settle, client.received(accepted, 0.0)) == [actions.Settle(client_id(1), accepted)]
    assert client.received(accepted, 0.0) == []
    assert client.received(refusal(1), 0.0) == []


@pytest.mark.parametrize("reply", [refusal(1), Unknown(client_id=client_id(1), retry_after_s=1.0)])
def test_a_repeated_reply_asks_for_one_more_try_and_no_second(reply: Refused | Unknown) -> None:
    client = ready(limits=SessionLimits(inflight_commands_max=1))
    client.command(post(1), 0.0)
    for _ in range(2):
        assert client.received(reply, 0.0) == []
    assert len(sent(client.elapsed(1.0))) == 1
    assert sent(client.command(post(2, OTHER), 1.0)) == [], "the window holds one"


def test_an_abandoned_command_is_neither_resent_nor_settled() -> None:
    client = ready(limits=SessionLimits(inflight_commands_max=1))
    client.command(post(1), 0.0)
    client.command(post(2), 0.0)
    assert sent(client.abandon(client_id(1), 0.0)) == [post(2)]
    assert client.received(Accepted(client_id=client_id(1)), 0.0) == []
    client.disconnected(None, 0.0)
    client.connected("t", 1.0)
    assert [f.client_id for f in sent(client.received(welcome(), 1.0))] == [client_id(2)]  # type: ignore[union-attr]


def test_a_client_id_is_pending_once() -> None:
    client = ready()
    client.command(post(1), 0.0)
    with pytest.raises(ValueError, match="pending already"):
        client.command(post(1), 0.0)


# --- streams -------------------------------------------------------------------------------------------------


def following(policy: Policy | None = None, **greeting: object) -> ClientState:
    client = ready(policy, **greeting)
    (asked,) = sent(client.follow(ROOM, None, 0.0))
    assert isinstance(asked, Subscribe)
    client.received(subscribed(ROOM, 3, snapshot=True, to=asked.client_id), 0.0)
    return client


def test_events_are_delivered_with_their_positions() -> None:
    (delivered,) = following().received(event(ROOM, 4), 0.0)
    assert isinstance(delivered, actions.Deliver)
    assert delivered.position == Position(stream=ROOM, incarnation=1, seq=4)


@pytest.mark.parametrize("seq", [3, 5, 1])
def test_a_gap_or_a_repeat_is_a_violation(seq: int) -> None:
    client = following()
    todo = client.received(event(ROOM, seq), 0.0)
    assert [type(a) for a in todo] == [actions.Disconnect, actions.WentOffline, actions.Connect]
    (hello,) = sent(client.connected("t", 1.0))
    assert hello == Hello(token="t", positions=(Position(stream=ROOM, incarnation=1, seq=3),))


@pytest.mark.parametrize(
    "answer",
    [
        subscribed(ROOM, 4),
        Subscribed(stream=ROOM, incarnation=2, seq=3, head=3),
        event(ROOM, 4),
    ],
    ids=["seq", "incarnation", "event first"],
)
def test_a_resume_that_goes_on_elsewhere_is_a_violation(answer: Subscribed | Event) -> None:
    client = following()
    client.disconnected(None, 0.0)
    client.connected("t", 1.0)
    client.received(welcome(), 1.0)
    assert only(actions.Disconnect, client.received(answer, 1.0))
    assert client.violations == 1


def test_a_snapshot_of_another_incarnation_is_the_new_beginning() -> None:
    client = following()
    client.disconnected(None, 0.0)
    client.connected("t", 1.0)
    client.received(welcome(), 1.0)
    fresh = msgspec.structs.replace(subscribed(ROOM, 1, snapshot=True), incarnation=2)
    (delivered,) = client.received(fresh, 1.0)
    assert isinstance(delivered, actions.Deliver)
    assert delivered.position == Position(stream=ROOM, incarnation=2, seq=1)
    assert only(actions.Deliver, client.received(event(ROOM, 2), 1.0))


def test_positions_beyond_the_hello_are_subscribed() -> None:
    client = state()
    count = limits.POSITIONS_MAX + 3
    for number in range(count):
        stream = f"room:{number:032x}"
        client.follow(stream, Position(stream=stream, incarnation=1, seq=number), 0.0)
    (hello,) = sent(client.connected("t", 0.0))
    assert isinstance(hello, Hello)
    assert len(hello.positions) == limits.POSITIONS_MAX
    rest = sent(client.received(welcome(), 0.0))
    since = [f.since.seq for f in rest if isinstance(f, Subscribe) and f.since is not None]
    assert since == list(range(limits.POSITIONS_MAX, count))


def test_a_refused_position_ends_the_stream_or_is_asked_for_again() -> None:
    for code, again in ((Code.NOT_A_MEMBER, False), (Code.UNAVAILABLE, True)):
        client = following()
        client.disconnected(None, 0.0)
        client.connected("t", 1.0)
        client.received(welcome(), 1.0)
        todo = client.received(
            Refused(stream=ROOM, code=code, message="no", retry=again, retry_after_s=2.0), 1.0
        )
        assert bool(only(actions.End, todo)) is not again
        asked = sent(client.elapsed(3.0))
        assert [type(f) for f in asked] == ([Subscribe] if again else [])


def test_a_full_buffer_leaves_the_stream_until_half_is_read() -> None:
    client = following(Policy(buffer_items_max=4))
    for seq in (4, 5):
        assert sent(client.received(event(ROOM, seq), 0.0)) == []
    (left,) = sent(client.received(event(ROOM, 6), 0.0))
    assert isinstance(left, Unsubscribe)
    assert client.received(event(ROOM, 7), 0.0) == []
    assert client.received(Accepted(client_id=left.client_id), 0.0) == []
    assert client.deadline() > 0.0
    assert client.consumed(ROOM, 0.0) == []
    (asked,) = sent(client.consumed(ROOM, 0.0))
    assert isinstance(asked, Subscribe)
    assert asked.since == Position(stream=ROOM, incarnation=1, seq=6)


def test_a_stream_left_and_followed_again_is_asked_for_after_the_answer() -> None:
    client = following()
    (left,) = sent(client.unfollow(ROOM, 0.0))
    assert client.follow(ROOM, None, 0.0) == []
    assert client.received(event(ROOM, 4), 0.0) == []
    (asked,) = sent(client.received(Accepted(client_id=left.client_id), 0.0))  # type: ignore[union-attr]
    assert isinstance(asked, Subscribe)
    assert asked.since is None


def test_an_answer_to_an_earlier_follow_is_not_taken_for_the_new_one() -> None:
    client = ready()
    (old,) = sent(client.follow(ROOM, Position(stream=ROOM, incarnation=1, seq=9), 0.0))
    client.unfollow(ROOM, 0.0)
    assert client.follow(ROOM, None, 0.0) == []
    assert isinstance(old, Subscribe)
    todo = client.received(subscribed(ROOM, 9, to=old.client_id), 0.0)
    (left,) = sent(todo)
    assert isinstance(left, Unsubscribe)
    assert not only(actions.Opened, todo)
    (asked,) = sent(client.received(Accepted(client_id=left.client_id), 0.0))
    assert isinstance(asked, Subscribe)
    assert asked.since is None


def test_the_server_ends_a_stream_for_good_or_for_a_while() -> None:
    client = following()
    gone = Unsubscribed(stream=ROOM, code=Code.UNAVAILABLE, message="later")
    assert client.received(gone, 0.0) == []
    (asked,) = sent(client.elapsed(client.deadline()))
    assert isinstance(asked, Subscribe)
    assert asked.since == Position(stream=ROOM, incarnation=1, seq=3)
    (ended,) = client.received(Unsubscribed(stream=ROOM, code=Code.NOT_A_MEMBER, message="out"), 1.0)
    assert isinstance(ended, actions.End)
    assert client.follow(ROOM, None, 2.0) != []


def test_a_stream_is_followed_once() -> None:
    client = following()
    with pytest.raises(ValueError, match="followed already"):
        client.follow(ROOM, None, 0.0)


# --- heads and read marks ------------------------------------------------------------------------------------


def head(room: str, number: int) -> RoomHead:
    return RoomHead(room=room, seq=number, number=number, read=0, unread=number, mentions=0)


def watching(*rooms: str) -> ClientState:
    client = ready()
    (asked,) = sent(client.watch_heads(rooms, 0.0))
    assert isinstance(asked, WatchHeads)
    assert asked.rooms == rooms
    assert client.received(Accepted(client_id=asked.client_id), 0.0) == [actions.WatchedHeads()]
    return client


def test_heads_are_delivered_and_watched_again_in_every_session() -> None:
    client = watching(ROOM)
    heads = Heads(rooms=(head(ROOM, 3),))
    assert client.received(heads, 0.0) == [actions.DeliverHeads(heads)]
    client.disconnected(None, 0.0)
    client.connected("t", 1.0)
    (again,) = sent(client.received(welcome(), 1.0))
    assert isinstance(again, WatchHeads)
    assert again.rooms == (ROOM,)
    assert client.received(Accepted(client_id=again.client_id), 1.0) == [actions.WatchedHeads()]


def test_other_rooms_are_asked_for_once_the_question_before_is_answered() -> None:
    client = ready()
    (first,) = sent(client.watch_heads((ROOM,), 0.0))
    assert client.watch_heads((ROOM, OTHER), 0.0) == []
    assert client.watch_heads((OTHER,), 0.0) == []
    assert isinstance(first, WatchHeads)
    (second,) = sent(todo := client.received(Accepted(client_id=first.client_id), 0.0))
    assert isinstance(second, WatchHeads)
    assert second.rooms == (OTHER,)
    assert not only(actions.WatchedHeads, todo)
    late = Heads(rooms=(head(ROOM, 1), head(OTHER, 2)))
    assert client.received(late, 0.0) == [actions.DeliverHeads(Heads(rooms=(head(OTHER, 2),)))]
    assert client.received(Accepted(client_id=second.client_id), 0.0) == [actions.WatchedHeads()]
    assert client.watch_heads((OTHER,), 0.0) == [actions.WatchedHeads()]


def test_who_watches_nothing_any_more_says_so_and_is_not_asked_again() -> None:
    client = watching(ROOM)
    (none,) = sent(client.watch_heads((), 0.0))
    assert isinstance(none, WatchHeads)
    assert none.rooms == ()
    assert client.received(Heads(rooms=(head(ROOM, 1),)), 0.0) == []
    assert client.received(Accepted(client_id=none.client_id), 0.0) == []
    client.disconnected(None, 0.0)
    client.connected("t", 1.0)
    assert sent(client.received(welcome(), 1.0)) == []


@pytest.mark.parametrize(("code", "again"), [(Code.TOO_MANY, False), (Code.RATE_LIMITED, True)])
def test_a_refused_watch_ends_or_is_asked_for_again(code: Code, again: bool) -> None:
    client = ready()
    (asked,) = sent(client.watch_heads((ROOM,), 0.0))
    assert isinstance(asked, WatchHeads)
    refused = Refused(client_id=asked.client_id, code=code, message="no", retry=again, retry_after_s=2.0)
    todo = client.received(refused, 0.0)
    assert bool(only(actions.EndHeads, todo)) is not again
    assert client.deadline() == (2.0 if again else limits.HEARTBEAT_S)
    assert len(sent(client.elapsed(2.0))) == again


def test_a_room_that_is_gone_is_told_once_and_watched_no_longer() -> None:
    client = watching(ROOM, OTHER)
    gone = Heads(rooms=(head(OTHER, 1),), gone=(ROOM, ELSEWHERE))
    assert client.received(gone, 0.0) == [actions.DeliverHeads(Heads(rooms=(head(OTHER, 1),), gone=(ROOM,)))]
    assert client.received(Heads(gone=(ROOM,)), 0.0) == []
    (again,) = sent(client.watch_heads((ROOM, OTHER), 0.0))
    assert isinstance(again, WatchHeads)
    assert again.rooms == (ROOM, OTHER)
    # Until this is answered a frame speaks of the rooms before.
    assert only(actions.DeliverHeads, client.received(Heads(gone=(ROOM,)), 0.0))
    assert client.received(Accepted(client_id=again.client_id), 0.0) == [actions.WatchedHeads()]
    client.disconnected(None, 0.0)
    client.connected("t", 1.0)
    (after,) = sent(client.received(welcome(), 1.0))
    assert isinstance(after, WatchHeads)
    assert after.rooms == (ROOM, OTHER)


def test_the_feed_of_a_client_whose_rooms_are_all_gone_still_ends() -> None:
    client = watching(ROOM)
    assert only(actions.DeliverHeads, client.received(Heads(gone=(ROOM,)), 0.0))
    assert only(actions.EndHeads, client.close())


def test_heads_end_with_the_client() -> None:
    client = watching(ROOM)
    (ended,) = only(actions.EndHeads, client.close())
    assert isinstance(ended.error, ClosedError)
    with pytest.raises(ClosedError):
        client.watch_heads((ROOM,), 0.0)


def test_the_highest_mark_of_each_room_is_told_at_the_pace_of_signals() -> None:
    client = ready(limits=SessionLimits(signals_per_s=2.0))
    assert sent(client.mark_read(ROOM, 5, 0.0)) == [MarkRead(room=ROOM, number=5)]
    for room, number in ((ROOM, 9), (ROOM, 7), (OTHER, 1)):
        assert client.mark_read(room, number, 0.1) == []
    assert client.deadline() == 0.5
    assert sent(client.elapsed(0.5)) == [MarkRead(room=ROOM, number=9)]
    assert sent(client.elapsed(1.0)) == [MarkRead(room=OTHER, number=1)]
    assert client.deadline() > 1.5


def test_marks_wait_for_a_session() -> None:
    client = state()
    assert client.mark_read(ROOM, 5, 0.0) == []
    assert client.deadline() == math.inf
    client.connected("t", 0.0)
    assert sent(client.received(welcome(), 0.0)) == [MarkRead(room=ROOM, number=5)]
    client.disconnected(None, 1.0)
    assert client.mark_read(ROOM, 6, 1.0) == []
    client.connected("t", 2.0)
    assert sent(client.received(welcome(), 2.0)) == [MarkRead(room=ROOM, number=6)]


def test_marks_that_wait_are_bounded() -> None:
    client = state()
    for number in range(limits.ROOMS_PER_USER_MAX + 1):
        client.mark_read(f"room:{number:032x}", 1, 0.0)
    client.connected("t", 0.0)
    assert sent(client.received(welcome(), 0.0)) == [MarkRead(room=f"room:{1:032x}", number=1)]


# --- presence ------------------------------------------------------------------------------------------------

ANN, BEN = ("user:" + digit * 32 for digit in "ab")


def seen(user: str, status: str) -> Signalled:
    """What the server tells when somebody is seen otherwise."""
    count = int(status != "offline")
    return Signalled(
        stream=person_of(user), author=SYSTEM, type="presence", data={"count": count, status: [user]}
    )


def attending(*users: str) -> ClientState:
    client = ready()
    (asked,) = sent(client.watch_presence(users, 0.0))
    assert isinstance(asked, WatchPresence)
    assert asked.users == users
    assert client.received(Accepted(client_id=asked.client_id), 0.0) == [actions.WatchedPresence()]
    return client


def told(todo: list[actions.Action]) -> list[tuple[str, str]]:
    return [(p.user, p.status) for action in only(actions.DeliverPresence, todo) for p in action.people]


def test_the_presence_of_watched_people_is_told_and_of_nobody_else() -> None:
    client = attending(ANN)
    assert told(client.received(seen(ANN, "busy"), 0.0)) == [(ANN, "busy")]
    assert told(client.received(seen(ANN, "offline"), 0.0)) == [(ANN, "offline")]
    assert client.received(seen(BEN, "online"), 0.0) == []
    typing = Signalled(stream=person_of(ANN), author=ANN, type="typing", data={"online": [ANN]})
    assert client.received(typing, 0.0) == []


def test_who_was_there_is_offline_in_the_next_session_until_it_tells_otherwise() -> None:
    client = attending(ANN, BEN)
    client.received(seen(ANN, "online"), 0.0)
    client.received(seen(BEN, "away"), 0.0)
    client.received(seen(BEN, "offline"), 0.0)
    client.disconnected(None, 0.0)
    client.connected("t", 1.0)
    todo = client.received(welcome(), 1.0)
    assert told(todo) == [(ANN, "offline")]
    (again,) = sent(todo)
    assert isinstance(again, WatchPresence)
    assert again.users == (ANN, BEN)
    assert told(client.received(seen(ANN, "online"), 1.0)) == [(ANN, "online")]


def test_presence_ends_with_the_client() -> None:
    client = attending(ANN)
    (ended,) = only(actions.EndPresence, client.close())
    assert isinstance(ended.error, ClosedError)
    with pytest.raises(ClosedError):
        client.watch_presence((ANN,), 0.0)


def test_every_session_is_told_the_newest_status_at_its_pace() -> None:
    client = ready()
    assert sent(client.set_status("online", 0.0)) == []
    assert sent(client.set_status("away", 0.0)) == [SetStatus(status="away")]
    assert client.set_status("busy", 0.1) == []
    assert client.set_status("invisible", 0.2) == []
    assert client.deadline() == 1 / limits.STATUSES_PER_S
    assert sent(client.elapsed(client.deadline())) == [SetStatus(status="invisible")]
    client.disconnected(None, 1.5)
    assert client.set_status("busy", 1.5) == []
    (hello,) = sent(client.connected("t", 1.5))
    assert isinstance(hello, Hello)
    assert hello.status == "busy"
    assert sent(client.received(welcome(), 1.5)) == []
