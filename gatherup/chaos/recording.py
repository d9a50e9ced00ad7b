"""Connections that write down every frame: what a client really sent and got, beneath the SDK's own care."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec
import trio
from typing_extensions import override

from gatherup.chaos import records
from gatherup.chaos.history import stream_of
from gatherup.chaos.records import Record, Sink
from gatherup.client import ConnectionLostError
from gatherup.client.ports import Connection, Connector
from gatherup.client.wire import read_frame
from protocol.codec import FULL, Codec, Subprotocol
from protocol.frames import (
    Accepted,
    Command,
    Event,
    Hello,
    Position,
    Refused,
    ServerFrame,
    Subscribe,
    Subscribed,
    Unknown,
    Unsubscribe,
    Unsubscribed,
    Welcome,
)

_CODEC: Final = Codec(Subprotocol.MSGPACK, FULL)


class RecordingConnector(Connector):
    """Makes another connector's connections, and writes down what passes. One for each client."""

    def __init__(self, inner: Connector, client: str, sink: Sink, now: Callable[[], float]) -> None:
        self._inner = inner
        self._notes = _Notes(client, sink, now)

    @override
    async def connect(self, nursery: trio.Nursery) -> Connection:
        return _RecordedConnection(await self._inner.connect(nursery), self._notes)


class _RecordedConnection:
    """One connection; see ``Connection``."""

    def __init__(self, inner: Connection, notes: _Notes) -> None:
        self._inner = inner
        self._notes = notes
        self._ended = False
        notes.begin()

    async def send(self, data: bytes) -> None:
        # Written down first: once it is handed over, the answer may come before this task runs again.
        self._notes.sends(data)
        await self._inner.send(data)

    async def receive(self) -> bytes:
        try:
            data = await self._inner.receive()
        except ConnectionLostError as lost:
            self._end(lost.code)
            raise
        self._notes.gets(data)
        return data

    async def ping(self) -> None:
        await self._inner.ping()

    async def close(self) -> None:
        self._end(None)
        await self._inner.close()

    def _end(self, code: int | None) -> None:
        if not self._ended:
            self._ended = True
            self._notes.ends(code)


class _Notes:
    """Turns one client's frames into entries."""

    def __init__(self, client: str, sink: Sink, now: Callable[[], float]) -> None:
        self._client = client
        self._sink = sink
        self._now = now
        self._user = ""
        self._commands: set[str] = set()
        """Sent before, on any connection."""
        self._asked: dict[str, Subscribe | Unsubscribe] = {}
        self._resumed: dict[str, Position] = {}

    def begin(self) -> None:
        self._asked.clear()
        self._resumed.clear()

    def ends(self, code: int | None) -> None:
        self._write(records.Closed(at=self._now(), client=self._client, code=code))

    def sends(self, data: bytes) -> None:
        match frame := _CODEC.decode(data):
            case Hello(positions=positions):
                self._resumed = {position.stream: position for position in positions}
            case Subscribe() | Unsubscribe():
                self._asked[frame.client_id] = frame
            case Command():
                again = frame.client_id in self._commands
                self._commands.add(frame.client_id)
                self._write(
                    records.Sent(
                        at=self._now(),
                        client=self._client,
                        client_id=frame.client_id,
                        kind=str(frame.__struct_config__.tag),
                        stream=stream_of(self._user, frame),
                        again=again,
                    )
                )
            case _:
                pass

    def gets(self, data: bytes) -> None:
        frame = read_frame(data)
        if frame is not None and (record := self._record(frame)) is not None:
            self._write(record)

    def _record(self, frame: ServerFrame) -> Record | None:
        at, client = self._now(), self._client
        match frame:
            case Welcome(user=user, node=node):
                self._user = user
                return records.Connected(at=at, client=client, user=user, node=node)
            case Accepted() | Refused() | Unknown():
                return self._answer(at, frame)
            case Subscribed():
                return self._subscription(at, frame)
            case Unsubscribed(stream=stream):
                return records.Unsubscribed(at=at, client=client, stream=stream)
            case Event(header=header, payload=payload):
                plain = None if payload is None else msgspec.msgpack.decode(payload)
                return records.Delivered(at=at, client=client, header=header, payload=plain)
            case _:
                return None

    def _answer(self, at: float, frame: Accepted | Refused | Unknown) -> Record | None:
        if frame.client_id is None:
            return None
        asked = self._asked.pop(frame.client_id, None)
        if asked is not None:
            if isinstance(asked, Unsubscribe) and isinstance(frame, Accepted):
                return records.Unsubscribed(at=at, client=self._client, stream=asked.stream)
            return None
        if frame.client_id not in self._commands:
            return None  # a refreshed token
        answered = partial(records.Answered, at=at, client=self._client, client_id=frame.client_id)
        match frame:
            case Accepted():
                return answered(answer="accepted", seq=frame.seq, events=frame.events)
            case Refused():
                return answered(
                    answer="refused",
                    code=frame.code,
                    message=frame.message,
                    retry_after_s=frame.retry_after_s,
                )
            case Unknown():
                return answered(answer="unknown", retry_after_s=frame.retry_after_s)

    def _subscription(self, at: float, frame: Subscribed) -> Record:
        asked = None if frame.client_id is None else self._asked.pop(frame.client_id, None)
        since = asked.since if isinstance(asked, Subscribe) else self._resumed.get(frame.stream)
        return records.Subscribed(
            at=at,
            client=self._client,
            stream=frame.stream,
            incarnation=frame.incarnation,
            seq=frame.seq,
            head=frame.head,
            since=since,
            snapshot=None if frame.snapshot is None else msgspec.msgpack.decode(frame.snapshot),
        )

    def _write(self, record: Record) -> None:
        self._sink.write(record)
