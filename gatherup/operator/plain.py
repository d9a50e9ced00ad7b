"""Text from other nodes as a terminal may show it."""

from __future__ import annotations

from typing import Final

PLAIN_CHARS_MAX: Final = 500


def plain(text: str) -> str:
    """One line of it, in which nothing moves the cursor, colours or hides."""
    return "".join(
        char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[:PLAIN_CHARS_MAX]
    )
