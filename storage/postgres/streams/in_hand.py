"""Notes of the commands that runs of nodes have in hand, and what they come to."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from actors.ports.log import OWNERS_LOST_MAX, POISONED, Fence
from protocol.ids import client_key, kind_of, stream_key
from storage.postgres.streams.parameters import run_of

# FOR KEY SHARE: whoever ends this run waits for the note, or this sees the end.
TAKE: Final = """
    with me as (
        select id, fence from node where id = %(node)s and fence = %(fence)s for key share
    ), taken as (
        insert into in_hand as h (stream_id, author, client_id, node_id, fence, lost)
        select s.id, %(author)s, %(client_id)s, me.id, me.fence, %(lost)s
        from me join stream s on s.id = %(stream)s and s.kind = %(kind)s and s.deleted_at is null
        on conflict (stream_id, author, client_id) do update
        set node_id = excluded.node_id, fence = excluded.fence, taken_at = now(),
            lost = h.lost
                + (not exists (select from node n where n.id = h.node_id and n.fence = h.fence))::integer
        returning stream_id, author, client_id, lost
    ), refused as (
        insert into receipt (stream_id, author, client_id, first_seq, last_seq, digest)
        select t.stream_id, t.author, t.client_id, s.head + 1, s.head, %(poisoned)s
        from taken t join stream s on s.id = t.stream_id where t.lost >= %(lost_max)s
        on conflict do nothing
        returning true
    )
    select exists (select from me), not exists (select from taken where lost >= %(lost_max)s)
"""
LET_GO: Final = """
    delete from in_hand where stream_id = %(stream)s and author = %(author)s and client_id = %(client_id)s
    returning true
"""


def note(fence: Fence, stream: str, key: tuple[str, str], *, lost_before: int) -> dict[str, Any]:
    """TAKE's parameters."""
    return {
        **command(stream, key),
        **run_of(fence),
        "lost": lost_before,
        "lost_max": OWNERS_LOST_MAX,
        "poisoned": POISONED,
    }


def command(stream: str, key: tuple[str, str]) -> dict[str, Any]:
    """Those of LET_GO: the command with this (author, client_id)."""
    author, client_id = key
    return {
        "stream": UUID(bytes=stream_key(stream)),
        "kind": kind_of(stream),
        "author": author,
        "client_id": UUID(bytes=client_key(client_id)),
    }
