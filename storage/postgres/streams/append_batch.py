"""One call of append_batch_v2: from appends to its binary parameters, and from its rows to verdicts."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

import msgspec

from actors.ports.log import Append, Fence, LogDataError, Verdict
from actors.tables import Tables
from protocol.ids import client_key, stream_key
from storage.postgres.driver.binary import (
    bytea_array,
    int4_array,
    int8_array,
    jsonb_array,
    read_int,
    text_array,
    uuid_array,
)
from storage.postgres.driver.link import Rows as Answer
from storage.postgres.streams.changes import Changes, Rows, columns
from storage.tables import UnstorableError

STATEMENT: Final = """
    select refused, verdict from append_batch_v2(
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
        $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31,
        $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45)
"""

_VERDICTS: Final = {1: Verdict.FENCED, 2: Verdict.BEHIND, 3: Verdict.DUPLICATE, 4: Verdict.BUSY}
_EVENTS: Final = (int4_array, int8_array, bytea_array, bytea_array)
_RECEIPTS: Final = (int4_array, text_array, uuid_array, int8_array, int8_array, bytea_array, bytea_array)
_ERASES: Final = (int4_array, int8_array)
_JOBS: Final = (int4_array, int8_array, int4_array, text_array, jsonb_array)
_UNSTORABLE: Final = (UnstorableError, struct.error, TypeError, ValueError, AttributeError)
_json: Final = msgspec.json.Encoder().encode
_int8: Final = struct.Struct(">q").pack


class Batch:
    """The rows of one call, gathered append by append."""

    def __init__(self, tables: Tables) -> None:
        self._events: Rows = []
        self._receipts: Rows = []
        self._erases: Rows = []
        self._jobs: Rows = []
        self._changes = Changes(tables)

    def add(self, i: int, append: Append) -> None:
        """The rows of the call's i-th stream. Raises one of ``_UNSTORABLE``."""
        if events := append.events:
            # The server only counts events, so here they are held to follow the head.
            if events[0].seq != append.head + 1 or events[-1].seq != append.head + len(events):
                raise UnstorableError(f"seqs don't follow head {append.head}")
            self._events += [(i, e.seq, e.header, e.payload) for e in events]
        if append.receipts:
            self._receipts += [
                (i, r.author, client_key(r.client_id), r.first_seq, r.last_seq, r.digest, r.answer)
                for r in append.receipts
            ]
        if append.erases:
            self._erases += [(i, seq) for seq in append.erases]
        if append.jobs:
            self._jobs += [(i, j.seq, j.index, j.job.queue, _json(j.job.arguments)) for j in append.jobs]
        for change in append.changes:
            self._changes.add(i, change)

    def parameters(self) -> list[bytes]:
        """The function's parameters from ``e_i`` on. Raises one of ``_UNSTORABLE``."""
        return [
            *columns(_EVENTS, self._events),
            *columns(_RECEIPTS, self._receipts),
            *columns(_ERASES, self._erases),
            *columns(_JOBS, self._jobs),
            *self._changes.parameters(),
        ]


def parameters(
    fence: Fence, appends: Sequence[Append], *, wait_for_locks: bool, tables: Tables
) -> list[bytes]:
    """The statement's parameters. Raises LogDataError for a value that has no binary form."""
    batch = Batch(tables)
    for i, append in enumerate(appends, 1):
        try:
            batch.add(i, append)
        except _UNSTORABLE as error:
            raise LogDataError(f"{append.stream}: {error}") from error
    try:
        return [
            _int8(fence.node),
            _int8(fence.number),
            b"\1" if wait_for_locks else b"\0",
            uuid_array([stream_key(append.stream) for append in appends]),
            int8_array([append.activation for append in appends]),
            int8_array([append.head for append in appends]),
            int8_array([len(append.events) for append in appends]),
            int8_array([append.at for append in appends]),
            int8_array([append.wake_at for append in appends]),
            int8_array([append.effects_seq for append in appends]),
            *batch.parameters(),
        ]
    except _UNSTORABLE as error:  # a kind chose a value that its column can't hold
        raise LogDataError(str(error)) from error


def verdicts(count: int, refused: Answer) -> list[Verdict]:
    """One verdict per append, from the statement's rows."""
    found = [Verdict.ACCEPTED] * count
    for i, code in refused:
        assert i is not None
        assert code is not None
        found[read_int(i) - 1] = _VERDICTS[read_int(code)]
    return found
