"""Whether the summary of something that is published can be read on its own."""

from __future__ import annotations

import re

_FIRST = re.compile(r"(?<=[^A-Z]\.) ")
_POINTS_AWAY = re.compile(
    r"""
    \b(that|those|this)[.!]?$                                        # Add a message to those.
    | ^\w+\ (it|them)\b                                              # End it when the time is over.
    | ^\w+\ (that|those|this)([.,:;]|\ (again|as|for|from|if|in|now|to|when|with)\b)  # End that, if it was begun.
    """,
    re.VERBOSE,
)
WORDS_MIN = 3


def summary_of(text: str) -> str:
    """The first sentence of a docstring, which may go over lines."""
    return _FIRST.split(" ".join(text.split()), maxsplit=1)[0]


def fault_of(summary: str) -> str | None:
    """Why a reader who sees this sentence alone doesn't understand it; None if they do."""
    if len(summary.split()) < WORDS_MIN:
        return f"write at least {WORDS_MIN} words"
    if found := _POINTS_AWAY.search(summary):
        return f"name the thing instead of '{found[0].strip(' .')}'"
    return None
