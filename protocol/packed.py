"""MessagePack put together from parts that are encoded already."""

from __future__ import annotations

import struct
from typing import Final

_FIXMAP: Final = 0x80
_FIXMAP_MAX: Final = 15
_MAP16: Final = 0xDE
_MAP16_MAX: Final = 0xFFFF


def joined_maps(one: bytes, other: bytes) -> bytes:
    """One map of the entries of two that share no key, all in MessagePack. Raises ValueError for more than 65,535."""
    (count, start), (others, others_start) = _entries(one), _entries(other)
    total = count + others
    if total > _MAP16_MAX:
        raise ValueError(f"{total} entries in a map")
    head = bytes((_FIXMAP | total,)) if total <= _FIXMAP_MAX else struct.pack(">BH", _MAP16, total)
    return b"".join((head, memoryview(one)[start:], memoryview(other)[others_start:]))


def _entries(packed: bytes) -> tuple[int, int]:
    """How many entries a map has, and where they begin."""
    if packed[0] & 0xF0 == _FIXMAP:
        return packed[0] & 0x0F, 1
    if packed[0] == _MAP16:
        return int.from_bytes(packed[1:3], "big"), 3
    raise ValueError("not a map, or too large a one")
