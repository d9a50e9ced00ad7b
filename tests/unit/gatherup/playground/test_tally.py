"""The tally of the chat can find fault."""

from __future__ import annotations

from gatherup.playground.tally import Tally


def followed(*seqs: int) -> Tally:
    tally = Tally()
    tally.begins("ann", 3)
    for seq in seqs:
        tally.sees("ann", seq, f"body {seq}")
    return tally


def faults(tally: Tally) -> tuple[int, int, int]:
    return tally.lost, tally.doubled, tally.altered


def test_all_is_well() -> None:
    tally = followed(4, 5, 6)
    tally.accepts(5, "body 5", 0.2)
    assert faults(tally) == (0, 0, 0)
    assert (tally.delivered, tally.accepted, tally.behind, tally.slowest_s) == (3, 1, 0, 0.2)


def test_a_hole_is_lost() -> None:
    assert faults(followed(4, 7)) == (2, 0, 0)


def test_a_repeat_is_doubled() -> None:
    assert faults(followed(4, 5, 5)) == (0, 1, 0)
    assert faults(followed(4, 5, 4)) == (0, 1, 0)


def test_a_jump_by_snapshot_is_lost() -> None:
    tally = followed(4)
    tally.begins("ann", 9)
    assert faults(tally) == (5, 0, 0)


def test_other_content_under_a_seq_is_altered() -> None:
    tally = followed(4)
    tally.begins("ben", 3)
    tally.sees("ben", 4, "something else")
    assert faults(tally) == (0, 0, 1)
    tally.accepts(4, "a third thing", 0.1)
    assert faults(tally) == (0, 0, 2)


def test_what_is_accepted_and_not_seen_is_on_its_way() -> None:
    tally = followed(4)
    tally.accepts(8, "body 8", 0.1)
    tally.counts(5)
    assert tally.behind == 4
    assert tally.line().endswith("; 5 members")
    assert "4 on their way" in tally.line()
