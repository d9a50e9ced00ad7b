"""Ids of the wire as the tables hold them, and back."""

from __future__ import annotations

from uuid import UUID

from protocol.ids import USER


def uuid_of(id_: str) -> UUID:
    """The digits of a well-formed id of anything."""
    return UUID(hex=id_[-32:])


def user_of(account: UUID) -> str:
    """The user whose rows have this key."""
    return stream_of(USER, account)


def stream_of(kind: str, key: UUID) -> str:
    """The stream of this kind whose rows have this key."""
    return f"{kind}:{key.hex}"
