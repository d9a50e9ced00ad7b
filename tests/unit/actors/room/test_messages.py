"""Messages: numbers, edits, deletion, answers, threads, mentions, pins, reactions, slow mode, the filter."""

from __future__ import annotations

from typing import Any

import pytest

from actors.kind import Accept, FactKey, Refuse, Send
from actors.room.effects import effects
from protocol import kinds, limits
from protocol.codes import Code
from protocol.inbox import Invite, Mention, inbox_of
from protocol.room.commands import (
    BanUser,
    ChangeRoom,
    EraseUser,
    InviteUser,
    MuteMember,
    PinMessage,
    PostMessage,
    React,
    RemoveRoom,
    RestoreRoom,
    SetFilter,
    SetRole,
    UnpinMessage,
    Unreact,
)
from tests.unit.actors.room.talk import ANN, BOB, CAT, DAN, EVE, KEY, ROOM, Talk, code, direct, talk


@pytest.fixture
def room() -> Talk:
    """Ann's public room, with Bob and Cat in it; Eve is a stranger."""
    return talk(BOB, CAT)


def test_messages_are_numbered(room: Talk) -> None:
    first, second = room.post(ANN), room.post(BOB, "ha")
    assert [h.marks for h in room.headers()[-2:]] == [{"number": 1}, {"number": 2}]
    assert room.room.messages == 2
    assert room.row(second) == {
        "number": 2,
        "author": BOB,
        "body": "ha",
        "at": room.now,
        "edited_at": None,
        "deleted_at": None,
        "edits": [],
        "reply_to": None,
        "thread": None,
        "mentions": None,
        "everyone": None,
        "reactions": None,
    }
    assert room.row(first)["number"] == 1


def test_an_operator_posts_without_being_in_the_room(room: Talk) -> None:
    assert room.row(room.post(KEY))["author"] == KEY


def test_only_its_author_edits_a_message(room: Talk) -> None:
    root = room.post(ANN)
    message = room.post(BOB, thread=root, reply_to=root)
    posted_at = room.now
    assert isinstance(room.edit(BOB, message, "one"), Accept)
    assert isinstance(room.edit(BOB, message, "two"), Accept)
    row = room.row(message)
    assert (row["body"], row["at"], row["edited_at"]) == ("two", posted_at, room.now)
    assert (row["edits"], row["thread"], row["reply_to"]) == ([message + 1, message + 2], root, root)
    assert room.marks() == {
        "message": message,
        "number": 2,
        "posted_at": posted_at,
        "reply_to": root,
        "thread": root,
        "edits": (message + 1,),
    }
    assert code(room.edit(ANN, message), "message") is Code.FORBIDDEN
    assert code(room.edit(KEY, message), "message") is Code.FORBIDDEN
    assert code(room.edit(BOB, message + 1), "message") is Code.NOT_FOUND
    assert code(room.edit(BOB, 999), "message") is Code.NOT_FOUND


def test_edits_are_bounded_so_that_one_event_can_erase_them(room: Talk) -> None:
    message = room.post(BOB)
    for _ in range(limits.EDITS_PER_MESSAGE_MAX):
        assert isinstance(room.edit(BOB, message), Accept)
    assert code(room.edit(BOB, message), "message") is Code.TOO_MANY
    assert isinstance(room.delete(BOB, message), Accept)
    assert len(room.headers()[-1].erases) == limits.EDITS_PER_MESSAGE_MAX + 1 <= limits.ERASE_SEQS_MAX


@pytest.mark.parametrize("by", [ANN, BOB, CAT, KEY])
def test_author_and_moderators_delete_a_message_with_all_its_bodies(room: Talk, by: str) -> None:
    room.done(SetRole, ANN, user=CAT, role="moderator")
    message = room.post(BOB)
    room.done(PinMessage, ANN, message=message)
    room.edit(BOB, message)
    assert isinstance(room.delete(by, message), Accept)
    assert room.headers()[-1].erases == (message, message + 2)
    assert [payload is None for _, payload in room.log[message - 1 :]] == [True, False, True, False]
    row = room.row(message)
    assert (row["number"], row["author"], row["deleted_at"]) == (1, BOB, room.now)
    assert (row["body"], row["edited_at"], row["edits"]) == (None, None, [])
    assert room.marks()["author"] == BOB
    assert room.view(ANN).pinned == []
    assert code(room.delete(by, message), "message") is Code.NOT_FOUND
    assert code(room.edit(BOB, message), "message") is Code.NOT_FOUND
    assert code(room.send(React, BOB, message=message, reaction="👍"), "message") is Code.NOT_FOUND


