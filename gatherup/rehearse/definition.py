"""The file of a rehearsal: a tournament as it is created over HTTP, and how it is rehearsed."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from gatherup.rehearse.rates import Rates
from protocol import limits
from protocol.complaints import complaint
from protocol.decoding import Decoder
from protocol.garbled import SENTENCE, garbled_json
from protocol.http.tournaments.tournaments import NewTournament

BYTES_MAX: Final = 1 << 20
Seconds = Annotated[int, Meta(ge=1, le=30 * 86_400)]


class DefinitionError(Exception):
    """No tournament can be rehearsed by this file. ``field`` is the path of what is wrong, None if it is the whole."""

    def __init__(self, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence if field is None else f"{field}: {sentence}")
        self.sentence = sentence
        self.field = field


class How(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a tournament is rehearsed."""

    seed: Annotated[int, Meta(ge=0, le=limits.SEQ_MAX)] = 0
    """Another one gives other results, and other people who fail to come."""
    people: Annotated[int, Meta(ge=1, le=limits.TOURNAMENT_ENTRIES_MAX)] | None = None
    """How many people or teams want to take part; None: as many as may, but at most 64."""
    rates: Rates = Rates()
    entry_s: Seconds = 3600
    """Within this time people enter, or check in, if no time of the tournament comes sooner."""
    answer_s: Seconds = 120
    """So soon players do what is theirs to do, at most."""
    game_s: Seconds = 900
    """So long a game takes, at most; and half of it at least."""
    staff_s: Seconds = 300
    """So soon staff do something about what they hear of."""
    overdue_s: Seconds = 7200
    """So long staff let a match be played before they decide it."""


class Definition(NewTournament, frozen=True, kw_only=True):
    """What ``POST /v1/tournaments`` takes, and how it is rehearsed."""

    rehearsal: How = How()


def read(data: bytes) -> Definition:
    """The definition that a file holds. Raises DefinitionError."""
    if len(data) > BYTES_MAX:
        raise DefinitionError(f"The file is larger than {BYTES_MAX:,} bytes.")
    try:
        return Decoder[Definition](Definition, msgspec.json).decode(data)
    except msgspec.ValidationError as error:
        raise DefinitionError(*complaint(str(error))) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        found = garbled_json(data)
        sentence, field = (SENTENCE, found.field) if found else (f"The file is no JSON: {error}", None)
        raise DefinitionError(sentence, field) from None
