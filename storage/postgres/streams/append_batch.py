"""One call of append_batch_v3: from appends to its binary parameters, and from its rows to verdicts."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

import msgspec

from actors.ports.log import Append, Fence, LogDataError, Verdict
from protocol.ids import client_key, stream_key
from storage.postgres.driver.binary import (
    Columns,
    bytea_array,
    int4_array,
    int8_array,
    jsonb_array,
    read_int,
    text_array,
    uuid_array,
)
from storage.postgres.driver.link import Rows as Answer
from storage.postgres.streams.changes import Changes, Rows, Schema
from storage.tables import BAD_VALUES, UnstorableError, check_distinct, check_values

STATEMENT: Final = """
    select refused, verdict from append_batch_v3(
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
        $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31,
        $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45)
"""

_VERDICTS: Final = {1: Verdict.FENCED, 2: Verdict.BEHIND, 3: Verdict.DUPLICATE, 4: Verdict.BUSY}
_STREAMS: Final = Columns(uuid_array, int8_array, int8_array, int8_array, int8_array, int8_array, int8_array)
_EVENTS: Final = Columns(int4_array, int8_array, bytea_array, bytea_array)
_RECEIPTS: Final = Columns(
    int4_array, text_array, uuid_array, int8_array, int8_array, bytea_array, bytea_array
)
_ERASES: Final = Columns(int4_array, int8_array)
_JOBS: Final = Columns(int4_array, int8_array, int4_array, text_array, jsonb_array)
_UNSTORABLE: Final = (*BAD_VALUES, struct.error)
_json: Final = msgspec.json.Encoder().encode
_int8: Final = struct.Struct(">q").pack


class Batch:
    """The rows of one call, gathered append by append."""

    def __init__(self, schema: Schema) -> None:
        self._streams: Rows = []
        self._events: Rows = []
        self._receipts: Rows = []
        self._erases: Rows = []
        self._jobs: Rows = []
        self._changes = Changes(schema)

    def add(self, i: int, append: Append) -> None:
        """What is written to the call's i-th stream. Raises one of ``_UNSTORABLE``."""
        a, count = append, len(append.events)
        self._streams.append(
            (stream_key(a.stream), a.activation, a.head, count, a.at, a.wake_at, a.effects_seq)
        )
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
            for job in append.jobs:
                check_values(job.job.arguments)
            self._jobs += [(i, j.seq, j.index, j.job.queue, _json(j.job.arguments)) for j in append.jobs]
        check_distinct(append.changes)
        for change in append.changes:
            self._changes.add(i, change)

    def parameters(self) -> list[bytes]:
        """The function's parameters from ``ids`` on. Raises one of ``_UNSTORABLE``."""
        return [
            *_STREAMS.packed(self._streams),
            *_EVENTS.packed(self._events),
            *_RECEIPTS.packed(self._receipts),
            *_ERASES.packed(self._erases),
            *_JOBS.packed(self._jobs),
            *self._changes.parameters(),
        ]


def parameters(
    fence: Fence, appends: Sequence[Append], *, wait_for_locks: bool, schema: Schema
) -> list[bytes]:
    """The statement's parameters. Raises LogDataError for a value that has no binary form."""
    batch = Batch(schema)
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
            *batch.parameters(),
        ]
    except _UNSTORABLE as error:  # a kind chose a value that its column can't hold
        raise LogDataError(str(error)) from error


def verdicts(count: int, answer: Answer) -> tuple[list[Verdict], bool]:
    """One verdict per append, and whether jobs were written, from the statement's rows."""
    found, jobs = [Verdict.ACCEPTED] * count, False
    for i, code in answer:
        assert i is not None
        assert code is not None
        if (place := read_int(i)) == 0:
            jobs = True
        else:
            found[place - 1] = _VERDICTS[read_int(code)]
    return found, jobs
