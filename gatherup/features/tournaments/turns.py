"""Reading thousands of matches holds the loop for no longer than a step."""

from __future__ import annotations

from typing import Final

import trio

STEP_MATCHES: Final = 256
"""Matches that are looked at before others have their turn."""


async def turn(count: int) -> None:
    """Let others have their turn, if so many matches make a step."""
    if count % STEP_MATCHES == 0:
        await trio.lowlevel.checkpoint()
