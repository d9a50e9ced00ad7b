"""One call of append_batch: from appends to its binary parameters, and from its rows to verdicts."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tests.released.code.actors.kind import Update
from tests.released.code.actors.ports import Append, Fence, LogDataError, Verdict
from tests.released.code.protocol.ids import client_key, stream_key
from tests.released.code.storage.postgres.binary import (
    RowEncoder,
    composite_array,
    int8_array,
    nullable_int8_array,
    read_int,
    uuid_array,
)
from tests.released.code.storage.postgres.link import Rows
from tests.released.code.storage.postgres.projections import encoded_update, projection_of
from tests.released.code.storage.tables import UnstorableError

ROW_TYPES: Final = (
    "event_write",
    "receipt_write",
    "erase_write",
    "job_write",
    "listener_write",
    "room_write",
    "message_write",
    "reaction_write",
    "reaction_count_write",
    "projection_write",
    "update_write",
)
"""The composite types, in the order of the function's parameters."""
STATEMENT: Final = """
    select refused, verdict from append_batch(
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
"""

_VERDICTS: Final = {1: Verdict.FENCED, 2: Verdict.BEHIND, 3: Verdict.DUPLICATE, 4: Verdict.BUSY}
_event: Final = RowEncoder(("int4", "int8", "bytea", "bytea")).encode
_receipt: Final = RowEncoder(("int4", "text", "uuid", "int8", "int8", "bytea", "bytea")).encode
_erase: Final = RowEncoder(("int4", "int8")).encode
_job: Final = RowEncoder(("int4", "int8", "int4", "text", "jsonb")).encode
_json: Final = msgspec.json.Encoder().encode
_int8: Final = struct.Struct(">q").pack


def parameters(
    fence: Fence, appends: Sequence[Append], *, wait_for_locks: bool, oids: Mapping[str, int]
) -> list[bytes]:
    """The statement's parameters. Raises LogDataError for a value that has no binary form."""
    rows: defaultdict[str, list[bytes]] = defaultdict(list)
    for i, append in enumerate(appends, 1):
        try:
            _encode(rows, i, append)
        except (UnstorableError, struct.error, TypeError, ValueError, AttributeError) as error:
            raise LogDataError(f"{append.stream}: {error}") from error
    try:
        wake_ats = nullable_int8_array([append.wake_at for append in appends])
    except struct.error as error:  # a kind chose it
        raise LogDataError(f"a wake_at is no instant: {error}") from error
    return [
        _int8(fence.node),
        _int8(fence.number),
        b"\1" if wait_for_locks else b"\0",
        uuid_array([stream_key(append.stream) for append in appends]),
        int8_array([append.activation for append in appends]),
        int8_array([append.head for append in appends]),
        int8_array([len(append.events) for append in appends]),
        int8_array([append.at for append in appends]),
        wake_ats,
        int8_array([append.effects_seq for append in appends]),
        *(composite_array(oids[row_type], rows[row_type]) for row_type in ROW_TYPES),
    ]


def _encode(rows: defaultdict[str, list[bytes]], i: int, append: Append) -> None:
    if events := append.events:
        # The server only counts events, so here they are held to follow the head.
        if events[0].seq != append.head + 1 or events[-1].seq != append.head + len(events):
            raise UnstorableError(f"seqs don't follow head {append.head}")
        rows["event_write"] += [_event(i, e.seq, e.header, e.payload) for e in events]
    if append.receipts:
        rows["receipt_write"] += [
            _receipt(i, r.author, client_key(r.client_id), r.first_seq, r.last_seq, r.digest, r.answer)
            for r in append.receipts
        ]
    if append.erases:
        rows["erase_write"] += [_erase(i, seq) for seq in append.erases]
    if append.jobs:
        rows["job_write"] += [
            _job(i, j.seq, j.index, j.job.queue, _json(j.job.arguments)) for j in append.jobs
        ]
    for change in append.changes:
        if isinstance(change, Update):
            rows["update_write"].append(encoded_update(i, change))
            continue
        projection = projection_of(change.table)
        rows[projection.row_type].append(projection.encode(i, change))


def verdicts(count: int, refused: Rows) -> list[Verdict]:
    """One verdict per append, from the statement's rows."""
    found = [Verdict.ACCEPTED] * count
    for i, code in refused:
        assert i is not None
        assert code is not None
        found[read_int(i) - 1] = _VERDICTS[read_int(code)]
    return found