def test_others_delete_nothing(room: Talk) -> None:
    message = room.post(ANN)
    assert code(room.delete(BOB, message), "message") is Code.FORBIDDEN
    assert code(room.delete(BOB, 999), "message") is Code.NOT_FOUND


# --- answers and threads ---


def test_answers_and_threads(room: Talk) -> None:
    root = room.post(ANN)
    reply = room.post(BOB, reply_to=root, thread=root)
    assert room.marks() == {"number": 2, "reply_to": root, "replied": ANN, "thread": root}
    assert (room.row(reply)["reply_to"], room.row(reply)["thread"]) == (root, root)
    for field in ("reply_to", "thread"):
        for message in (999, 1):
            decision = room.send(PostMessage, BOB, body="x", **{field: message})
            assert code(decision, field) is Code.NOT_FOUND
    assert code(room.send(PostMessage, BOB, body="x", thread=reply), "thread") is Code.INVALID
    room.delete(ANN, root)
    assert code(room.send(PostMessage, BOB, body="x", reply_to=root), "reply_to") is Code.NOT_FOUND


def test_nobody_is_told_of_their_own_answer_or_when_they_are_gone(room: Talk) -> None:
    mine, theirs = room.post(BOB), room.post(CAT)
    room.post(BOB, reply_to=mine)
    assert room.marks() == {"number": 3, "reply_to": mine}
    room.leave(CAT)
    room.post(BOB, reply_to=theirs)
    assert room.marks() == {"number": 4, "reply_to": theirs}


# --- mentions ---


def test_mentions_name_members_once_and_never_oneself(room: Talk) -> None:
    message = room.post(ANN, "@BOB, (@cat_1) @bob! @ann @eve @nobody x@bob.example @ca")
    assert room.marks() == {"number": 1, "mentions": (BOB, CAT)}
    assert room.row(message)["mentions"] == [BOB, CAT]
    room.edit(ANN, message, "@room")
    assert room.row(message)["mentions"] == [BOB, CAT]


def test_everybody_is_mentioned_by_who_may(room: Talk) -> None:
    room.post(BOB, "@room")
    assert room.marks() == {"number": 1}
    message = room.post(ANN, "hey @Room!")
    assert room.marks() == {"number": 2, "everyone": True}
    assert room.row(message)["everyone"] is True
    assert list(effects(room.headers()[-1])) == []
    group = talk(BOB, access="group")
    group.post(BOB, "@room")
    assert group.marks() == {"number": 1, "everyone": True}


def test_mentions_are_bounded(room: Talk) -> None:
    users = [f"user:{n:032x}" for n in range(limits.MENTIONS_MAX + 5)]
    for n, user in enumerate(users):
        room.people.add(user, f"user{n}")
        room.join(user)
    room.post(ANN, " ".join(f"@user{n}" for n in range(len(users))))
    assert room.marks()["mentions"] == tuple(users[: limits.MENTIONS_MAX])


def told(room: Talk) -> list[Any]:
    found = list(effects(room.headers()[-1]))
    assert all(isinstance(effect, Send) for effect in found)
    return [effect.command for effect in found if isinstance(effect, Send)]


def test_inboxes_hear_of_mentions_and_answers(room: Talk) -> None:
    theirs = room.post(BOB)
    assert told(room) == []
    seq = room.post(ANN, "@bob @cat_1", reply_to=theirs)
    common = {"client_id": "", "room": ROOM, "message": seq, "number": 2, "by": ANN}
    assert told(room) == [
        Mention(stream=inbox_of(BOB), reply=True, **common),
        Mention(stream=inbox_of(CAT), **common),
    ]


def test_inboxes_hear_of_invitations(room: Talk) -> None:
    room.done(InviteUser, BOB, user=EVE)
    assert told(room) == [Invite(client_id="", stream=inbox_of(EVE), room=ROOM, by=BOB)]
    assert told(talk()) == []
    assert told(direct()) == [Invite(client_id="", stream=inbox_of(BOB), room=ROOM, by=ANN, direct=True)]


