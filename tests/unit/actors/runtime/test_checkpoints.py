"""Checkpoints: the bytes that msgspec makes of a state as the last release had it, read and written by both."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, ValidationError, defstruct
from msgspec.structs import FieldInfo, asdict, fields

from actors.inbox.state import Inbox
from actors.ordered_map import OrderedMap
from actors.room.kind import RoomKind
from actors.room.state import Invite, Room
from protocol import limits
from tests.checkpoints import decoded, encoded
from tests.counter_kind import Counter
from tests.unit.actors.room.talk import ROOM

MAPS = {
    "members": dict[str, int],
    "readable_after": dict[str, int],
    "posted_at": dict[str, int],
    "muted": dict[str, int],
    "banned": dict[str, int | None],
    "invited": dict[str, int],
}


def _earlier(field: FieldInfo) -> Any:
    type_ = MAPS.get(field.name, field.type)
    if field.required:
        return field.name, type_
    return field.name, type_, {} if field.name in (*MAPS, "invites") else field.default


EarlierRoom: Any = defstruct("EarlierRoom", [_earlier(field) for field in fields(Room)], kw_only=True)
"""A room as releases before OrderedMap read and wrote it."""

USERS = st.integers(0, 9).map(lambda n: f"user:{n:032x}")
TIMES = st.integers(0, limits.SEQ_MAX)


@st.composite
def rooms(draw: st.DrawFn) -> dict[str, Any]:
    """The fields of any room, its maps as dicts, in the order in which earlier releases had them: any."""
    found: dict[str, Any] = {"room": ROOM, "created": True, "moderators": ("a",), "pinned": (1, 2)}
    for name in MAPS:
        found[name] = draw(st.dictionaries(USERS, TIMES | st.none() if name == "banned" else TIMES))
    found["invites"] = draw(st.dictionaries(TIMES, st.builds(Invite, TIMES, TIMES | st.none())))
    return found


@given(rooms())
@settings(deadline=None)
def test_what_an_earlier_release_kept_is_read_and_the_other_way_round(given: dict[str, Any]) -> None:
    earlier = EarlierRoom(**given)
    room = decoded(msgspec.msgpack.encode(earlier), Room)
    assert asdict(room) == asdict(earlier)
    assert msgspec.msgpack.decode(encoded(room), type=EarlierRoom) == earlier


@pytest.mark.parametrize(
    "state", [Counter("counter:1", watchers=("a", "b")), Inbox("inbox:1", (1, 2), 3), Inbox("inbox:2")]
)
def test_a_state_of_plain_values_is_what_msgspec_makes_of_it(state: Struct) -> None:
    assert encoded(state) == msgspec.msgpack.encode(state)
    assert decoded(encoded(state), type(state)) == state


def test_fields_may_come_and_go() -> None:
    later = msgspec.msgpack.encode({"inbox": "inbox:1", "of_later": {"a": [1]}})
    assert decoded(later, Inbox) == Inbox("inbox:1")


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"room": ROOM, "members": {"a": "b"}},
        {"room": ROOM, "members": [1]},
        {"room": ROOM, "muted": {"a": None}},
        {"room": ROOM, "created": 1},
        {"room": 1},
        [1],
    ],
)
def test_what_cant_be_a_state_is_refused(kept: Any) -> None:
    with pytest.raises(ValidationError):
        decoded(msgspec.msgpack.encode(kept), Room)


class Tagged(Struct, tag="t"):
    """No state of a kind."""


class Dated(Struct):
    at: complex = 1j


@pytest.mark.parametrize(("state", "error"), [(Tagged(), TypeError), (Dated(), NotImplementedError)])
def test_a_state_that_no_checkpoint_can_hold_is_a_bug_that_shows(
    state: Struct, error: type[Exception]
) -> None:
    with pytest.raises(error):
        encoded(state)


MADE = """
from tests.unit.actors.runtime.test_checkpoints import made
print(made().hex())
"""


def made() -> bytes:
    """The checkpoint of a room after many came, went and posted."""
    numbers = [n * 7919 % 1000 for n in range(1000)]
    people = OrderedMap({f"user:{n:032x}": n for n in numbers})
    for n in numbers[::3]:
        people = people.discard(f"user:{n:032x}").insert(f"user:{n:032x}", n // 5)
    room = RoomKind(bytes(32)).initial(ROOM)
    return encoded(msgspec.structs.replace(room, members=people, posted_at=people))


def test_the_bytes_dont_depend_on_the_seed_of_pythons_hashes() -> None:
    found = {
        subprocess.run(
            [sys.executable, "-c", MADE], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert found == {made().hex().encode() + b"\n"}
