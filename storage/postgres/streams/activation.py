"""Becoming the writer of many streams in one call of activate_streams, and forgetting those that stayed empty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from actors.ports.log import Activation, Fence, NotActivated, Wanted
from storage.postgres.streams.parameters import named, run_of

STATEMENT: Final = """
    select place, verdict, activation, head, last_at, effects_seq, state, checkpoint_seq from activate_streams(
        %(node)s, %(fence)s, %(wait)s, %(streams)s::uuid[], %(kinds)s::text[], %(epochs)s::bigint[],
        %(creates)s::boolean[], %(versions)s::integer[])
"""
# Only what activate_streams made: its numbers lie so far apart that none comes twice, also not from a node of the last
# release, which counts from 0 when it makes the stream again.
DISCARD: Final = """
    delete from stream s
    using node n, unnest(%(streams)s::uuid[], %(kinds)s::text[], %(activations)s::bigint[]) q(id, kind, activation)
    where n.id = %(node)s and n.fence = %(fence)s and s.id = q.id and s.kind = q.kind
        and s.activation = q.activation and s.activation > 1000000
        and s.head = 0 and s.wake_at is null and s.deleted_at is null
        and not exists (select from receipt r where r.stream_id = s.id)
    returning 1
"""
_REFUSED: Final = {1: NotActivated.FENCED, 2: NotActivated.ABSENT, 3: NotActivated.BUSY}


def parameters(fence: Fence, wanted: Sequence[Wanted], *, wait_for_locks: bool) -> dict[str, Any]:
    """The statement's parameters."""
    return {
        **run_of(fence),
        **named([one.stream for one in wanted]),
        "wait": wait_for_locks,
        "epochs": [one.epoch for one in wanted],
        "creates": [one.create for one in wanted],
        "versions": [one.state_version for one in wanted],
    }


def answers(count: int, rows: Sequence[tuple[Any, ...]]) -> list[Activation | NotActivated]:
    """One answer for each that was wanted, from the statement's rows."""
    found: list[Activation | NotActivated] = [NotActivated.ABSENT] * count
    for place, verdict, activation, head, last_at, effects_seq, state, checkpoint_seq in rows:
        found[place - 1] = _REFUSED.get(verdict) or Activation(
            activation=activation,
            head=head,
            last_at=last_at,
            effects_seq=effects_seq,
            checkpoint=state,
            checkpoint_seq=checkpoint_seq or 0,
        )
    return found
