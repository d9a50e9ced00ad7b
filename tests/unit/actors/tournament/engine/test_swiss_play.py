"""Swiss stages from the first pairing to the last result, by what a stream keeps of them: the pairs of each round."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.tournament.engine.standings.table import Result, Rules
from actors.tournament.engine.swiss.model import Options
from actors.tournament.engine.swiss.next_round import next_round
from actors.tournament.engine.swiss.published import bye_in, matches_in, pairs_in, reason_in
from actors.tournament.engine.swiss_play import Board, SwissPlay

PLAY = SwissPlay([(1, 3, 4, 2, 5, 0), (1, 2, 3, 5)], [1, 2, 3, 4, 5], Rules())


def test_matches_are_numbered_round_by_round_in_the_order_of_boards() -> None:
    assert len(PLAY) == PLAY.due_first == 4
    assert [PLAY.board(number) for number in range(1, 5)] == [(1, 0), (1, 1), (2, 0), (2, 1)]
    assert [PLAY.first_sides(number) for number in range(1, 5)] == [(1, 3), (4, 2), (1, 2), (3, 5)]
    assert [PLAY.nth_due(count) for count in range(4)] == [1, 2, 3, 4]
    assert [PLAY.waits_for(number) for number in range(1, 5)] == [1, 1, 3, 3]
    assert (PLAY.numbers_of(1), PLAY.numbers_of(2)) == (range(1, 3), range(3, 5))
    assert PLAY.spot(4)[:2] == ("swiss", 2)
    with pytest.raises(IndexError):
        PLAY.board(5)


def test_an_entrant_plays_next_what_was_published_last_unless_it_was_opened() -> None:
    assert [PLAY.next_match(seed, 2) for seed in range(1, 6)] == [3, 3, 4, 0, 4]
    assert [PLAY.next_match(seed, 3) for seed in range(1, 6)] == [0, 0, 4, 0, 4]
    assert SwissPlay(PLAY.published[:1], PLAY.seeds, Rules()).next_match(5, 0) == 0
    assert SwissPlay([], PLAY.seeds, Rules()).next_match(1, 0) == 0


def test_matches_are_found_by_round_and_part() -> None:
    assert list(PLAY.numbers()) == list(PLAY.numbers("swiss")) == [1, 2, 3, 4]
    assert list(PLAY.numbers(round_=2)) == [3, 4]
    assert PLAY.rounds() == [("swiss", 1), ("swiss", 2)]
    assert [
        list(some) for some in (PLAY.numbers("group"), PLAY.numbers(round_=3), PLAY.numbers(group=1))
    ] == [[]] * 3


def test_standings_count_byes_and_rounds_that_were_missed_and_settle_by_whole_rounds() -> None:
    results = [Result(0, 1, b, 1, "played", (), number) for number, b in ((1, 3), (3, 2))]
    results += [Result(0, 4, 2, 4, "forfeit", (), 2)]
    table = PLAY.table(results)
    assert table.rounds_done == 1
    assert sorted((one.round, one.a, one.kind) for one in table.results) == [
        (1, 1, "played"),
        (1, 4, "forfeit"),
        (1, 5, "bye"),
        (2, 1, "played"),
    ]
    done = [*results, Result(0, 3, 5, 5, "played", (), 4)]
    assert PLAY.table(done).rounds_done == 2
    # 1 and 5 have two points, by two wins, and by a bye and a win; 4 has missed the second round.
    assert [one.entrant for one in PLAY.ranked(done, {})][:3] == [1, 5, 4]
    assert [one.place for one in PLAY.ranked(done, {})] == [1, 2, 3, 4, 5]


class Swiss:
    """A stage that is played by lot: who is there, what was published, and its results."""

    def __init__(self, seed: int, count: int, options: Options, late: float = 0.0) -> None:
        self.lot, self.options = random.Random(seed), options
        self.seeds = [*range(1, count + 1)]
        self.absent: set[int] = set()
        self.rounds: list[tuple[int, ...]] = []
        self.reasons: list[tuple[int, ...]] = []
        self.games: list[list[int]] = []
        self.impossible = False
        self.late = late

    def play_round(self) -> bool:
        """Whether there was one."""
        lot = self.lot
        if self.rounds and lot.random() < self.late:
            self.seeds.append(len(self.seeds) + 1)
            for games in self.games:
                games += [self.seeds[-1], 0, lot.choice([0, 1]), 0, False]
        if lot.random() < 0.2:
            self.absent ^= {lot.choice(self.seeds)}
        absent = sorted(self.absent)
        pairs, reasons, self.impossible = next_round(self.options, self.seeds, self.games, absent)
        if not pairs:
            return False
        self.rounds.append(pairs)
        self.reasons.append(reasons)
        bye = bye_in(pairs)
        self.games.append([bye, 0, 2, 0, False] if bye else [])
        for a, b in pairs_in(pairs):
            self.games[-1] += [a, b, *lot.choice([(2, 0, True), (0, 2, True), (1, 1, True), (2, 0, False)])]
        return True

    @property
    def play(self) -> SwissPlay:
        return SwissPlay(self.rounds, self.seeds, Rules())


STAGES = st.builds(
    Swiss,
    seed=st.integers(0, 2**32),
    count=st.integers(2, 20),
    options=st.builds(Options, sides=st.booleans(), rematch=st.booleans()),
    late=st.sampled_from([0, 0.3]),
)


@settings(max_examples=40, deadline=None)
@given(STAGES, st.integers(1, 8))
def test_a_stage_pairs_who_is_there_once_a_round_and_nobody_twice_unless_it_says_so(
    stage: Swiss, rounds: int
) -> None:
    met: Counter[frozenset[int]] = Counter()
    byes: Counter[int] = Counter()
    for round_ in range(rounds):
        if not stage.play_round():
            break
        pairs, reasons = stage.rounds[-1], stage.reasons[-1]
        there = set(stage.seeds) - stage.absent
        assert sorted(number for number in pairs if number) == sorted(there)
        for index, two in enumerate(pairs_in(pairs)):
            assert reason_in(pairs, reasons, index).rematch == bool(met[frozenset(two)])
        numbers = stage.play.numbers_of(round_ + 1)
        assert [stage.play.first_sides(number) for number in numbers] == list(pairs_in(pairs))
        assert all(stage.play.board(n) == Board(round_ + 1, at) for at, n in enumerate(numbers))
        # A forfeit isn't played: they may still meet.
        met.update(frozenset(game[:2]) for game in _of(stage.games[-1]) if game[4])
        byes[bye_in(pairs)] += 1
    assert len(stage.play) == sum(map(matches_in, stage.rounds))
    if not stage.options.rematch:
        assert all(count == 1 for count in met.values())
        assert all(count == 1 for entrant, count in byes.items() if entrant)


def _of(flat: list[int]) -> list[list[int]]:
    return [flat[at : at + 5] for at in range(0, len(flat), 5)]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 20), st.sampled_from([(1, 1), (2, 2), (3, 3), (3, 2)]))
def test_with_early_exits_nobody_plays_who_has_advanced_or_is_out(
    seed: int, count: int, exits: tuple[int, int]
) -> None:
    stage = Swiss(seed, count, Options(exit=exits, rematch=True, sides=False))
    record = {number: [0, 0] for number in stage.seeds}
    while stage.play_round():
        for entrant in filter(None, stage.rounds[-1]):
            assert record[entrant][0] < exits[0] and record[entrant][1] < exits[1]
        for first, second, won, lost, _ in _of(stage.games[-1]):
            for entrant, points in ((first, won), (second, lost)) if second else ((first, won),):
                if points != 1:
                    record[entrant][points == 0] += 1
    left = [
        entrant
        for entrant, (wins, losses) in record.items()
        if wins < exits[0] and losses < exits[1] and entrant not in stage.absent
    ]
    assert bool(left) == stage.impossible


def test_who_is_left_alone_has_byes_until_they_advance_and_otherwise_one() -> None:
    bye, options = [1, 0, 2, 0, 0], Options(exit=(2, 2), sides=False)
    assert next_round(options, [1], [], [])[0] == (1, 0)
    assert next_round(options, [1], [bye], [])[0] == (1, 0)
    assert next_round(options, [1], [bye, bye], []) == ((), (), False)
    assert next_round(Options(), [1], [bye], []) == ((), (), True)
    assert next_round(Options(), [], [], []) == ((), (), False)
