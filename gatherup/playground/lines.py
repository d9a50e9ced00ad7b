"""Lines of standard input, without a thread: one that waits for a terminal couldn't be ended."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from typing import Final

import trio

CHUNK_BYTES: Final = 4096
LINE_BYTES_MAX: Final = 4096


async def lines(descriptor: int) -> AsyncGenerator[str]:
    """Each line as it comes, until the end. The descriptor stays as it is: others may share it."""
    held = b""
    while chunk := await _read(descriptor):
        *whole, held = (held + chunk).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace")
        held = held[:LINE_BYTES_MAX]
    if held:
        yield held.decode(errors="replace")


async def _read(descriptor: int) -> bytes:
    try:
        await trio.lowlevel.wait_readable(descriptor)
    except PermissionError:
        await trio.lowlevel.checkpoint()  # a plain file, which never lets one wait
    return os.read(descriptor, CHUNK_BYTES)