# --- pins ---


def test_pins(room: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = room.post(ANN), room.post(BOB)
    assert code(room.send(PinMessage, BOB, message=first)) is Code.FORBIDDEN
    room.done(PinMessage, ANN, message=second)
    room.done(PinMessage, ANN, message=first)
    assert room.view(BOB).pinned == [second, first]
    assert code(room.send(PinMessage, ANN, message=first), "message") is Code.ALREADY_EXISTS
    assert code(room.send(PinMessage, ANN, message=999), "message") is Code.NOT_FOUND
    room.done(UnpinMessage, ANN, message=second)
    assert code(room.send(UnpinMessage, ANN, message=second), "message") is Code.NOT_FOUND
    monkeypatch.setattr(limits, "ROOM_PINS_MAX", 1)
    assert code(room.send(PinMessage, ANN, message=second)) is Code.TOO_MANY


# --- reactions ---


def test_reactions_are_counted(room: Talk) -> None:
    message = room.post(ANN)
    room.done(React, ANN, message=message, reaction="🎉")
    assert room.marks() == {"message": message, "count": 1, "kinds": 1}
    room.done(React, BOB, message=message, reaction="🎉")
    assert room.marks() == {"message": message, "count": 2}
    room.done(React, BOB, message=message, reaction="👌")
    assert room.row(message)["reactions"] == 2
    assert room.keyed("reaction_count") == {
        f"{message} 🎉": {"message": message, "reaction": "🎉", "count": 2},
        f"{message} 👌": {"message": message, "reaction": "👌", "count": 1},
    }
    assert code(room.send(React, BOB, message=message, reaction="🎉")) is Code.ALREADY_EXISTS
    room.done(Unreact, BOB, message=message, reaction="👌")
    assert room.marks() == {"message": message, "count": 0, "kinds": 1}
    assert code(room.send(Unreact, BOB, message=message, reaction="👌"), "reaction") is Code.NOT_FOUND
    assert set(room.keyed("reaction")) == {f"{message} {ANN} 🎉", f"{message} {BOB} 🎉"}
    assert set(room.keyed("reaction_count")) == {f"{message} 🎉"}
    assert code(room.send(React, BOB, message=999, reaction="🎉"), "message") is Code.NOT_FOUND


def test_ten_thousand_different_reactions_are_refused(room: Talk) -> None:
    message, state = room.post(ANN), len(room.log)
    different = [f"{chr(0x1F300 + n // 100)}\u200d{chr(0x1F400 + n % 100)}" for n in range(10_000)]
    decisions = [room.send(React, BOB, message=message, reaction=each) for each in different]
    accepted = [decision for decision in decisions if isinstance(decision, Accept)]
    assert len(accepted) == limits.REACTIONS_PER_MESSAGE_MAX == len(room.log) - state
    assert {d.code for d in decisions if isinstance(d, Refuse)} == {Code.TOO_MANY}
    room.done(React, CAT, message=message, reaction=different[0])  # one that is there may be put by all
    room.done(Unreact, BOB, message=message, reaction=different[1])
    room.done(React, BOB, message=message, reaction="👍")


# --- slow mode ---


def test_slow_mode_makes_members_wait(room: Talk) -> None:
    room.done(ChangeRoom, ANN, slow_mode_s=10)
    assert room.view(BOB).slow_mode_s == 10
    room.post(BOB)
    decision = room.send(PostMessage, BOB, body="x")
    assert isinstance(decision, Refuse)
    assert (decision.code, decision.retry_after_s) == (Code.SLOW_MODE, 9.999)
    room.post(CAT)
    for by in (ANN, ANN, KEY, KEY):
        room.post(by)
    assert set(room.room.posted_at) == {BOB, CAT}
    room.later(10)
    room.post(BOB)
    assert set(room.room.posted_at) == {BOB}  # what has expired is forgotten
    room.leave(BOB)
    room.join(BOB)
    assert code(room.send(PostMessage, BOB, body="x")) is Code.SLOW_MODE
    room.done(ChangeRoom, ANN, slow_mode_s=0)
    assert room.room.posted_at == {}
    room.post(BOB)
    assert room.room.posted_at == {}


def test_what_slow_mode_remembers_is_bounded(room: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ROOM_MEMBERS_MAX", 4)
    room.done(ChangeRoom, ANN, slow_mode_s=1000)
    users = [f"user:{n:032x}" for n in range(9)]
    for user in users:
        room.join(user)
        room.post(user)
        room.leave(user)
    assert list(room.room.posted_at) == users[-4:]


# --- the filter ---


def filtered(**fields: Any) -> Talk:
    room = talk(BOB, CAT)
    room.done(SetRole, ANN, user=CAT, role="moderator")
    assert code(room.send(SetFilter, BOB, **fields)) is Code.FORBIDDEN
    room.done(SetFilter, CAT, **fields)
    return room


def test_forbidden_words_are_refused_but_for_moderators() -> None:
    room = filtered(words=("Troll", "bad word"))
    for body in (
        "you troll!",
        "TROLL",
        "a bad  word".replace("  ", " "),
        "tröll",
        "tro\u200bll",
        "\uff54roll",
    ):
        assert code(room.send(PostMessage, BOB, body=body), "body") is Code.FILTERED
    message = room.post(BOB, "trolley controller")
    assert code(room.edit(BOB, message, "troll"), "body") is Code.FILTERED
    for by in (ANN, CAT, KEY):
        room.post(by, "troll")
    assert room.rows[FactKey("filter", "")] == {
        "words": ["Troll", "bad word"],
        "links": "allowed",
        "hosts": [],
    }


def test_links_are_refused_unless_their_host_is_known() -> None:
    room = filtered(links="known_hosts", hosts=("example.org",))
    room.post(BOB, "see https://example.org/x and http://www.EXAMPLE.org:80.")
    for body in (
        "http://evil.example",
        "www.evil.example",
        "https://example.org@evil.example/",
        "//evil.example/x",
    ):
        assert code(room.send(PostMessage, BOB, body=body), "body") is Code.FILTERED
    room.done(SetFilter, ANN, links="forbidden", hosts=("example.org",))
    assert code(room.send(PostMessage, BOB, body="https://example.org"), "body") is Code.FILTERED
    room.done(SetFilter, ANN)
    assert not room.room.filtered
    assert FactKey("filter", "") not in room.rows
    room.post(BOB, "http://evil.example")


def test_a_filter_whose_words_grow_when_written_out_is_refused(room: Talk) -> None:
    words = ("zz", *("\u2057" * 38 + chr(0x4E00 + number) for number in range(199)))
    assert code(room.send(SetFilter, ANN, words=words), "words") is Code.INVALID
    assert code(room.send(SetFilter, ANN, words=("'" * 40,) * 51), "words") is Code.INVALID
    assert not room.room.filtered


@pytest.mark.parametrize("fields", [{"words": ("zz",)}, {"links": "forbidden"}])
def test_a_body_that_grows_when_written_out_is_refused_where_there_is_a_filter(
    room: Talk, fields: dict[str, Any]
) -> None:
    body = "\u2057" * limits.BODY_CHARS_MAX
    message = room.post(BOB, body)
    room.done(SetFilter, ANN, **fields)
    assert code(room.send(PostMessage, BOB, body=body), "body") is Code.INVALID
    assert code(room.edit(BOB, message, body), "body") is Code.INVALID
    room.post(ANN, body)
    room.post(BOB, "\ud55c" * limits.BODY_CHARS_MAX)


def test_a_room_with_a_filter_of_an_older_release_goes_on(room: Talk) -> None:
    room.done(SetFilter, ANN, words=("zz",))
    row = room.rows[FactKey("filter", "")]
    assert row is not None
    grown = ["\u2057" * 38 + chr(0x4E00 + number) for number in range(199)]
    room.rows[FactKey("filter", "")] = {**row, "words": [*grown, "zz"]}
    room.post(BOB, "hello")
    room.post(BOB, "\u2057" * 38 + "\u4e00")
    assert code(room.send(PostMessage, BOB, body="a zz"), "body") is Code.FILTERED


# --- settings ---


def test_moderators_change_what_a_room_is_like_and_its_owner_who_may_come_in(room: Talk) -> None:
    room.done(SetRole, ANN, user=CAT, role="moderator")
    assert code(room.send(ChangeRoom, BOB, topic="x")) is Code.FORBIDDEN
    assert code(room.send(ChangeRoom, CAT)) is Code.INVALID
    room.done(ChangeRoom, CAT, name="Go", topic="Openings", slow_mode_s=5)
    assert room.marks() == {"slow_mode_s": 5, "named": True, "topic": True}
    row = room.rows[FactKey("room", "")]
    assert (row["name"], row["topic"], row["slow_mode_s"], row["access"]) == ("Go", "Openings", 5, "public")
    for change in ({"access": "private"}, {"history": False}):
        assert code(room.send(ChangeRoom, CAT, **change)) is Code.FORBIDDEN
        room.done(ChangeRoom, ANN, **change)
    row = room.rows[FactKey("room", "")]
    assert (row["access"], row["history"], room.room.access, room.room.history) == ("private", False) * 2
    assert code(talk(access="group").send(ChangeRoom, ANN, access="public"), "access") is Code.INVALID


# --- erasing a person ---


def erase(room: Talk, user: str, *events: int, by: str = "system") -> Any:
    return room.send(EraseUser, by, user=user, events=events)


def test_only_the_server_erases_people() -> None:
    for by in (ANN, EVE, KEY):
        decision = erase(talk(BOB), BOB, by=by)
        assert isinstance(decision, Refuse)
    assert EraseUser not in kinds.ROOM.commands
    assert EraseUser in kinds.ROOM.internal


def test_of_an_erased_person_no_text_is_left(room: Talk) -> None:
    room.done(SetRole, ANN, user=BOB, role="owner")
    message, other = room.post(ANN), room.post(CAT)
    room.edit(ANN, message)
    edit = len(room.log)
    room.done(ChangeRoom, ANN, topic="secret")
    topic = len(room.log)
    room.done(MuteMember, ANN, user=CAT, for_s=60, reason="why")
    mute = len(room.log)
    room.done(BanUser, ANN, user=EVE, reason="why")
    ban = len(room.log)
    mine = [int(key) for key, row in room.keyed("authored").items() if row["author"] == ANN]
    assert mine == [1, topic, mute, ban]
    assert isinstance(erase(room, ANN, message, other, *mine), Accept)
    header = room.headers()[-1]
    assert (header.revokes, header.erases) == ((ANN,), (message, edit, 1, topic, mute, ban))
    assert header.marks == {"user": ANN, "name": True, "topic": True, "ban": (EVE,), "mute": (CAT,)}
    assert all(room.log[seq - 1][1] is None for seq in header.erases)
    assert (room.row(message)["body"], room.row(other)["body"]) == (None, "hi")
    row = room.rows[FactKey("room", "")]
    assert (row["name"], row["topic"]) == (None, None)
    assert room.keyed("ban")[EVE]["reason"] is room.keyed("mute")[CAT]["reason"] is None
    assert not [row for row in room.keyed("authored").values() if row["author"] == ANN]
    assert not room.listens(ANN)
    assert erase(room, ANN, message, other, *mine) == Accept()


def test_an_erased_owner_passes_the_room_on_even_of_a_removed_one(room: Talk) -> None:
    room.done(RemoveRoom, ANN)
    assert isinstance(erase(room, ANN), Accept)
    assert room.room.owner == BOB
    assert isinstance(room.send(RestoreRoom, BOB), Accept)


def test_erasing_takes_what_fits_and_goes_on(room: Talk) -> None:
    messages = [room.post(BOB) for _ in range(limits.ERASE_SEQS_MAX + 3)]
    for _ in range(3):
        room.edit(BOB, messages[0])
    assert isinstance(erase(room, BOB, *messages[: limits.ERASE_SEQS_MAX]), Accept)
    assert len(room.headers()[-1].erases) == limits.ERASE_SEQS_MAX
    left = [seq for seq in messages if room.row(seq)["deleted_at"] is None]
    assert len(left) == 6
    assert isinstance(erase(room, BOB, *left), Accept)
    assert all(room.row(seq)["body"] is None for seq in messages)


def test_an_invitation_goes_with_the_person() -> None:
    room = talk(access="private")
    room.done(InviteUser, ANN, user=DAN)
    assert isinstance(erase(room, DAN), Accept)
    assert room.room.invited == room.keyed("invited") == {}
    assert room.headers()[-1].revokes == ()
