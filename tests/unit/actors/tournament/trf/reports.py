"""Tournaments in files, by lot: paired by the engine, with results and byes of every kind."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from actors.tournament.trf.games import rounds_of
from actors.tournament.trf.model import Entry, Player, Points, Report
from actors.tournament.trf.next_round import NotPaired, pair_next, with_round

SAMPLES: Final = Path(__file__).parent / "samples"
RESULTS: Final = ("10", "01", "==", "WL", "LW", "DD", "+-", "-+", "--", "00", "=0", "0=")
NAMES: Final = ("Aagaard, Jacob", "Müller, Karsten", "Nepomniachtchi, Ian", "Đorđević", "", "Ch. 王")


def drawn(lot: random.Random) -> Report:
    """A tournament between two rounds."""
    rounds = lot.randint(2, 7)
    report = Report(
        players=tuple(_player(lot, number) for number in lot.sample(range(1, 200), lot.randint(2, 20))),
        other=("012 Open 2026", "### a comment", "132 26/01/15")[: lot.randint(0, 3)],
        rounds=lot.choice([rounds, None]),
        first_side=lot.choice([True, False, None]),
        points=lot.choice([Points(), Points(win=6, draw=2, bye=6), Points(bye=1, forfeit=0)]),
    )
    report = replace(report, players=tuple(sorted(report.players, key=lambda player: player.number)))
    for _ in range(lot.randint(0, rounds)):
        paired = pair_next(report)
        if isinstance(paired, NotPaired):
            return report
        report = played(lot, asking(lot, with_round(report, paired)))
    return report


def played(lot: random.Random, report: Report) -> Report:
    """All games that have no result get one."""
    round_ = rounds_of(report)
    results: dict[int, str] = {}
    for player in report.players:
        entry = player.entries[round_ - 1]
        if entry.opponent and entry.result == " " and player.number not in results:
            results[player.number], results[entry.opponent] = lot.choice(RESULTS)
    return replace(
        report, players=tuple(_with(player, round_, results.get(player.number)) for player in report.players)
    )


def asking(lot: random.Random, report: Report) -> Report:
    """Some have a bye in the next round."""
    byes = {player.number: Entry(result=lot.choice("HFZ")) for player in report.players if lot.random() < 0.1}
    return replace(
        report,
        players=tuple(
            replace(player, entries=(*player.entries, byes[player.number]))
            if player.number in byes
            else player
            for player in report.players
        ),
    )


def _with(player: Player, round_: int, result: str | None) -> Player:
    if result is None:
        return player
    entries = list(player.entries)
    entries[round_ - 1] = entries[round_ - 1]._replace(result=result)
    return replace(player, entries=tuple(entries))


def _player(lot: random.Random, number: int) -> Player:
    return Player(
        number=number,
        sex=lot.choice(["m", "w", ""]),
        title=lot.choice(["GM", "WGM", "f", ""]),
        name=lot.choice(NAMES),
        rating=lot.choice(["2700", "900", ""]),
        federation=lot.choice(["NED", ""]),
        fide_number=lot.choice(["4100018", "12345678901", ""]),
        birth=lot.choice(["1976/07/23", "1976", ""]),
    )
