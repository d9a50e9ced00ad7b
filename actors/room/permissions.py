"""Who may do what in a room: one table for each kind of access, by rank alone."""

from __future__ import annotations

from enum import IntEnum, StrEnum, auto
from typing import Final


class Rank(IntEnum):
    """What somebody is in a room; a higher rank may do all that a lower one may."""

    STRANGER = 0
    MEMBER = 1
    MODERATOR = 2
    OWNER = 3
    OPERATOR = 4
    """A game's own backend, but in direct rooms, or the server: never a member, and above all of them."""


class Permission(StrEnum):
    """What a rank may be needed for."""

    LEAVE = auto()
    POST = auto()
    REACT = auto()
    MENTION_EVERYONE = auto()
    PIN = auto()
    DELETE_OTHERS = auto()
    PASS_SLOW_MODE = auto()
    PASS_FILTER = auto()
    INVITE = auto()
    UNINVITE = auto()
    CREATE_INVITE = auto()
    REVOKE_INVITE = auto()
    MUTE = auto()
    KICK = auto()
    BAN = auto()
    CHANGE = auto()
    """Name, topic, slow mode."""
    CHANGE_ACCESS = auto()
    """Who may come in, and what they may read then."""
    SET_FILTER = auto()
    SET_ROLE = auto()
    ARCHIVE = auto()
    REMOVE = auto()


_ROOM: Final = {
    Permission.LEAVE: Rank.MEMBER,
    Permission.POST: Rank.MEMBER,
    Permission.REACT: Rank.MEMBER,
    Permission.MENTION_EVERYONE: Rank.MODERATOR,
    Permission.PIN: Rank.MODERATOR,
    Permission.DELETE_OTHERS: Rank.MODERATOR,
    Permission.PASS_SLOW_MODE: Rank.MODERATOR,
    Permission.PASS_FILTER: Rank.MODERATOR,
    Permission.INVITE: Rank.MODERATOR,
    Permission.UNINVITE: Rank.MODERATOR,
    Permission.CREATE_INVITE: Rank.MODERATOR,
    Permission.REVOKE_INVITE: Rank.MODERATOR,
    Permission.MUTE: Rank.MODERATOR,
    Permission.KICK: Rank.MODERATOR,
    Permission.BAN: Rank.MODERATOR,
    Permission.CHANGE: Rank.MODERATOR,
    Permission.CHANGE_ACCESS: Rank.OWNER,
    Permission.SET_FILTER: Rank.MODERATOR,
    Permission.SET_ROLE: Rank.OWNER,
    Permission.ARCHIVE: Rank.OWNER,
    Permission.REMOVE: Rank.OWNER,
}
_GROUP: Final = _ROOM | {
    Permission.MENTION_EVERYONE: Rank.MEMBER,
    Permission.PIN: Rank.MEMBER,
    Permission.INVITE: Rank.MEMBER,
    Permission.CREATE_INVITE: Rank.MEMBER,
}
_DIRECT: Final = {
    Permission.POST: Rank.MEMBER,
    Permission.REACT: Rank.MEMBER,
    Permission.PIN: Rank.MEMBER,
    Permission.DELETE_OTHERS: Rank.OPERATOR,
}
TABLE: Final = {
    "public": _ROOM | {Permission.INVITE: Rank.MEMBER},
    "private": _ROOM,
    "group": _GROUP,
    "direct": _DIRECT,
}
"""The lowest rank that has a permission, by access; nobody has what isn't named."""


def permits(access: str, rank: Rank, permission: Permission) -> bool:
    """Whether a rank has this permission in a room of this access."""
    lowest = TABLE[access].get(permission)
    return lowest is not None and rank >= lowest


def outranks(rank: Rank, other: Rank) -> bool:
    """Whether somebody of the first rank may act on somebody of the second: nobody on their equals."""
    return rank > other
