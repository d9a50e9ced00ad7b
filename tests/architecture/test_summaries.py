"""What OpenAPI, AsyncAPI, JSON Schema and TypeScript say of a type or an endpoint stands alone."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest
from msgspec import Struct
from msgspec import inspect as types

from protocol.codec import client_frames
from protocol.event import Header
from protocol.frames import SERVER_FRAMES, Position, RoomHead, SessionLimits
from protocol.kinds import KINDS, answers_of, events_of, views_of
from tests.declared import endpoints, told_types
from tests.summaries import fault_of, summary_of


@pytest.mark.parametrize(
    ("summary", "sound"),
    [
        ("Unarchive a room.", True),
        ("Make a room, or find it (200).", True),
        ("Let this user join a room.", True),
        ("Archive a room: members can read it, but nobody posts.", True),
        ("Bans, the newest first.", True),
        ("End that.", False),
        ("Sign in.", False),
        ("Add a message to those.", False),
        ("Take a message from those", False),
        ("Take it back from the message.", False),
        ("End that for everybody in the room.", False),
        ("Lift this, if there is one.", False),
        ("", False),
    ],
)
def test_what_stands_alone(summary: str, sound: bool) -> None:
    assert (fault_of(summary) is None) == sound


def test_a_summary_is_the_first_sentence() -> None:
    assert summary_of("Read the\n    log of a room.\n\n    Then more. And more.") == "Read the log of a room."
    assert summary_of("Keys (RFC 7517). More.") == "Keys (RFC 7517)."


def test_types_can_be_understood_alone() -> None:
    kinds = {*client_frames(KINDS), *SERVER_FRAMES, Header, Position, RoomHead, SessionLimits, *told_types()}
    kinds |= {kind for of in (events_of, views_of, answers_of) for kind in of(KINDS).values()}
    whole = {inner for kind in kinds for inner in (kind, *structs(types.type_info(kind)))}
    assert len(whole) > 150
    faults = {kind.__name__: fault_of(summary_of(kind.__doc__ or "")) for kind in whole}
    assert {name: why for name, why in faults.items() if why} == {}, "write the type's docstring anew"


def test_endpoints_can_be_understood_alone() -> None:
    faults = {
        name: fault_of(summary_of(inspect.getdoc(view) or "")) for name, (view, _) in endpoints().items()
    }
    assert {name: why for name, why in faults.items() if why} == {}, "write the method's docstring anew"


def structs(kind: types.Type) -> Iterator[type[Struct]]:
    match kind:
        case types.StructType():
            yield kind.cls
            for field in kind.fields:
                yield from structs(field.type)
        case types.UnionType():
            for part in kind.types:
                yield from structs(part)
        case types.ListType() | types.VarTupleType():
            yield from structs(kind.item_type)
        case types.Metadata():
            yield from structs(kind.type)
        case _:
            return
