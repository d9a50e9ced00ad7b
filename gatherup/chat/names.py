"""Who people are: their names, looked up once each."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

from actors.ports.time import Clock
from gatherup.chat.account import ChatError
from protocol import limits

NAMES_MAX: Final = 1000
"""Names remembered; the one unused longest is forgotten first."""
LOOKUP_TIMEOUT_S: Final = 1.0
LOOKUP_PAUSE_S: Final = 30.0
"""After a failed lookup nobody waits for another for this long."""
_DIGITS: Final = 8

Lookup = Callable[[list[str]], Awaitable[dict[str, str]]]
"""The names of those of these users that there are. Raises ChatError."""


class Names:
    """The names of users; who has none, or whose lookup failed, is called by the first digits of their id.

    Events wait for a lookup at most ``LOOKUP_TIMEOUT_S`` in ``LOOKUP_PAUSE_S``, while the SDK goes on taking them in.
    """

    def __init__(self, lookup: Lookup, clock: Clock, known: Mapping[str, str]) -> None:
        self._lookup = lookup
        self._clock = clock
        self._names = OrderedDict(known)
        """The one used last stands last."""
        self._pause_until = -math.inf

    async def learn(self, authors: Iterable[str]) -> None:
        """Look up those of these that aren't known, in one request; at most ``PROFILES_MAX`` of them."""
        unknown = [a for a in dict.fromkeys(authors) if a.startswith("user:") and a not in self._names]
        if not unknown or self._clock.monotonic() < self._pause_until:
            return
        del unknown[limits.PROFILES_MAX :]
        found: dict[str, str] | None = None
        try:
            with self._clock.deadline(LOOKUP_TIMEOUT_S):
                found = await self._lookup(unknown)
        except ChatError:
            found = None
        if found is None:
            self._pause_until = self._clock.monotonic() + LOOKUP_PAUSE_S
            return
        for author in unknown:
            self._names[author] = found.get(author) or _short(author)
        while len(self._names) > NAMES_MAX:
            self._names.popitem(last=False)

    def of(self, author: str) -> str:
        """What to call an author."""
        if author not in self._names:
            return _short(author)
        self._names.move_to_end(author)
        return self._names[author]

    def user(self, name: str) -> str | None:
        """Who is called this, whatever the case, or has an id of these first digits; None if nobody or several are."""
        wanted = name.removeprefix("@").casefold()
        called = [user for user, known in self._names.items() if known.casefold() == wanted]
        called = called or [user for user in self._names if user.partition(":")[2].startswith(wanted)]
        return called[0] if len(called) == 1 else None


def _short(author: str) -> str:
    return author.partition(":")[2][:_DIGITS] or author
