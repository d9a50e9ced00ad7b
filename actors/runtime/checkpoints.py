"""What an activation leaves to later ones: its state, or nothing at all.

As bytes a state is what msgspec makes of the Struct, but field by field, so that others can run in between. An
``OrderedMap`` is encoded as the dict that it equals, in its order, a ``Numbered`` as the list of its values, and a
``Sparse`` as one with gaps. Each is the value of a field of the state, or of a Struct that is one or in a tuple there.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import Any, Final, cast, get_args, get_origin

from msgspec import Raw, Struct, ValidationError, msgpack
from msgspec.structs import FieldInfo, fields

from actors.kind import Kind
from actors.numbered import Numbered
from actors.ordered_map import OrderedMap
from actors.ports.log import Checkpoint, LogUnavailableError
from actors.runtime.active import Active
from actors.runtime.actor_context import ActorContext
from actors.runtime.time_slice import TimeSlice
from actors.sparse import Sparse

_log = logging.getLogger(__name__)


async def keep(
    context: ActorContext, stream: str, kind: Kind[Any], active: Active, seq: int, time_slice: TimeSlice
) -> None:
    """Keep the state, which stands at this seq. If it can't be kept, that is counted: the log itself is whole, and a
    later checkpoint, or a longer fold, makes up for it.
    """
    checkpoint = Checkpoint(
        stream=stream,
        activation=active.activation,
        seq=seq,
        version=kind.state_version,
        state=await encode_state(active.state, time_slice),
    )
    try:
        kept = await context.store.checkpoint(checkpoint)
    except LogUnavailableError:
        context.counters.checkpoints_failed += 1
        return
    if kept:
        context.counters.checkpoints += 1
        active.checkpoint_seq = seq


async def forget(context: ActorContext, stream: str, active: Active) -> None:
    """Have a stream that stayed empty forgotten. If that can't be done now, its row stays: nobody can see it."""
    try:
        await context.store.discard(stream, active.activation)
    except LogUnavailableError as error:
        _log.info("the row of an empty stream stays", extra={"stream": stream, "error": str(error)})


async def encode_state(state: Struct, time_slice: TimeSlice) -> bytes:
    """The bytes to keep."""
    encoded: dict[str, Raw] = {}
    for field in _fields(type(state)):
        value, part = getattr(state, field.name), _part(field.type)
        if part is None or value is None:
            encoded[field.encode_name] = Raw(_encoder.encode(value))
        elif isinstance(value, tuple):
            parts = [Raw(await encode_state(one, time_slice)) for one in cast("tuple[Struct, ...]", value)]
            encoded[field.encode_name] = Raw(_encoder.encode(parts))
        else:
            encoded[field.encode_name] = Raw(await encode_state(value, time_slice))
        await time_slice.rest()
    return _encoder.encode(encoded)


async def decode_state(encoded: bytes, state: type[Struct], time_slice: TimeSlice) -> Struct:
    """The state that was kept. Raises ValidationError if it can't be one of this type."""
    raw = msgpack.decode(encoded, type=dict[str, Raw])
    values: dict[str, Any] = {}
    for field in _fields(state):
        if (value := raw.get(field.encode_name)) is not None:
            values[field.name] = await _decoded(value, field.type, time_slice)
        elif field.required:
            raise ValidationError(f"there is no {field.encode_name}")
    return state(**values)


async def _decoded(value: Raw, type_: Any, time_slice: TimeSlice) -> Any:
    """The value of a field."""
    shared, part = get_origin(type_), _part(type_)
    if part is not None and value != _NONE:
        if shared is not tuple:
            return await decode_state(bytes(value), part, time_slice)
        parts = msgpack.decode(value, type=list[Raw])
        return tuple([await decode_state(bytes(one), part, time_slice) for one in parts])
    make = cast(Any, shared) if shared in _SHARED else None
    decoded = msgpack.decode(value, type=_plain(make, get_args(type_)[0]) if make else type_)
    await time_slice.rest()
    if make:
        decoded = make(decoded)
        await time_slice.rest()
    return decoded


@cache
def _part(type_: Any) -> type[Struct] | None:
    """The Struct that a field of this type holds, itself or in a tuple, if that one holds something shared."""
    if type_ in _SHARED or get_origin(type_) in _SHARED:
        return None
    for of in (type_, *get_args(type_)):
        if isinstance(of, type) and issubclass(of, Struct) and not of.__struct_config__.array_like:
            return of if any(get_origin(field.type) in _SHARED for field in fields(of)) else None
    return None


@cache
def _fields(state: type[Struct]) -> tuple[FieldInfo, ...]:
    """Its fields; looking them up resolves annotations, and a node has few types of states."""
    config = state.__struct_config__
    if config.array_like or config.tag is not None or config.omit_defaults:
        raise TypeError(f"{state.__name__} isn't encoded as a map of all its fields")
    return fields(state)


_SHARED: Final = (OrderedMap, Numbered, Sparse)
"""What states hold of which their next version shares nearly all."""


def _plain(shared: type[Any], of: Any) -> Any:
    if shared is OrderedMap:
        return dict[str, of]
    return list[of | None] if shared is Sparse else list[of]


def _encoded(value: Any) -> dict[str, Any] | list[Any]:
    if isinstance(value, OrderedMap):
        return cast("OrderedMap[Any]", value).as_dict()
    if isinstance(value, Numbered):
        return [*cast("Numbered[Any]", value)]
    if isinstance(value, Sparse):
        return cast("Sparse[Any]", value).as_list()
    raise NotImplementedError(f"a state can't hold a {type(value).__name__}")


_NONE: Final = Raw(msgpack.encode(None))
_encoder: Final = msgpack.Encoder(enc_hook=_encoded)
