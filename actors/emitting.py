"""The events of a command: their marks are what a payload says, without the words that people wrote."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from msgspec import Struct

from actors.kind import Accept, Emit
from protocol.event import Mark

NO_MARKS: Final[Mapping[str, Mark]] = {}


class Emitter:
    """Makes the events of a kind.

    ``texts`` are fields that people write: marks never hold them. ``written`` says how fields are written that no mark
    could hold as they are; without ``empty`` what would be an empty tuple is left out.
    """

    def __init__(
        self,
        texts: Collection[str],
        written: Mapping[str, Callable[[Any], Mark]] | None = None,
        *,
        empty: bool = True,
    ) -> None:
        self._texts: Final = texts
        self._written: Final = written or {}
        self._empty: Final = empty

    def emitted(
        self,
        payload: Struct,
        *,
        revokes: tuple[str, ...] = (),
        erases: tuple[int, ...] = (),
        marks: Mapping[str, Mark] = NO_MARKS,
    ) -> Emit:
        """An event whose marks are the payload's fields, without texts and what is None, and these."""
        own: dict[str, Mark] = {}
        for name in payload.__struct_fields__:
            value: Any = getattr(payload, name)
            if name in self._texts or value is None:
                continue
            mark: Mark = self._written[name](value) if name in self._written else value
            if self._empty or mark != ():
                own[name] = mark
        return Emit(payload, revokes=revokes, erases=erases, marks={**own, **marks})

    def emit(
        self, payload: Struct, *, revokes: tuple[str, ...] = (), marks: Mapping[str, Mark] = NO_MARKS
    ) -> Accept:
        """The command takes effect as this one event."""
        return Accept((self.emitted(payload, revokes=revokes, marks=marks),))
