"""A raw client holds each stream to its seqs, from where the subscription began."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import msgspec
import pytest

from loadtest.connection import Connection, LastScan, RefusedError
from loadtest.frames import HEAD_END, accept_of, framed
from loadtest.scan import FrameError
from protocol.frames import Subscribed
from tests.unit.loadtest.test_scan import ROOM, post


@pytest.fixture
def pair() -> Iterator[tuple[Connection, socket.socket]]:
    """A connection and the server's end of it."""
    ends: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            ends.append(listener.accept()[0])
            ends[0].recv(4096)
            answer = b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: " + accept_of().encode()
            ends[0].sendall(answer + HEAD_END)

        server = threading.Thread(target=accept)
        server.start()
        connection = Connection(listener.getsockname(), "/", LastScan())
        server.join()
    with connection.socket, ends[0]:
        yield connection, ends[0]


def test_events_follow_the_subscription(pair: tuple[Connection, socket.socket]) -> None:
    connection, server = pair
    opening = Subscribed(stream=ROOM, incarnation=1, seq=999, head=999)
    server.sendall(framed(msgspec.msgpack.encode(opening)))
    assert connection.answer() == opening
    server.sendall(post(1000))
    connection.read()
    assert connection.events == 1


@pytest.mark.parametrize("seq", [999, 1001])
def test_the_first_event_must_be_the_next(pair: tuple[Connection, socket.socket], seq: int) -> None:
    connection, server = pair
    server.sendall(framed(msgspec.msgpack.encode(Subscribed(stream=ROOM, incarnation=1, seq=999, head=999))))
    connection.answer()
    server.sendall(post(seq))
    with pytest.raises(FrameError):
        connection.read()


def test_equal_reads_are_still_held_to_the_position(pair: tuple[Connection, socket.socket]) -> None:
    connection, server = pair
    server.sendall(post(1000))
    connection.read()
    server.sendall(post(1000))
    with pytest.raises(FrameError):
        connection.read()


def test_a_close_is_an_error(pair: tuple[Connection, socket.socket]) -> None:
    connection, server = pair
    server.sendall(b"\x88\x02\x0f\xa1")
    with pytest.raises(RefusedError):
        connection.read()
