"""Keeping the states of many streams in one statement."""

from __future__ import annotations

from typing import Final

# No lock: an earlier owner's state is as true as a later one's, and the highest seq wins. In id order, or two calls
# deadlock.
KEEP: Final = """
    with owned as (
        select q.* from unnest(
            %(streams)s::uuid[], %(kinds)s::text[], %(activations)s::bigint[], %(versions)s::integer[],
            %(seqs)s::bigint[], %(states)s::bytea[]
        ) with ordinality q(id, kind, activation, version, seq, state, position)
        join node n on n.id = %(node)s and n.fence = %(fence)s
        join lateral (
            select s.* from stream s where s.id = q.id and s.kind = q.kind and s.deleted_at is null limit 1
        ) s on s.activation = q.activation
    ), kept as (
        insert into checkpoint as c (stream_id, version, seq, state)
        select id, version, seq, state from owned order by id
        on conflict (stream_id, version) do update set seq = excluded.seq, state = excluded.state
        where c.seq <= excluded.seq
    )
    select position from owned
"""
