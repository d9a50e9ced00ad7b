"""Values for some numbers: it behaves as a dict, leaves its earlier versions alone, and is kept as a list with gaps."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from actors.sparse import Sparse
from tests.checkpoints import decoded, encoded


class Seat(Struct, frozen=True, array_like=True):
    row: int
    guest: str = ""


class Hall(Struct, frozen=True):
    seats: Sparse[Seat] = Sparse()


@given(
    st.lists(st.none() | st.integers(0, 9), max_size=40),
    st.lists(st.tuples(st.integers(1, 60), st.integers(0, 9)), max_size=80),
)
@settings(deadline=None)
def test_it_is_a_dict_of_numbers_and_every_version_stands(
    begin: list[int | None], changes: list[tuple[int, int]]
) -> None:
    found = Sparse(begin)
    model = {number: value for number, value in enumerate(begin, 1) if value is not None}
    versions = [(found, dict(model))]
    for number, value in changes:
        found = found.insert(number, value)
        model[number] = value
        versions.append((found, dict(model)))
    for version, wanted in versions:
        assert [version.get(number) for number in range(-1, 70)] == [wanted.get(n) for n in range(-1, 70)]
        assert len(version) == len(wanted)
        assert version.as_list() == [wanted.get(n) for n in range(1, max(wanted, default=0) + 1)]
        assert version == Sparse(version.as_list())
        assert version != version.insert(61, 1)


def test_a_checkpoint_holds_a_list_with_gaps() -> None:
    hall = Hall(Sparse[Seat]().insert(3, Seat(1, "Ann")).insert(1, Seat(2)))
    kept = encoded(hall)
    assert msgspec.msgpack.decode(kept) == {"seats": [[2, ""], None, [1, "Ann"]]}
    assert decoded(kept, Hall) == hall
    assert decoded(encoded(Hall()), Hall) == Hall()
