"""Lookup tables: values that others refer to by their key, such as games and regions."""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta

from protocol import limits

LookupTable = Literal["game", "platform", "region", "language", "report_reason", "badge"]
LOOKUPS: Final[tuple[str, ...]] = get_args(LookupTable)
"""The tables there are."""
KEY_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9-]*$(?!\n)"

LookupKey = Annotated[
    str,
    Meta(
        max_length=limits.LOOKUP_KEY_CHARS_MAX,
        pattern=KEY_PATTERN,
        description="the key of an entry in a lookup table; of a language its tag (BCP 47)",
    ),
]
