"""Work off the loop: elsewhere, of low priority, bounded, and done though processes are killed."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest
import trio
import trio.testing

from gatherup.offloop.child import NICENESS
from gatherup.offloop.pool import NotCalledError, OffLoop
from tests.off_loop import off_loop

HANG_S = 60


@pytest.fixture(scope="module")
def shared() -> Iterator[OffLoop]:
    """One process, for tests that leave it well."""
    with off_loop() as pool:
        yield pool


@pytest.fixture
async def pool() -> AsyncGenerator[OffLoop]:
    pool = OffLoop(processes=1, waiting_max=2)
    yield pool
    pool.close()


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """A pipe with a name: whoever reads it waits until somebody writes."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    return gate


async def opened(gate: Path) -> int:
    """The writer's end, once the call that reads is under way."""
    return await trio.to_thread.run_sync(os.open, gate, os.O_WRONLY, abandon_on_cancel=True)


def kill(pid: int) -> None:
    """Kill it, and return when it is dead, not reaped yet."""
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def is_reaped(pid: int) -> bool:
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
    except ChildProcessError:
        return True
    return False


def niceness_of_session(pid: int) -> int | None:
    """None where Linux doesn't share processors between sessions."""
    told = Path(f"/proc/{pid}/autogroup")
    return int(told.read_text().split()[-1]) if told.exists() else None


async def test_a_call_runs_in_another_process_of_lower_priority(shared: OffLoop) -> None:
    pid = await shared.call(os.getpid)
    assert pid != os.getpid()
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getpriority(os.PRIO_PROCESS, pid) == min(19, own + NICENESS)
    assert niceness_of_session(pid) in (None, NICENESS)
    assert await shared.call(os.getpid) == pid


async def test_signals_to_a_terminal_or_a_whole_service_are_for_the_node(shared: OffLoop) -> None:
    pid = await shared.call(os.getpid)
    assert os.getsid(pid) == pid
    os.kill(pid, signal.SIGINT)
    os.kill(pid, signal.SIGTERM)
    assert await shared.call(os.getpid) == pid


async def test_what_the_function_raises_is_raised_with_its_trace(shared: OffLoop) -> None:
    with pytest.raises(ValueError, match="invalid literal") as caught:
        await shared.call(int, "seven")
    assert "child.py" in caught.value.__notes__[0]


async def test_an_answer_of_any_length_comes_whole(shared: OffLoop) -> None:
    assert await shared.call(bytes, 1_000_000) == bytes(1_000_000)
    assert await shared.call(len, "x" * 1_000_000) == 1_000_000


async def test_what_a_function_prints_is_no_answer(pool: OffLoop, capfd: pytest.CaptureFixture[str]) -> None:
    with trio.fail_after(HANG_S):
        assert await pool.call(os.write, 1, b"printed") == len("printed")
        assert await pool.call(os.read, 0, 1) == b""
    pool.close()
    assert "printed" in capfd.readouterr().err


async def test_so_many_wait_and_no_more_until_one_gives_up(pool: OffLoop, gate: Path) -> None:
    with trio.fail_after(HANG_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pool.call, Path.read_text, gate)
            writer = await opened(gate)
            nursery.start_soon(pool.call, os.getpid)
            impatient = trio.CancelScope()

            async def wait() -> None:
                with impatient:
                    await pool.call(os.getpid)

            nursery.start_soon(wait)
            await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(NotCalledError) as caught:
                await pool.call(os.getpid)
            assert caught.value.retry_after_s > 0

            impatient.cancel()
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(pool.call, os.getpid)
            await trio.testing.wait_all_tasks_blocked()
            os.close(writer)
        assert await pool.call(os.getpid) > 0


async def cancel_in_the_middle(pool: OffLoop, gate: Path) -> int:
    """Of a call that reads the gate; the writer's end."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(pool.call, Path.read_text, gate)
        writer = await opened(gate)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    return writer


async def test_a_cancelled_call_is_not_answered_to_the_next_caller(pool: OffLoop, gate: Path) -> None:
    with trio.fail_after(HANG_S):
        pid = await pool.call(os.getpid)
        writer = await cancel_in_the_middle(pool, gate)
        async with trio.open_nursery() as nursery:
            answers: list[int] = []

            async def next_one() -> None:
                answers.append(await pool.call(os.getpid))

            nursery.start_soon(next_one)
            await trio.testing.wait_all_tasks_blocked()
            assert not answers
            os.write(writer, b"late")
            os.close(writer)
        assert answers == [pid], "and the process lives on"


async def test_nobody_waits_for_a_cancelled_call_if_there_is_another_process(gate: Path) -> None:
    pool = OffLoop(processes=2, waiting_max=0)
    with trio.fail_after(HANG_S):
        first = await pool.call(os.getpid)
        writer = await cancel_in_the_middle(pool, gate)
        second = await pool.call(os.getpid)
        assert second != first
        assert await pool.call(os.getpid) == second
        os.close(writer)
    pool.close()


async def test_an_idle_process_that_was_killed_is_replaced_and_reaped(pool: OffLoop) -> None:
    pid = await pool.call(os.getpid)
    kill(pid)
    assert await pool.call(os.getpid) != pid
    assert is_reaped(pid)


async def test_however_many_were_killed_the_next_call_is_made(gate: Path) -> None:
    pool = OffLoop(processes=2, waiting_max=0)
    with trio.fail_after(HANG_S):
        pids = [await pool.call(os.getpid)]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pool.call, Path.read_text, gate)
            writer = await opened(gate)
            pids.append(await pool.call(os.getpid))
            os.close(writer)
        for pid in pids:
            kill(pid)
        assert await pool.call(os.getpid) not in pids
    pool.close()


async def test_a_call_whose_process_was_killed_is_made_once_more(pool: OffLoop, gate: Path) -> None:
    pid = await pool.call(os.getpid)
    read: list[str] = []

    async def call() -> None:
        read.append(await pool.call(Path.read_text, gate))

    with trio.fail_after(HANG_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(call)
            writer = await opened(gate)
            kill(pid)
            os.close(writer)
            writer = await opened(gate)
            os.write(writer, b"again")
            os.close(writer)
    assert read == ["again"]
    assert is_reaped(pid)


async def test_work_that_kills_its_process_twice_is_given_up(pool: OffLoop) -> None:
    with trio.fail_after(HANG_S):
        with pytest.raises(NotCalledError):
            await pool.call(signal.raise_signal, signal.SIGKILL)
        assert await pool.call(os.getpid) > 0


async def test_without_a_process_a_call_is_refused(pool: OffLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", "/nowhere/python")
        with pytest.raises(NotCalledError):
            await pool.call(os.getpid)
    assert await pool.call(os.getpid) > 0


async def test_at_the_end_no_process_is_left(pool: OffLoop, gate: Path) -> None:
    pid = await pool.call(os.getpid)
    with trio.fail_after(HANG_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pool.close_at_end)
            nursery.start_soon(pool.call, Path.read_text, gate)
            writer = await opened(gate)
            nursery.cancel_scope.cancel()
    os.close(writer)
    assert is_reaped(pid)
