"""What an activation leaves to later ones: its state, or nothing at all.

As bytes a state is what msgspec makes of the Struct, but field by field, so that others can run in between. An
``OrderedMap``, which is a field's value and in no other value, is encoded as the dict that it equals, in its order,
a ``Numbered`` as the list of its values, and a ``Sparse`` as one with gaps.
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
        encoded[field.encode_name] = Raw(_encoder.encode(getattr(state, field.name)))
        await time_slice.rest()
    return _encoder.encode(encoded)


async def decode_state(encoded: bytes, state: type[Struct], time_slice: TimeSlice) -> Struct:
    """The state that was kept. Raises ValidationError if it can't be one of this type."""
    raw = msgpack.decode(encoded, type=dict[str, Raw])
    values: dict[str, Any] = {}
    for field in _fields(state):
        if (value := raw.get(field.encode_name)) is not None:
            shared, type_ = get_origin(field.type), field.type
            if shared in _SHARED:
                type_ = _plain(shared, get_args(field.type)[0])
            values[field.name] = msgpack.decode(value, type=type_)
            await time_slice.rest()
            if shared in _SHARED:
                values[field.name] = shared(values[field.name])
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


_encoder: Final = msgpack.Encoder(enc_hook=_encoded)
