"""The sequence of states that grow: it behaves as a list from 1, leaves its earlier versions alone, and is kept so."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from actors.numbered import Numbered
from tests.checkpoints import decoded, encoded

CHANGES = st.lists(st.tuples(st.none() | st.integers(1, 60), st.integers(0, 9)), max_size=80)


class Member(Struct, frozen=True, array_like=True):
    age: int
    name: str = ""


class Club(Struct, frozen=True):
    members: Numbered[Member] = Numbered()


@given(st.lists(st.integers(0, 9), max_size=40), CHANGES)
@settings(deadline=None)
def test_it_is_a_list_from_1_and_every_version_stands(
    begin: list[int], changes: list[tuple[int | None, int]]
) -> None:
    found, model = Numbered(begin), [*begin]
    versions = [(found, [*model])]
    for number, value in changes:
        if number is None:
            found, model = found.append(value), [*model, value]
        elif number in found:
            found = found.replaced(number, value)
            model[number - 1] = value
        else:
            with pytest.raises(KeyError):
                found.replaced(number, value)
        versions.append((found, [*model]))
    for version, wanted in versions:
        assert [*version] == wanted
        assert len(version) == len(wanted)
        assert [version[number] for number in range(1, len(wanted) + 1)] == wanted
        assert (0 in version, len(wanted) + 1 in version) == (False, False)
        assert version == Numbered(wanted)
        assert version != Numbered([*wanted, 1])


def test_there_is_nothing_before_1_or_after_the_last() -> None:
    for number in (-1, 0, 3):
        with pytest.raises(KeyError):
            Numbered("ab")[number]


def test_a_checkpoint_holds_a_list_of_the_values() -> None:
    club = Club(Numbered([Member(30, "Ann"), Member(40)]))
    kept = encoded(club)
    assert msgspec.msgpack.decode(kept) == {"members": [[30, "Ann"], [40, ""]]}
    assert decoded(kept, Club) == club
    assert decoded(encoded(Club()), Club) == Club()
