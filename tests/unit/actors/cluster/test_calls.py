from __future__ import annotations

import msgspec
from msgspec import Raw

from actors.cluster.calls import Calls, CommandCall, ViewCall, decoded, number_of
from actors.cluster.ownership import There
from actors.runtime.envelope import Envelope
from actors.runtime.peers import RemoteSnapshot
from protocol.codes import Code
from protocol.frames import Accepted, Refused, Reply, Unknown
from protocol.nodes import Forward
from tests.counter_kind import Add
from tests.unit.actors.cluster.bridges import BY, add, client_id, member, stream_in

ROOM = stream_in(1)
THERE = There(member(2), 4)


def make() -> tuple[CommandCall, Envelope, list[Reply]]:
    replies: list[Reply] = []
    envelope = Envelope(add(ROOM), BY, ROOM, replies.append, 10.0)
    return CommandCall(THERE, ROOM, envelope), envelope, replies


def sent(call: CommandCall) -> Add:
    message = call.message(9)
    assert (message.call, message.stream, message.epoch, message.by) == (9, ROOM, 4, BY)
    return msgspec.msgpack.decode(message.command, type=Add)


def test_the_first_copy_is_plain_and_the_outcome_open_from_then_on():
    call, envelope, _ = make()
    assert not sent(call).resend
    assert envelope.submitted


def test_another_copy_says_resend():
    call, _, _ = make()
    call.repeat()
    assert sent(call).resend


def test_a_command_that_was_submitted_before_is_a_resend():
    _, envelope, _ = make()
    assert sent(CommandCall(THERE, ROOM, envelope)).resend


def test_the_only_copy_given_back_never_happened():
    call, envelope, replies = make()
    routed: list[Envelope] = []
    call.returned(routed.append)
    assert routed == [envelope] and not envelope.submitted and not envelope.command.resend
    envelope.give_up(ROOM)
    assert isinstance(replies[0], Refused)


def test_one_of_two_copies_given_back_leaves_the_outcome_open():
    call, envelope, replies = make()
    call.repeat()
    call.returned(lambda _: None)
    assert envelope.submitted
    envelope.give_up(ROOM)
    assert isinstance(replies[0], Unknown)


def test_a_moved_command_goes_on_as_a_resend():
    call, envelope, _ = make()
    routed: list[Envelope] = []
    call.moved(routed.append)
    assert routed == [envelope] and envelope.submitted and envelope.command.resend


def test_replies_come_through():
    answer = Raw(msgspec.msgpack.encode({"n": 1}))
    for reply in (
        Accepted(client_id=client_id(1), stream=ROOM, seq=3, events=1, answer=answer),
        Accepted(client_id=client_id(1)),
        Refused(code=Code.FORBIDDEN, message="no", client_id=client_id(1)),
        Unknown(client_id=client_id(1)),
    ):
        call, _, replies = make()
        assert call.answered(decoded(Raw(msgspec.msgpack.encode(reply))))
        assert replies == [reply]


def test_a_reply_that_is_none_leaves_the_outcome_unknown():
    for reply in (b"\xc1", b"\x81\xa1t\xa1x", b"\x81\xa1t\xa1\xff", b"\x91" * 5000 + b"\x90"):
        call, _, replies = make()
        assert decoded(Raw(reply)) is None
        assert not call.answered(None)
        assert isinstance(replies[0], Unknown)


def test_a_view_is_told_once():
    told: list[object] = []
    call = ViewCall(THERE, ROOM, BY, told.append, 10.0)
    call.shown(3, b"v")
    call.moved(lambda _: None)
    assert told == [RemoteSnapshot(3, b"v")] and call.over


def test_a_view_expires():
    told: list[object] = []
    call = ViewCall(THERE, ROOM, BY, told.append, 10.0)
    assert not call.expire(9.9) and call.expire(10.0)
    assert isinstance(told[0], Refused) and told[0].code is Code.UNAVAILABLE


def test_only_who_was_asked_answers_and_a_refusal_only_of_the_newest_copy():
    calls = Calls()
    run = member(2).run
    call, _, _ = make()
    first = calls.add(call)
    assert calls.take(member(3).run, first, holds=True) is None
    assert calls.take(member(2, fence=2).run, first, holds=True) is None
    (number,) = calls.numbers(run)
    again = calls.repeat(run, number)
    assert isinstance(again, Forward)
    assert number_of(first) == number_of(again.call) == number, "a repeat keeps its number"
    assert msgspec.msgpack.decode(again.command, type=Add).resend
    assert calls.take(run, first, holds=False) is None
    assert len(calls) == 1
    assert calls.take(run, again.call, holds=False) is call
    assert calls.take(run, again.call, holds=False) is None
    assert len(calls) == 0


def test_what_an_earlier_copy_brought_about_holds():
    calls = Calls()
    call, _, _ = make()
    first, run = calls.add(call), member(2).run
    calls.repeat(run, number_of(first))
    assert calls.take(run, first, holds=True) is call
    assert calls.repeat(run, number_of(first)) is None


def test_all_copies_of_a_question_are_one():
    calls = Calls()
    call = ViewCall(THERE, ROOM, BY, lambda _: None, 10.0)
    first, run = calls.add(call), member(2).run
    assert calls.repeat(run, number_of(first)) == call.message(first)
    assert calls.take(run, first, holds=False) is call


def test_a_call_that_is_over_is_forgotten_and_not_sent_again():
    calls = Calls()
    call, envelope, _ = make()
    number = number_of(calls.add(call))
    envelope.give_up(ROOM)
    assert calls.repeat(member(2).run, number) is None
    calls.expire(0.0)
    assert len(calls) == 0 and calls.take_moved(lambda _: False) == []


def test_nothing_is_kept_of_runs_that_owe_nothing():
    calls = Calls()
    for fence in range(1, 100):
        to = There(member(2, fence), 4)
        envelope = Envelope(add(ROOM), BY, ROOM, lambda _: None, 10.0)
        number = calls.add(CommandCall(to, ROOM, envelope))
        if fence % 2:
            assert calls.take(to.member.run, number, holds=False) is not None
        else:
            assert len(calls.take_moved(lambda _: False)) == 1
    assert not calls._by_run and not calls
