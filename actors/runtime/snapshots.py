"""What a snapshot shows of a stream, and why it may show nothing."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from actors.refusals import refused
from actors.runtime.cell import Cell
from actors.runtime.envelope import RETRY_AFTER_S
from protocol.codes import Code
from protocol.frames import Refused


class Snapshot(Struct, frozen=True):
    """What a snapshot shows, and at which head."""

    head: int
    view: Struct


def show(
    stream: str,
    user: str,
    answer: Callable[[Snapshot | Refused | None], None],
    found: Cell | Code | None,
) -> None:
    """Answer with what the cell shows this user; None: ask again, it isn't the cell's to say."""
    match found:
        case Cell() if found.serves:
            shown = found.view(user)
            if shown is None:
                answer(refused(Code.INTERNAL, stream=stream))
            else:
                answer(Snapshot(head=found.active.head, view=shown))
        case Code():
            answer(refused(found, stream=stream, retry_after_s=RETRY_AFTER_S))
        case _:
            answer(None)


def unavailable(stream: str, message: str | None = None) -> Refused:
    """It can't be shown now, and why."""
    return refused(Code.UNAVAILABLE, stream=stream, message=message, retry_after_s=RETRY_AFTER_S)
