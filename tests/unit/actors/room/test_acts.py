"""Which events of a room stand in the audit log."""

from __future__ import annotations

from actors.kind import Job
from actors.room.acts import QUEUE
from actors.room.effects import effects
from protocol.room.commands import (
    ArchiveRoom,
    BanUser,
    ChangeRoom,
    MuteMember,
    RemoveRoom,
    RestoreRoom,
    SetFilter,
    SetRole,
    UnarchiveRoom,
    UnbanUser,
    UnmuteMember,
)
from tests.unit.actors.room.talk import ANN, BOB, ROOM, Talk, talk


def noted(room: Talk) -> dict[str, object] | None:
    """What the last event has noted."""
    jobs = [effect for effect in effects(room.headers()[-1]) if isinstance(effect, Job)]
    assert all(job.queue == QUEUE for job in jobs)
    return dict(jobs[0].arguments) if jobs else None


def test_acts_on_others_are_noted_without_a_word_that_anybody_wrote() -> None:
    room = talk(BOB)
    message = room.post(BOB, "secret")
    steps = (
        ("room.muted", MuteMember, {"user": BOB, "for_s": 9, "reason": "secret"}),
        ("room.unmuted", UnmuteMember, {"user": BOB}),
        ("room.role_set", SetRole, {"user": BOB, "role": "moderator"}),
        ("room.banned", BanUser, {"user": BOB, "reason": "secret"}),
        ("room.unbanned", UnbanUser, {"user": BOB}),
    )
    for act, command, fields in steps:
        room.done(command, ANN, **fields)
        told = noted(room)
        assert told is not None
        expected = {"act": act, "room": ROOM, "seq": len(room.log), "at": room.now, "by": ANN, "user": BOB}
        assert expected.items() <= told.items()
        assert "secret" not in str(told)
    room.join(BOB)
    assert noted(room) is None
    room.kick(ANN, BOB)
    assert (noted(room) or {})["user"] == BOB
    room.delete(ANN, message)
    assert {"act": "room.deleted", "user": BOB, "message": message}.items() <= (noted(room) or {}).items()
    for command, act in (
        (SetFilter, "room.filtered"),
        (ArchiveRoom, "room.archived"),
        (UnarchiveRoom, "room.unarchived"),
        (RemoveRoom, "room.removed"),
        (RestoreRoom, "room.restored"),
    ):
        room.done(command, ANN)
        assert {"act": act, "by": ANN}.items() <= (noted(room) or {}).items()
        assert "user" not in (noted(room) or {})


def test_what_people_do_with_their_own_is_not_noted() -> None:
    room = talk(BOB)
    for message in (room.post(ANN), room.post(BOB)):
        assert noted(room) is None
        room.delete(ANN if message == 3 else BOB, message)
    assert noted(room) is None
    room.done(ChangeRoom, ANN, topic="Chess")
    assert noted(room) is None
    room.leave(BOB)
    assert noted(room) is None
