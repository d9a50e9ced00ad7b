"""Who has written what in a tournament: rows by which an erased person's texts are found."""

from __future__ import annotations

from actors.kind import AUTHORED, FactKey, Upsert
from protocol.event import Header


def said(header: Header, of: str) -> Upsert:
    """This event holds a text of its author: ``texts`` (name and description) or ``reason`` of the tournament, or with
    the number of an entrant or a match ``names``, ``reasons``, ``disputes`` or ``decisions``.
    """
    return Upsert(AUTHORED, str(header.seq), {"author": header.author, "of": of})


def authored_key(seq: int) -> FactKey:
    """The row of the text that this event holds."""
    return FactKey(AUTHORED, str(seq))
