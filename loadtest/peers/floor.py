"""The floor: a loop of plain ``send()``, one a subscriber, of a frame made once. No server can do with less."""

from __future__ import annotations

import socket
import sys

from loadtest.frames import HEAD_END, accept_of, framed, unmasked
from loadtest.node import LOOPBACK
from loadtest.peers import CONTROL


def main() -> None:
    """Accept until control comes, then serve it until it goes."""
    with socket.create_server((LOOPBACK, 0), backlog=4096) as listener:
        sys.stdout.write(f"ready {listener.getsockname()[1]}\n")
        sys.stdout.flush()
        subscribers: list[socket.socket] = []
        while True:
            connected, control = _accepted(listener)
            if control:
                break
            subscribers.append(connected)
    sends = [subscriber.send for subscriber in subscribers]
    while (message := _message(connected)) is not None:
        frame = framed(message)
        for send in sends:
            send(frame)


def _accepted(listener: socket.socket) -> tuple[socket.socket, bool]:
    """The next connection, upgraded; whether it is control."""
    connected, _ = listener.accept()
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    head = b""
    while HEAD_END not in head:
        head += connected.recv(4096)
    lines = head.decode().split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines[1:] if line)
    connected.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept_of(fields["Sec-WebSocket-Key"]).encode() + HEAD_END
    )
    return connected, lines[0].split(" ")[1] == CONTROL


def _message(control: socket.socket) -> bytes | None:
    """The payload of the next frame; None at the end."""
    data = b""
    while len(data) < 8 or len(data) < 8 + int.from_bytes(data[2:4], "big"):
        more = control.recv(65536)
        if not more:
            return None
        data += more
    return unmasked(data)


if __name__ == "__main__":
    main()
