"""One command as the decisions see it: the series, who asks, when, and the facts; and how they answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct

from actors.creation import Creation
from actors.emitting import Emitter
from actors.kind import Facts, Instant, Refuse
from actors.series.state import Series
from actors.staffing import Rank
from protocol.series.recurrence import recurrence_text
from protocol.tournament.definition import LastingSettings, settings_text

Unfit = Callable[[LastingSettings], Refuse | None]
"""Why no tournament can have these settings; the kind of tournaments knows."""
_TEXTS: Final = frozenset({"name", "description"})
"""Fields that people write: marks never hold them."""
_AS_JSON: Final[Mapping[str, Callable[[Any], str]]] = {
    "settings": settings_text,
    "recurrence": recurrence_text,
}


class Context(Struct, frozen=True):
    """What a decision may look at."""

    series: Series
    facts: Facts
    by: str
    now: Instant
    creation: Creation
    """Who may create one."""
    unfit: Unfit

    @property
    def rank(self) -> Rank:
        """What the one who asks is on the staff."""
        return self.series.rank(self.by)


_EMITTER: Final = Emitter(_TEXTS, _AS_JSON)
emitted: Final = _EMITTER.emitted
emit: Final = _EMITTER.emit
