"""The last message of each author, so that people can name messages by who wrote them."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

AUTHORS_MAX: Final = 1000
"""Authors remembered; the one silent longest is forgotten first."""


class Recent:
    """Seqs of messages, by author."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, int] = OrderedDict()
        """Whoever wrote last stands last."""

    def note(self, author: str, seq: int) -> None:
        """This author wrote this message."""
        self._last[author] = seq
        self._last.move_to_end(author)
        if len(self._last) > AUTHORS_MAX:
            self._last.popitem(last=False)

    def last(self, author: str | None = None) -> int | None:
        """The last message of this author, or of all; None if there is none."""
        if author is not None:
            return self._last.get(author)
        return next(reversed(self._last.values()), None)
