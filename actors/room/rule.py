"""Who may send a command, and when. Each module of decisions says it of its own commands, in its ``RULES``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from actors.kind import Decision
from actors.room.context import Context
from actors.room.permissions import Permission
from protocol.frames import Command

Decide = Callable[[Context, Any], Decision]


class Rule(Struct, frozen=True):
    """Who may send a command that members send, and when; then ``decide`` says what comes of it."""

    decide: Decide
    permission: Permission | None = None
    """None: any member may, as far as ``decide`` lets them."""
    muted: bool = True
    """Whether those may who are muted."""
    archived: bool = True
    """Whether it may be done in an archived room."""


Rules = Mapping[type[Command], Rule]
