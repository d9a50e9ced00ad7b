"""RESP2, the protocol of Redis and Valkey, as far as publishing and subscribing need it. No I/O.

https://valkey.io/topics/protocol/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

REPLY_BYTES_MAX: Final = 64 * 1024 * 1024
"""One reply, and so what a connection keeps that isn't whole yet."""
LINE_BYTES_MAX: Final = 64 * 1024
ITEMS_MAX: Final = 100_000
"""Items of all arrays of one reply; those of a large cluster's slots are some ten thousand."""
DEPTH_MAX: Final = 8
_COMPACT_BYTES: Final = 64 * 1024


class RespError(Exception):
    """The server's refusal. The first word is its code: NOAUTH, MOVED, LOADING …"""


class InvalidRespError(Exception):
    """The bytes aren't RESP2, or exceed its limits here: the connection can't be used any more."""


class _NotEnoughError(Exception):
    """The reply isn't whole yet."""


Reply: TypeAlias = "bytes | int | RespError | list[Reply] | None"


def command(*words: str | bytes) -> bytes:
    """The bytes of one command."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word.encode() if isinstance(word, str) else word
        parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)


class _Open:
    """An array whose items aren't all there."""

    __slots__ = ("items", "left")

    def __init__(self, left: int) -> None:
        self.items: list[Reply] = []
        self.left = left


class ReplyReader:
    """Turns what arrives, however it was cut, into replies. No byte is read twice but those of one item."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._at = 0
        """Where the first item begins that wasn't taken."""
        self._open: list[_Open] = []
        """The arrays around it, the outermost first."""
        self._taken_bytes = 0
        self._items = 0
        """Of the reply that isn't whole yet: what was taken of it, and the items that its arrays announced."""

    def feed(self, data: bytes | bytearray) -> None:
        """Take what arrived. Raises InvalidRespError when one reply grows beyond its limit."""
        self._buffer += data
        if self._taken_bytes + len(self._buffer) - self._at > REPLY_BYTES_MAX + LINE_BYTES_MAX:
            raise InvalidRespError("a reply is too large")

    def replies(self) -> Iterator[Reply]:
        """Every whole reply, each once. Raises InvalidRespError."""
        while self._at < len(self._buffer):
            try:
                item, end = self._item(self._at)
            except _NotEnoughError:
                break
            self._taken_bytes += end - self._at
            self._at = end
            if isinstance(item, _Open):
                if item.left:
                    self._open.append(item)
                    continue
                item = item.items
            yield from self._placed(item)
        if self._at == len(self._buffer) or self._at > _COMPACT_BYTES:
            del self._buffer[: self._at]
            self._at = 0

    def _placed(self, item: Reply) -> Iterator[Reply]:
        """Put it into the array that waits for it: the reply, if that makes one whole."""
        while self._open:
            around = self._open[-1]
            around.items.append(item)
            around.left -= 1
            if around.left:
                return
            item = self._open.pop().items
        self._taken_bytes = self._items = 0
        yield item

    def _item(self, at: int) -> tuple[Reply | _Open, int]:
        mark, line, at = self._line(at)
        match mark:
            case b"+":
                return line, at
            case b"-":
                return RespError(line.decode(errors="replace")), at
            case b":":
                return _number(line), at
            case b"$":
                return self._bulk(_number(line), at)
            case b"*":
                return self._array(_number(line)), at
            case _:
                raise InvalidRespError("not RESP2")

    def _line(self, at: int) -> tuple[bytes, bytes, int]:
        end = self._buffer.find(b"\r\n", at, at + LINE_BYTES_MAX)
        if end < 0:
            if len(self._buffer) - at >= LINE_BYTES_MAX:
                raise InvalidRespError("a line is too long")
            raise _NotEnoughError
        return bytes(self._buffer[at : at + 1]), bytes(self._buffer[at + 1 : end]), end + 2

    def _bulk(self, size: int, at: int) -> tuple[Reply, int]:
        if size == -1:
            return None, at
        if not 0 <= size <= REPLY_BYTES_MAX:
            raise InvalidRespError("a string's length is out of bounds")
        end = at + size
        if len(self._buffer) < end + 2:
            raise _NotEnoughError
        return bytes(memoryview(self._buffer)[at:end]), end + 2

    def _array(self, count: int) -> _Open | None:
        if count == -1:
            return None
        self._items += count
        if count < 0 or self._items > ITEMS_MAX or len(self._open) >= DEPTH_MAX:
            raise InvalidRespError("an array's length or depth is out of bounds")
        return _Open(count)


def _number(line: bytes) -> int:
    try:
        return int(line)
    except ValueError as error:
        raise InvalidRespError("not a number") from error
