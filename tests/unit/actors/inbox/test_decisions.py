"""What an inbox takes from whom, what it remembers, and what stands in its rows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.inbox.kind import InboxKind
from actors.inbox.project import ITEM, READ, item_key
from actors.kind import BLOCK, Accept, FactKey, Refuse, pair
from protocol import limits
from protocol.codes import Code
from protocol.ids import SYSTEM
from protocol.inbox import (
    Befriend,
    EndLogins,
    InboxView,
    Invite,
    Mention,
    ReadInbox,
    Warn,
    inbox_of,
    owner_of,
)
from tests.fold import Folded

ME, FRIEND, STRANGER = (f"user:{n:032x}" for n in (1, 2, 3))
OWN = inbox_of(ME)
ROOM = f"room:{7:032x}"
LOGIN = "a" * 32
ID = "00000000-0000-0000-0000-000000000000"


def inbox() -> Folded:
    return Folded(InboxKind(), OWN)


def mention(number: int = 1, by: str = FRIEND, **fields) -> Mention:
    return Mention(client_id=ID, stream=OWN, room=ROOM, message=10 + number, number=number, by=by, **fields)


def read(up_to: int, stream: str = OWN) -> ReadInbox:
    return ReadInbox(client_id=ID, stream=stream, up_to=up_to)


ITEMS = [
    (mention(reply=True), "inbox.mentioned"),
    (Invite(client_id=ID, stream=OWN, room=ROOM, by=FRIEND, direct=True), "inbox.invited"),
    (Befriend(client_id=ID, stream=OWN, by=FRIEND), "inbox.befriended"),
    (Warn(client_id=ID, stream=OWN, matter="signed_in", login=LOGIN), "inbox.warned"),
]
SERVERS = [*(command for command, _ in ITEMS), EndLogins(client_id=ID, stream=OWN)]


def test_an_inbox_and_its_owner_name_one_another():
    assert owner_of(OWN) == ME
    assert InboxKind().view(InboxKind().initial(OWN), ME) == InboxView(user=ME, unread=0, read_up_to=0)


@pytest.mark.parametrize("command", SERVERS, ids=lambda command: type(command).__name__)
@pytest.mark.parametrize("by", [ME, FRIEND])
def test_users_send_none_of_the_server_s_commands(command, by):
    assert not InboxKind().admits(command, by=by)
    decision = inbox().do(command, by)
    assert isinstance(decision, Refuse)
    assert decision.code is Code.NOT_FOUND


@pytest.mark.parametrize("command", SERVERS, ids=lambda command: type(command).__name__)
@pytest.mark.parametrize("by", [ROOM, SYSTEM, f"key:{5:032x}"])
def test_streams_keys_and_the_system_send_them(command, by):
    assert InboxKind().admits(command, by=by)
    assert isinstance(inbox().do(command, by), Accept)


@pytest.mark.parametrize("by", [FRIEND, ROOM, SYSTEM])
def test_only_the_owner_reads(by):
    mine = inbox()
    mine.do(mention(), ROOM)
    assert not InboxKind().admits(read(1), by=by)
    assert mine.do(read(1), by) == Refuse(Code.NOT_FOUND)
    assert mine.state.unread == (1,)


@pytest.mark.parametrize(("command", "type_"), ITEMS, ids=[t for _, t in ITEMS])
def test_an_item_is_a_row_of_ids_that_needs_no_payload(command, type_):
    mine = inbox()
    mine.do(command, SYSTEM)
    row = mine.rows[FactKey(ITEM, item_key(1))]
    assert (row["type"], row["at"]) == (type_, mine.now)
    expected = {
        name: getattr(command, name)
        for name in command.__struct_fields__
        if name not in ("client_id", "resend", "stream") and getattr(command, name) is not None
    }
    assert {name: value for name, value in row.items() if name not in ("type", "at")} == expected
    assert mine.refolded() == mine.refolded(erased=lambda header: True) == (mine.state, mine.rows)


@pytest.mark.parametrize("command", [mention(), ITEMS[1][0], ITEMS[2][0]])
def test_who_is_blocked_puts_nothing_into_it(command):
    mine = inbox()
    mine.people[FactKey(BLOCK, pair(ME, FRIEND))] = {}
    assert mine.do(command, SYSTEM) == Refuse(Code.BLOCKED)
    assert mine.log == []


def test_blocking_concerns_the_one_who_is_blocked_and_neither_games_nor_warnings():
    mine = inbox()
    mine.people[FactKey(BLOCK, pair(FRIEND, ME))] = {}  # the other way round
    mine.people[FactKey(BLOCK, pair(ME, STRANGER))] = {}
    for command in (mention(), mention(by=f"key:{2:032x}"), ITEMS[3][0], EndLogins(client_id=ID, stream=OWN)):
        assert isinstance(mine.do(command, SYSTEM), Accept)


def test_reading_goes_only_forward_and_no_further_than_the_items():
    mine = inbox()
    for number in range(1, 4):
        mine.do(mention(number), ROOM)
    mine.do(EndLogins(client_id=ID, stream=OWN, logins=(LOGIN,)), SYSTEM)
    mine.do(read(2), ME)
    assert (mine.state.unread, mine.state.read_up_to) == ((3,), 2)
    assert mine.rows[FactKey(READ, "")] == {"up_to": 2}
    for up_to in (0, 1, 2):
        assert mine.do(read(up_to), ME) == Accept()
    mine.do(read(limits.SEQ_MAX), ME)
    assert (mine.state.unread, mine.state.read_up_to) == ((), 3)
    assert mine.do(read(limits.SEQ_MAX), ME) == Accept()
    assert mine.kind.view(mine.state, ME) == InboxView(user=ME, unread=0, read_up_to=3)


def test_beyond_the_limit_the_oldest_counts_as_read():
    mine = inbox()
    for number in range(1, limits.INBOX_UNREAD_MAX + 4):
        mine.do(mention(number), ROOM)
    assert len(mine.state.unread) == limits.INBOX_UNREAD_MAX
    assert mine.state.unread[0] == 4
    assert mine.rows[FactKey(READ, "")] == {"up_to": mine.state.read_up_to} == {"up_to": 3}
    assert mine.refolded() == (mine.state, mine.rows)


def test_ends_of_logins_name_them_in_the_header_and_are_no_items():
    mine = inbox()
    mine.do(EndLogins(client_id=ID, stream=OWN, logins=(LOGIN,), why="token_reused"), SYSTEM)
    mine.do(EndLogins(client_id=ID, stream=OWN, before=7, why="banned"), SYSTEM)
    named, all_ = mine.headers()
    assert (named.type, named.marks) == (
        "inbox.logins_ended",
        {"why": "token_reused", "logins": (LOGIN,)},
    )
    assert all_.marks == {"why": "banned", "before": 7}
    assert (mine.state.unread, mine.rows) == ((), {})


def test_keys_of_items_sort_as_their_seqs():
    seqs = [1, 9, 10, 11, 99, 100, 10**6, limits.SEQ_MAX, limits.SEQ_MAX + 1]
    assert sorted(map(item_key, seqs)) == [item_key(seq) for seq in seqs]


@given(
    steps=st.lists(
        st.one_of(
            st.integers(1, 9).map(mention),
            st.integers(0, 30).map(read),
            st.just(EndLogins(client_id=ID, stream=OWN)),
        ),
        max_size=40,
    ),
    most=st.integers(1, 5),
)
def test_state_and_rows_agree_after_whatever_happened(steps, most):
    mine = inbox()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "INBOX_UNREAD_MAX", most)
        for command in steps:
            mine.do(command, ME if isinstance(command, ReadInbox) else ROOM)
            assert len(mine.state.unread) <= most
    row = mine.rows.get(FactKey(READ, ""))
    assert mine.state.read_up_to == (row["up_to"] if row else 0)
    items = [int(key.key) for key in mine.rows if key.table == ITEM]
    assert mine.state.unread == tuple(seq for seq in items if seq > mine.state.read_up_to)
    assert mine.refolded(erased=lambda header: True) == (mine.state, mine.rows)
