"""The kinds of stream that a node runs: the list to add one's own to."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final

from actors.creation import EVERYBODY, Creation
from actors.gathering.kind import GatheringKind
from actors.inbox.kind import InboxKind
from actors.kind import Kind, tables_of
from actors.room.kind import RoomKind
from actors.series.kind import SeriesKind
from actors.tournament.kind import TournamentKind
from actors.tournament.settings import unfit_lasting
from gatherup.canary import CanaryKind
from gatherup.config import Config
from protocol.inbox import KIND as INBOX


def kinds_of(receipt_key: bytes, creation: Creation = EVERYBODY) -> tuple[Kind[Any], ...]:
    """Every kind of stream, with the keys they need, derived from the one that all nodes share.

    ``creation`` says who may create tournaments, gatherings and series.
    """
    return (
        RoomKind(invite_key_of(receipt_key)),
        InboxKind(),
        TournamentKind(draw_key_of(receipt_key), creation),
        GatheringKind(creation),
        SeriesKind(unfit_lasting, creation),
        CanaryKind(),
    )


def creation_of(config: Config) -> Creation:
    """Who may create tournaments and gatherings, as the operator says."""
    settings = config.tournaments
    return Creation(
        creators=settings.creators, unfinished_max=settings.unfinished_max, per_day_max=settings.per_day_max
    )


def invite_key_of(receipt_key: bytes) -> bytes:
    """What makes the codes of invites, derived from the key that all nodes share."""
    return blake2b(key=receipt_key, person=b"invite").digest()


def draw_key_of(receipt_key: bytes) -> bytes:
    """What makes the numbers of draws, derived from the key that all nodes share."""
    return blake2b(key=receipt_key, person=b"draw").digest()


def webhook_visible(kind: Kind[Any]) -> bool:
    """Whether webhooks may be told of its events: inboxes are their owners' alone, canaries nobody's."""
    return kind.wire.name != INBOX and bool(kind.wire.commands)


TABLES: Final = tables_of(kinds_of(b""))
"""The projected tables of all kinds."""
