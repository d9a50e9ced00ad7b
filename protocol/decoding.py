"""How a message of a client is read: strictly, and if that fails with what other languages write otherwise.

Some languages have one type of number and write 3.0 for 3; some write UUIDs in capitals. Both mean the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar, cast

import msgspec
from msgspec import Struct

from protocol.canonical import canonical
from protocol.garbled import UNREADABLE

T = TypeVar("T", bound=Struct)

_DEPTH: Final = 8
"""No message is nested deeper."""
_EXACT: Final = 2**53
"""From here on a float may stand for another whole number than was meant."""


class Decoder(Generic[T]):
    """Reads messages of one type, or of a union of types."""

    def __init__(self, kind: Any, packer: Any) -> None:
        """``packer`` is ``msgspec.json`` or ``msgspec.msgpack``."""
        self._kind: Final = kind
        self._strict: Final[Callable[[bytes], T]] = packer.Decoder(kind).decode
        self._plain: Final[Callable[[bytes], object]] = packer.Decoder().decode

    def decode(self, data: bytes) -> T:
        """One message, its texts in the form that is kept. Raises what msgspec raises."""
        try:
            found = self._strict(data)
        except msgspec.ValidationError as error:
            found = self._again(data, error)
        return canonical(found)

    def _again(self, data: bytes, error: msgspec.ValidationError) -> T:
        try:
            plain = self._plain(data)
        except (
            UNREADABLE
        ):  # what follows the field at fault may be garbled, or a number of thousands of digits
            raise error from None
        return cast(T, msgspec.convert(_forgiven(plain), self._kind))


def _forgiven(message: object) -> object:
    """A message with whole numbers for floats that are some, and its client id in lower case."""
    found = _whole(message, _DEPTH)
    if not isinstance(found, dict):
        return found
    fields = cast("dict[str, object]", found)
    client_id = fields.get("client_id")
    return {**fields, "client_id": client_id.lower()} if isinstance(client_id, str) else fields


def _whole(value: object, depth: int) -> object:
    match value:
        case float() if value.is_integer() and abs(value) < _EXACT:
            return int(value)
        case list() if depth:
            return [_whole(one, depth - 1) for one in cast("list[object]", value)]
        case dict() if depth:
            fields = cast("dict[object, object]", value)
            return {key: _whole(one, depth - 1) for key, one in fields.items()}
        case _:
            return value
