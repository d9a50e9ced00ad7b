"""Each reason for a Swiss pairing reads as it is meant, and programs are told the same."""

from __future__ import annotations

import random
import re

import pytest

from actors.tournament.engine.swiss.model import Impossible, Options, Round, Why
from actors.tournament.engine.swiss.published import published
from gatherup.features.tournaments.explaining_swiss import pairing_of
from protocol.http.tournaments.explained import ExplainedPairing
from tests.unit.actors.tournament.engine.swiss.swisses import Rates, played

PLAIN = Why(2, 0, exchanged=False, expected=0, because=None, rematch=False)


def explained(why: Why) -> ExplainedPairing:
    return pairing_of(*published(Round(((7, 3),), 0, (why,))), 0)


@pytest.mark.parametrize(
    ("why", "sentence"),
    [
        (PLAIN, "Entrants 7 and 3 were paired in the group with 1 point."),
        (
            PLAIN._replace(group=3, floats=7),
            (
                "Entrants 7 and 3 were paired in the group with 1.5 points; entrant 7 came down to it from a"
                " higher group."
            ),
        ),
        (
            PLAIN._replace(group=0, exchanged=True, expected=5, because="met"),
            (
                "Entrants 7 and 3 were paired in the group with 0 points; one of them changed from one half of the"
                " group to the other; entrant 5 would have come first, but they have met before."
            ),
        ),
        (
            PLAIN._replace(rematch=True),
            (
                "Entrants 7 and 3 were paired in the group with 1 point; they meet again, since otherwise somebody"
                " couldn't be paired."
            ),
        ),
    ],
)
def test_a_pair_is_explained(why: Why, sentence: str) -> None:
    assert explained(why).sentence == sentence


def test_programs_are_told_the_same() -> None:
    found = explained(PLAIN._replace(group=5, floats=3, exchanged=True, expected=9, because="floats"))
    assert (found.group, found.floats, found.expected, found.because) == (2.5, 3, 9, "floats")
    assert (found.exchanged, found.rematch) == (True, False)
    nothing = explained(PLAIN)
    assert (nothing.floats, nothing.expected, nothing.because) == (None, None, None)


def test_a_bye_is_explained() -> None:
    why = PLAIN._replace(expected=9, because="bye")
    bye = pairing_of(*published(Round(((7, 3),), 8, (PLAIN, why))), 1)
    assert bye.sentence == (
        "Entrant 8, with 1 point, has the bye, since somebody must; entrant 9 ranks lower, but that one has had a bye."
    )


def test_every_pairing_of_some_stages_has_a_sentence_that_names_its_two() -> None:
    for seed in range(5):
        lot = random.Random(seed)
        for one in played(lot, range(1, 18), Options(rounds=12, rematch=True), Rates(withdraws=0.03)):
            assert not isinstance(one.result, Impossible)
            pairs, reasons = published(one.result)
            for nth in range(len(pairs) // 2):
                sentence = pairing_of(pairs, reasons, nth).sentence
                named = set(map(int, re.findall(r"\d+", sentence)))
                assert {pairs[2 * nth], pairs[2 * nth + 1]} - {0} <= named
