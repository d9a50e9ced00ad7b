"""When standings of a stage that goes round by round have moved: a round is over, or what came of one has changed."""

from __future__ import annotations

from msgspec.structs import replace

from actors.tournament.plays import FORMATS, play_of
from actors.tournament.stages import with_stage
from actors.tournament.state import StageState, Tournament
from protocol.event import Header


def after_match(tournament: Tournament, index: int, header: Header) -> Tournament:
    """The tournament once a match of this stage is done: standings have moved if it was the last one of its round."""
    stage = tournament.stages[index]
    if tournament.going.least is not None or tournament.to_open.least is not None or not _ranks(stage):
        return tournament
    play, following = play_of(stage), stage.begun + 1
    over = following > len(play) or play.waits_for(following) == following
    return _moved(tournament, index, header) if over else tournament


def after_change(tournament: Tournament, index: int, header: Header) -> Tournament:
    """The tournament after a correction, or after somebody has left or come back: what was told of this stage doesn't
    hold any more.
    """
    return _moved(tournament, index, header) if tournament.stages[index].moved_at else tournament


def standings_wanted(tournament: Tournament) -> bool:
    """Whether standings of the stage that is being played have moved and weren't told yet."""
    if tournament.phase != "running":
        return False
    stage = tournament.stages[-1]
    return stage.moved_at > stage.told_at


def current_round(stage: StageState) -> int | None:
    """The latest round of a stage of which a match was opened; None if none was, and where rounds aren't played one
    after the other.
    """
    play = play_of(stage)
    return play.spot(stage.begun).round if play.by_round and stage.begun else None


def _ranks(stage: StageState) -> bool:
    return FORMATS[stage.settings.format].standings


def _moved(tournament: Tournament, index: int, header: Header) -> Tournament:
    return with_stage(tournament, index, replace(tournament.stages[index], moved_at=header.seq))
