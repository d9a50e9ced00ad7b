"""Tournaments that began elsewhere: the rounds that were played there are brought one after the other.

The server alone sends these commands, for who imports a file; rounds and results are told as of any other tournament.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from protocol import limits
from protocol.frames import StreamCommand

ImportedKind = Literal["decided", "forfeit", "double_forfeit"]


class ImportedResult(Struct, frozen=True, kw_only=True):
    """What a match that was played elsewhere has come to."""

    match: int
    winner: int
    """0: it was drawn, or both have forfeited."""
    kind: ImportedKind


class BeginImport(StreamCommand, frozen=True, kw_only=True, tag="tournament.begin_import"):
    """Start a tournament with one Swiss stage. Until the import ends, it does nothing by itself."""


class ImportRound(StreamCommand, frozen=True, kw_only=True, tag="tournament.import_round"):
    """The next round, as in the mark ``pairs`` of ``RoundPublished``."""

    pairs: tuple[int, ...]


class ImportResults(StreamCommand, frozen=True, kw_only=True, tag="tournament.import_results"):
    """Results of the round that was imported last, in the order of its matches."""

    results: Annotated[tuple[ImportedResult, ...], Meta(min_length=1, max_length=limits.IMPORTED_RESULTS_MAX)]


class EndImport(StreamCommand, frozen=True, kw_only=True, tag="tournament.end_import"):
    """All rounds are there: the tournament goes on by itself."""


class ImportEnded(Struct, frozen=True, kw_only=True):
    """All rounds that were played elsewhere are there, and the tournament goes on by itself."""

    rounds: int


COMMANDS: Final = (BeginImport, ImportRound, ImportResults, EndImport)
EVENTS: Final[dict[str, type[Struct]]] = {"tournament.import_ended": ImportEnded}
