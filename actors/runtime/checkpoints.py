"""A stream's state as bytes: what msgspec makes of the Struct, but field by field, so that others can run in between.

An ``OrderedMap``, which is a field's value and in no other value, is encoded as the dict that it equals, in its order.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, cast, get_args, get_origin

from msgspec import Raw, Struct, ValidationError, msgpack
from msgspec.structs import FieldInfo, fields

from actors.ordered_map import OrderedMap
from actors.runtime.time_slice import TimeSlice


async def encode_state(state: Struct, time_slice: TimeSlice) -> bytes:
    """The bytes to keep."""
    encoded: dict[str, Raw] = {}
    for field in _fields(type(state)):
        encoded[field.encode_name] = Raw(_encoder.encode(getattr(state, field.name)))
        await time_slice.rest()
    return _encoder.encode(encoded)


async def decode_state(encoded: bytes, state: type[Struct], time_slice: TimeSlice) -> Struct:
    """The state that was kept. Raises ValidationError if it can't be one of this type."""
    raw = msgpack.decode(encoded, type=dict[str, Raw])
    values: dict[str, Any] = {}
    for field in _fields(state):
        if (value := raw.get(field.encode_name)) is not None:
            ordered = get_origin(field.type) is OrderedMap
            type_ = dict[str, get_args(field.type)[0]] if ordered else field.type
            values[field.name] = msgpack.decode(value, type=type_)
            await time_slice.rest()
            if ordered:
                values[field.name] = OrderedMap(values[field.name])
                await time_slice.rest()
        elif field.required:
            raise ValidationError(f"there is no {field.encode_name}")
    return state(**values)


@cache
def _fields(state: type[Struct]) -> tuple[FieldInfo, ...]:
    """Its fields; looking them up resolves annotations, and a node has few types of states."""
    config = state.__struct_config__
    if config.array_like or config.tag is not None or config.omit_defaults:
        raise TypeError(f"{state.__name__} isn't encoded as a map of all its fields")
    return fields(state)


def _encoded(value: Any) -> dict[str, Any]:
    if isinstance(value, OrderedMap):
        return cast("OrderedMap[Any]", value).as_dict()
    raise NotImplementedError(f"a state can't hold a {type(value).__name__}")


_encoder: Final = msgpack.Encoder(enc_hook=_encoded)
