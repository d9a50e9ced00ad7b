"""A community's own rules in Python, around the commands of clients. docs/hooks.md shows one.

A hook is an object with ``before(command, by)``, ``after(command, by, reply)`` or both; a bare function counts as
``before``. They run on the node that takes the command from a client, over the socket or HTTP, and never for what
GatherUp sends itself. They are called in the event loop, so they must be quick: whatever they take, everybody waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Final

import structlog
from msgspec import Struct

from actors.ports.streams import Streams, StreamView
from actors.refusals import refused
from actors.runtime.envelope import tag_of
from gatherup.start import StartRefusedError
from protocol import limits
from protocol.codes import Code
from protocol.frames import Command, Refused, Reply, Signal, StreamCommand, Unknown

GROUP: Final = "gatherup.hooks"

_log = structlog.stdlib.get_logger("gatherup.hooks")


class Refusal(Struct, frozen=True):
    """The command is refused with ``hook_refused`` and this sentence."""

    sentence: str
    field: str | None = None
    """The field of the command at fault."""


Before = Callable[[Command, str], Refusal | None]
"""Called with a command and its author, before anything happens; None lets it pass."""
After = Callable[[Command, str, Reply], None]
"""Called with the reply too. A command that a client sends again may be seen twice."""


class HookNotLoadedError(StartRefusedError):
    """There is no such hook, or it can't be imported; the message is a sentence."""


class Hooks:
    """All hooks of a node, in order."""

    def __init__(self, found: Iterable[object]) -> None:
        self.before: list[Before] = []
        self.after: list[After] = []
        for hook in found:
            before: Any = getattr(hook, "before", None)
            after: Any = getattr(hook, "after", None)
            if before is None and after is None:
                if not callable(hook):
                    raise HookNotLoadedError(f"{hook!r} has neither before nor after, and can't be called.")
                before = hook
            if before is not None:
                self.before.append(before)
            if after is not None:
                self.after.append(after)

    def __len__(self) -> int:
        return len(self.before) + len(self.after)

    def refuse(self, command: Command, by: str) -> Reply | None:
        """The refusal of the first hook that doesn't let the command pass, if there is one."""
        for hook in self.before:
            try:
                if (refusal := hook(command, by)) is not None:
                    return _refused(command, Code.HOOK_REFUSED, refusal)
            except Exception as error:
                _log.error("a hook failed", hook=_name(hook), exc_info=error, **_about(command))
                return _refused(command, Code.INTERNAL, Refusal("A rule of this community failed."))
        return None

    def tell(self, command: Command, by: str, reply: Reply) -> None:
        """Let the hooks see what became of a command."""
        for hook in self.after:
            try:
                hook(command, by, reply)
            except Exception as error:
                _log.error("a hook failed", hook=_name(hook), exc_info=error, **_about(command))


class HookedRouter:
    """The router, as clients reach it: through the hooks."""

    def __init__(self, router: Streams, hooks: Hooks) -> None:
        self._router = router
        self._hooks = hooks

    def send(self, command: Command, *, by: str, reply: Callable[[Reply], None]) -> None:
        """Take a command to its stream unless a hook refuses it. Never blocks; ``reply`` is called once."""

        def replied(given: Reply) -> None:
            reply(given)
            self._hooks.tell(command, by, given)

        if (refusal := self._hooks.refuse(command, by)) is not None:
            replied(refusal)
        else:
            self._router.send(command, by=by, reply=replied)

    def signal(self, signal: Signal, *, by: str) -> None:
        """Pass an ephemeral signal on: hooks don't see those."""
        self._router.signal(signal, by=by)

    async def view(self, stream: str, *, user: str) -> StreamView | Refused:
        """What a snapshot shows this user."""
        return await self._router.view(stream, user=user)

    async def ask(self, command: Command, *, by: str) -> Reply:
        """Send, unless a hook refuses it, and await the reply."""
        given = self._hooks.refuse(command, by)
        if given is None:
            given = await self._router.ask(command, by=by)
        self._hooks.tell(command, by, given)
        return given


def hooked(router: Streams, hooks: Hooks) -> Streams:
    """The way of what clients send: through the hooks, where there are any."""
    return HookedRouter(router, hooks) if hooks else router


def loaded(paths: Iterable[str]) -> Hooks:
    """The hooks at these paths (``module:name``), then those of installed packages. Raises HookNotLoadedError."""
    found = [_imported(path) for path in paths]
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            found.append(point.load())
        except Exception as error:
            raise HookNotLoadedError(
                f"The hook {point.name} ({point.value}) can't be loaded: {error!r}"
            ) from error
    return Hooks(found)


def _imported(path: str) -> Any:
    module, _, name = path.partition(":")
    try:
        return getattr(import_module(module), name)
    except Exception as error:
        raise HookNotLoadedError(f"GATHERUP_HOOKS_LOAD: {path} can't be loaded: {error!r}") from error


def _refused(command: Command, code: Code, refusal: Refusal) -> Reply:
    if command.resend:
        # It may have passed before, when the rule was another: only 'unknown' is true.
        return Unknown(client_id=command.client_id)
    stream = command.stream if isinstance(command, StreamCommand) else None
    return refused(
        code,
        client_id=command.client_id,
        stream=stream,
        message=refusal.sentence[: limits.DETAIL_CHARS_MAX],
        field=refusal.field,
    )


def _name(hook: Any) -> str:
    return getattr(hook, "__qualname__", type(hook).__qualname__)


def _about(command: Command) -> dict[str, str]:
    """What a log line says of a command."""
    about = {"command": tag_of(command), "client_id": command.client_id}
    return {**about, "stream": command.stream} if isinstance(command, StreamCommand) else about
