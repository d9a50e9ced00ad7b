"""What a tournament is like but for its times: what can be kept, and made into tournaments again and again."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from protocol import limits
from protocol.lookups import LookupKey
from protocol.tournament import (
    BestOf,
    ConfirmS,
    Description,
    EntrantsMax,
    Entry,
    Format,
    Name,
    PlayS,
    ReadyS,
    Visibility,
)
from protocol.tournament.rounds import RoundRules
from protocol.tournament.stage import Stages
from protocol.tournament.teams import Substitutes, TeamPlayers


class LastingSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of a tournament that are no times; none of them is a text that people wrote.

    Each says what the field of that name of ``tournament.create`` says.
    """

    game: LookupKey | None = None
    platform: LookupKey | None = None
    region: LookupKey | None = None
    format: Format = "single_elimination"
    third_place: bool = False
    reset: bool = True
    best_of: BestOf = 1
    stages: Stages = ()
    entrants_max: EntrantsMax = limits.TOURNAMENT_ENTRANTS_MAX
    visibility: Visibility = "public"
    entry: Entry = "open"
    ready_s: ReadyS = limits.READY_S
    confirm_s: ConfirmS = limits.CONFIRM_S
    rounds: RoundRules = ()
    team_min: TeamPlayers = 0
    team_max: TeamPlayers = 0
    substitutes: Substitutes = 0
    play_s: PlayS = 0
    rooms: bool = False


class Definition(LastingSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tournament as it is created, without its times."""

    name: Name
    description: Description = ""


LASTING: Final = LastingSettings.__struct_fields__
"""The names of these settings."""
_encode = msgspec.json.Encoder().encode
_decode_settings = msgspec.json.Decoder(LastingSettings).decode
_decode_definition = msgspec.json.Decoder(Definition).decode


def settings_text(settings: LastingSettings) -> str:
    """Settings as marks and rows hold them, as JSON: no text in it was written by a person."""
    return _encode(settings).decode()


def settings_of(text: str) -> LastingSettings:
    """Settings from a mark or a row."""
    return _decode_settings(text)


def definition_text(definition: Definition) -> str:
    """A definition as it is kept, as JSON."""
    return _encode(definition).decode()


def definition_of(text: str) -> Definition:
    """A definition that was kept."""
    return _decode_definition(text)
