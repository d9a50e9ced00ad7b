"""When the tournaments of a series start."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from protocol import limits

Rrule = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.RRULE_CHARS_MAX,
        pattern=r"^[A-Z0-9=;,+-]+$(?!\n)",
        description="a rule of RFC 5545, such as FREQ=WEEKLY;BYDAY=SA",
    ),
]
TimeZone = Annotated[
    str,
    Meta(
        max_length=limits.TIME_ZONE_CHARS_MAX,
        pattern=r"^[A-Z][A-Za-z0-9_+/-]*$(?!\n)",
        description="the name of a time zone in IANA's database, such as Europe/Berlin",
    ),
]
LocalTime = Annotated[
    str,
    Meta(
        max_length=16,
        pattern=r"^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]$(?!\n)",
        description="a date and a time of day in the time zone, such as 2026-12-05T20:00",
    ),
]


class Recurrence(Struct, frozen=True, kw_only=True):
    """Times that come again and again at the same time of day by the clocks of a time zone, also when these change."""

    rrule: Rrule
    timezone: TimeZone
    start: LocalTime
    """The earliest time. It is one of them if the rule says so."""


_decode = msgspec.json.Decoder(Recurrence).decode
_encode = msgspec.json.Encoder().encode


def recurrence_text(recurrence: Recurrence) -> str:
    """A recurrence as marks and rows hold it, as JSON."""
    return _encode(recurrence).decode()


def recurrence_of(text: str) -> Recurrence:
    """A recurrence from a mark or a row."""
    return _decode(text)
