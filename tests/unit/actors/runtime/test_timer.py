"""A stream's timer, and what waits in the mailbox beside it."""

from __future__ import annotations

import trio
import trio.testing

from actors.runtime.active import Active
from actors.runtime.limits import TIMER_RETRY_MS
from actors.runtime.mailbox import Mailbox
from actors.runtime.owed import Owed
from actors.runtime.timer import Timer
from tests.counter_kind import Counter, CounterKind
from tests.ports import TrioClock

STREAM = "counter:" + "1" * 32


async def test_what_came_back_lets_others_go_first(autojump_clock: object) -> None:
    clock, mailbox, wanted = TrioClock(), Mailbox(10), list[int]()
    state = Counter(stream=STREAM, bell_at=clock.now())
    active = Active(state=state, head=3, last_at=0, activation=1, checkpoint_seq=0, owed=Owed())
    timer = Timer(STREAM, CounterKind(), active, mailbox, clock, lambda _, at: wanted.append(at))
    timer.fire()
    (command,) = mailbox.take(10)
    command.give_back()
    timer.fire()
    assert len(mailbox) == 0
    await trio.sleep(TIMER_RETRY_MS / 1000)
    assert wanted[-1] <= clock.now()
    timer.fire()
    assert len(mailbox) == 1
