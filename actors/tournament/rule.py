"""Who may send a command, and when. Each module of decisions says it of its own commands, in its ``RULES``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import Any, Final

from msgspec import Struct

from actors.kind import Decision
from actors.staffing import Rank
from actors.tournament.context import Context
from actors.tournament.state import BEFORE_START
from protocol.frames import Command
from protocol.tournament import Phase

Decide = Callable[[Context, Any], Decision]
RUNNING: Final[frozenset[Phase]] = frozenset({"running"})
NOT_OVER: Final = BEFORE_START | RUNNING
STARTED: Final[frozenset[Phase]] = frozenset({"running", "finished"})


class Rule(Struct, frozen=True):
    """Who may send a command, and when; then ``decide`` says what comes of it."""

    decide: Decide
    rank: Rank
    """The lowest that may; SPECTATOR: whoever may watch, as far as ``decide`` lets them."""
    phases: Set[Phase]


Rules = Mapping[type[Command], Rule]
