"""What an event makes of a room's state.

Headers alone decide, never payloads: a payload may have been erased, and the state must be the same
without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar, cast

from msgspec.structs import replace

from actors.kind import Instant
from actors.ordered_map import OrderedMap
from actors.room.permissions import Rank
from actors.room.rows import SETTINGS
from actors.room.state import Invite, Room, is_over
from protocol import limits
from protocol.event import Header
from protocol.ids import kind_of
from protocol.tournament import KIND as TOURNAMENT

_Until = TypeVar("_Until", Instant, Instant | None)

OVER_TAKEN_OUT_MAX: Final = 2
"""So many entries whose time is over go when one is put in: more than come, and never thousands with one event."""


def apply(room: Room, header: Header) -> Room:
    """The state after one event; types of later versions change nothing."""
    change = _CHANGES.get(header.type)
    return room if change is None else change(room, header)


def _created(room: Room, header: Header) -> Room:
    marks, user = header.marks, kind_of(header.author) == "user"
    first = (header.author, *((cast(str, marks["peer"]),) if "peer" in marks else ())) if user else ()
    return replace(
        room,
        created=True,
        access=marks["access"],
        history=marks["history"] is True,
        host=header.author if kind_of(header.author) == TOURNAMENT else None,
        operated=not user,
        owner=header.author if user and "peer" not in marks else None,
        members=OrderedMap(dict.fromkeys(first, header.seq)),
        named_at=header.seq,
    )


def _changed(room: Room, header: Header) -> Room:
    marks = header.marks
    changes: dict[str, Any] = {name: marks[name] for name in SETTINGS if name in marks}
    if changes.get("slow_mode_s") == 0:
        changes["posted_at"] = OrderedMap[Instant]()
    if "named" in marks:
        changes["named_at"] = header.seq
    if "topic" in marks:
        changes["topic_at"] = header.seq
    return replace(room, **changes)


def _joined(room: Room, header: Header) -> Room:
    user, marks = header.author, header.marks
    after, all_of_it = room.readable_after, marks.get("history", True)
    return replace(
        _owned(room, header),
        members=room.members.insert(user, header.seq),
        readable_after=after if all_of_it else after.insert(user, header.seq - 1),
        invited=room.invited.discard(user),
        invites=_used(room, cast(int, marks["invite"])) if "invite" in marks else room.invites,
    )


def _used(room: Room, number: int) -> dict[int, Invite]:
    invite = room.invites[number]
    return {**room.invites, number: replace(invite, used=invite.used + 1)}


def _seated(room: Room, header: Header) -> Room:
    users = cast("Sequence[str]", header.marks.get("users", ()))
    after, members, invited = _left(room, header), room.members.discard(*header.revokes), room.invited
    for user in users:
        members, invited = members.insert(user, header.seq), invited.discard(user)
    moderators = tuple(cast("Sequence[str]", header.marks.get("moderators", after.moderators)))
    return replace(after, members=members, invited=invited, moderators=moderators)


def _left(room: Room, header: Header) -> Room:
    """Remove the users whom the header revokes."""
    gone = header.revokes
    if not gone:
        return room
    return replace(
        _owned(room, header),
        members=room.members.discard(*gone),
        moderators=tuple(m for m in room.moderators if m not in (*gone, header.marks.get("owner"))),
        readable_after=room.readable_after.discard(*gone),
    )


def _owned(room: Room, header: Header) -> Room:
    """The mark ``owner`` names the new one, ``""`` for nobody; without it nothing changes."""
    owner = cast("str | None", header.marks.get("owner"))
    return room if owner is None else replace(room, owner=owner or None)


def _role_set(room: Room, header: Header) -> Room:
    user, role = cast(str, header.marks["user"]), header.marks["role"]
    moderators = tuple(m for m in room.moderators if m != user)
    if role == "moderator":
        moderators = (*moderators, user)
    elif "former" in header.marks:
        moderators = (*moderators, cast(str, header.marks["former"]))
    return replace(_owned(room, header), moderators=moderators)


def _posted(room: Room, header: Header) -> Room:
    room = replace(room, messages=cast(int, header.marks["number"]))
    if not room.slow_mode_s or room.rank(header.author) is not Rank.MEMBER:
        return room
    since = header.at - room.slow_mode_s * 1000
    recent = _without_some(room.posted_at, since).discard(header.author)
    if len(recent) >= limits.ROOM_MEMBERS_MAX and (least := recent.least) is not None:
        recent = recent.discard(least)
    return replace(room, posted_at=recent.insert(header.author, header.at))


def _invited(room: Room, header: Header) -> Room:
    return replace(room, invited=room.invited.insert(cast(str, header.marks["user"]), header.seq))


def _uninvited(room: Room, header: Header) -> Room:
    return replace(room, invited=room.invited.discard(cast(str, header.marks["user"])))


def _invite_made(room: Room, header: Header) -> Room:
    marks = header.marks
    number, uses = cast(int, marks["invite"]), cast("int | None", marks.get("uses"))
    good = {n: invite for n, invite in room.invites.items() if invite.good(header.at)}
    made = Invite(cast(int, marks["expires_at"]), uses)
    return replace(room, invites={**good, number: made}, invites_made=number)


def _invite_revoked(room: Room, header: Header) -> Room:
    rest = {number: invite for number, invite in room.invites.items() if number != header.marks["invite"]}
    return replace(room, invites=rest)


def _muted(room: Room, header: Header) -> Room:
    user, until = cast(str, header.marks["user"]), cast(int, header.marks["until"])
    return replace(room, muted=_without_some(room.muted, header.at).insert(user, until))


def _unmuted(room: Room, header: Header) -> Room:
    return replace(room, muted=room.muted.discard(cast(str, header.marks["user"])))


def _banned(room: Room, header: Header) -> Room:
    user, until = cast(str, header.marks["user"]), cast("int | None", header.marks.get("until"))
    return replace(
        _left(room, header),
        banned=_without_some(room.banned, header.at).insert(user, until),
        invited=room.invited.discard(user),
    )


def _unbanned(room: Room, header: Header) -> Room:
    return replace(room, banned=room.banned.discard(cast(str, header.marks["user"])))


def _pinned(room: Room, header: Header) -> Room:
    return replace(room, pinned=(*room.pinned, cast(int, header.marks["message"])))


def _unpinned(room: Room, header: Header) -> Room:
    message = header.marks["message"]
    return replace(room, pinned=tuple(p for p in room.pinned if p != message)) if room.pinned else room


def _erased(room: Room, header: Header) -> Room:
    """Of somebody whose account is gone nothing is kept but what others did to them."""
    user = cast(str, header.marks["user"])
    return replace(
        _left(room, header),
        invited=room.invited.discard(user),
        posted_at=room.posted_at.discard(user),
        pinned=tuple(p for p in room.pinned if p not in header.erases),
    )


def _without_some(of: OrderedMap[_Until], now: Instant) -> OrderedMap[_Until]:
    """Without the first of those whose time is over."""
    for _ in range(OVER_TAKEN_OUT_MAX):
        if (least := of.least) is None or not is_over(of[least], now):
            break
        of = of.discard(least)
    return of


_CHANGES: Final[dict[str, Callable[[Room, Header], Room]]] = {
    "room.created": _created,
    "room.changed": _changed,
    "room.filtered": lambda room, header: replace(room, filtered=header.marks["filters"] is True),
    "room.joined": _joined,
    "room.seated": _seated,
    "room.left": _left,
    "room.kicked": _left,
    "room.invited": _invited,
    "room.uninvited": _uninvited,
    "room.invite_made": _invite_made,
    "room.invite_revoked": _invite_revoked,
    "room.role_set": _role_set,
    "room.posted": _posted,
    "room.deleted": _unpinned,
    "room.pinned": _pinned,
    "room.unpinned": _unpinned,
    "room.muted": _muted,
    "room.unmuted": _unmuted,
    "room.banned": _banned,
    "room.unbanned": _unbanned,
    "room.user_erased": _erased,
    "room.archived": lambda room, _: replace(room, archived=True),
    "room.unarchived": lambda room, _: replace(room, archived=False),
    "room.removed": lambda room, header: replace(room, removed_at=header.at),
    "room.restored": lambda room, _: replace(room, removed_at=None),
}
