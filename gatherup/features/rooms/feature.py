"""Rooms over HTTP: what changes them goes through their actors, what lists them comes from their rows."""

from __future__ import annotations

from functools import partial
from typing import Final

from actors.limiting.rate_limit import Rate
from actors.room.invites import InviteCodes
from gatherup.feature import Base, Feature
from gatherup.features.rooms.acts import RoomActs
from gatherup.features.rooms.heads import HeadsResource
from gatherup.features.rooms.invites import InvitesResource
from gatherup.features.rooms.keeps import room_keeps
from gatherup.features.rooms.members import MembersResource
from gatherup.features.rooms.messages import MessagesResource
from gatherup.features.rooms.reports import ReportsResource
from gatherup.features.rooms.room_access import RoomAccess
from gatherup.features.rooms.rooms import RoomsResource
from gatherup.http.endpoint import HEX, PathPart
from gatherup.http.throttle import Throttle
from gatherup.kinds import invite_key_of
from protocol import limits
from storage.postgres.admin.admins import Admins
from storage.postgres.audit_log import AuditLog
from storage.postgres.rooms.messages import Messages
from storage.postgres.rooms.people import RoomPeople
from storage.postgres.rooms.read_positions import PostgresReadPositions, erase_read_positions
from storage.postgres.rooms.reports import Reports
from storage.postgres.rooms.rooms import Rooms

PATH_PARTS: Final = (
    PathPart("room", "the id of a room", f"^room:{HEX}$", "room:5f0c1a52b4f24f2f9a0c6f1d2e3b4a59"),
    PathPart("seq", "the seq of a message", "^[1-9][0-9]{0,14}$", "42"),
    PathPart(
        "invite",
        "an invite: its code, or where it is revoked its number",
        r"^[1-9][0-9]{0,8}(-[0-9a-f]{24})?$",
        "3-5f0c1a52b4f24f2f9a0c6f1d",
    ),
    PathPart("report", "the id of a report"),
)


def rooms_of(base: Base) -> Feature:
    """The feature."""
    config, pool, clock, commands = base.config, base.pool, base.clock, base.commands
    rooms, people, messages = Rooms(pool), RoomPeople(pool), Messages(pool)
    access = RoomAccess(rooms, base.router)
    codes = InviteCodes(invite_key_of(config.runtime.receipt_key.key))
    looks = Rate(limits.INVITE_LOOKS_PER_S, limits.INVITE_LOOKS_BURST)
    signals = Rate(limits.SIGNALS_PER_S, limits.SIGNALS_BURST)
    throttle = partial(Throttle, clock, keys_max=config.http.addresses_max)
    return Feature(
        resources=(
            HeadsResource(base.read_markers, PostgresReadPositions(pool), throttle(signals)),
            RoomsResource(rooms, access, commands, clock),
            MembersResource(people, access, commands, clock),
            MessagesResource(messages, access, commands),
            InvitesResource(people, access, commands, codes, throttle(looks), clock),
            ReportsResource(Reports(pool), messages, access, Admins(pool), throttle(signals), clock),
        ),
        queues=(RoomActs(AuditLog(pool)).queue(),),
        keeps=room_keeps(base),
        erasers=(erase_read_positions,),
        path_parts=PATH_PARTS,
    )
