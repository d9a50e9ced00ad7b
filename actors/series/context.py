"""One command as the decisions see it: the series, who asks, when, and the facts; and how they answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct

from actors.creation import Creation
from actors.kind import Accept, Emit, Facts, Instant, Refuse
from actors.series.state import Series
from actors.staffing import Rank
from protocol.event import Mark
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
_NONE: Final[Mapping[str, Mark]] = {}


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


def emitted(
    payload: Struct,
    *,
    revokes: tuple[str, ...] = (),
    erases: tuple[int, ...] = (),
    marks: Mapping[str, Mark] = _NONE,
) -> Emit:
    """An event whose marks are the payload's fields, without texts and None, and these."""
    own: dict[str, Mark] = {}
    for name in payload.__struct_fields__:
        value: Any = getattr(payload, name)
        if name not in _TEXTS and value is not None:
            own[name] = _AS_JSON[name](value) if name in _AS_JSON else value
    return Emit(payload, revokes=revokes, erases=erases, marks={**own, **marks})


def emit(payload: Struct, *, revokes: tuple[str, ...] = (), marks: Mapping[str, Mark] = _NONE) -> Accept:
    """The command takes effect as this one event."""
    return Accept((emitted(payload, revokes=revokes, marks=marks),))
