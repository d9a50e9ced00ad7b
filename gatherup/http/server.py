"""The HTTP application, and hypercorn serving it in our own nursery."""

from __future__ import annotations

import logging
import socket  # noqa: TID251 - it listens
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable
from importlib.metadata import version
from typing import Any, cast

import trio
from hypercorn.config import Config as HypercornConfig
from hypercorn.config import Sockets
from hypercorn.trio.run import worker_serve
from hypercorn.utils import wrap_app  # pyright: ignore[reportUnknownVariableType]
from quart import Response, request
from quart_trio import QuartTrio
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, RequestTimeout

from gatherup.addresses import EVERY_ADDRESS
from gatherup.config import Http
from gatherup.http import problem
from gatherup.http.cors import Cors
from gatherup.http.endpoint import PathPart
from gatherup.http.gate import Gate
from gatherup.http.openapi import add_openapi
from gatherup.http.problem import ProblemError
from gatherup.http.watch import RequestTracer, watch_requests
from gatherup.offloop.pool import NotCalledError
from protocol import limits
from protocol.codes import Code
from storage.postgres.driver.errors import PostgresError

BACKLOG = 1024
HEADER_BYTES_MAX = 16 * 1024
REQUEST_BODY_TIMEOUT_S = 10
UNREAD_ANSWER_TIMEOUT_MS = 10_000
"""A peer that takes nothing of its answer for this long is reset."""
WSGI_BODY_BYTES_MAX = 0
"""Nothing here is WSGI."""


def create_app(
    gate: Gate,
    answers: Counter[tuple[str, str]],
    cors: Cors,
    *resources: object,
    path_parts: Iterable[PathPart] = (),
    refuses: Collection[Code] = (),
    tracer: RequestTracer | None = None,
) -> QuartTrio:
    """The application of these resources; every error it gives is a problem document.

    ``answers`` counts responses by endpoint and status. ``path_parts`` and ``refuses`` are for its description.
    """
    app = QuartTrio("gatherup", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = limits.HTTP_BODY_BYTES_MAX
    app.config["BODY_TIMEOUT"] = REQUEST_BODY_TIMEOUT_S
    app.url_map.strict_slashes = True
    app.register_error_handler(ProblemError, problem.respond)
    app.register_error_handler(HTTPException, problem.respond_to_http)
    app.register_error_handler(NotCalledError, problem.respond_to_overload)
    app.register_error_handler(PostgresError, problem.respond_to_storage)
    app.register_error_handler(Exception, problem.respond_to_defect)
    gate.mount(app, *resources)
    add_openapi(app, gate, version("gatherup"), path_parts=path_parts, refuses=refuses)
    watch_requests(app, answers, tracer)
    app.after_request(_whole)
    app.after_request(_guarded)
    cors.serve(app)
    return app


async def _whole(response: Response) -> Response:
    """Let the rest of the request's body come in before the answer goes out.

    Hypercorn would neither close a connection that it answered early nor serve the next request on it.
    """
    try:
        await request.get_data()
    except (RequestEntityTooLarge, RequestTimeout):
        # It is left unread, so the connection ends; clients that aren't told would use it again.
        response.headers["Connection"] = "close"
    return response


async def _guarded(response: Response) -> Response:
    """Say what browsers and proxies may not do with an answer: guess its type, or keep what doesn't say it may be kept.

    Any answer may hold a token, or what only its reader may know.
    """
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def bind(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A socket that is bound there, ``shared`` with who also says so; port 0 takes any free one. Raises OSError.

    A shared one doesn't listen before it is served: the kernel would give it connections that others could take.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shared)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if (
            family == socket.AF_INET6
        ):  # :: stands for all addresses of both families, whatever the system's default
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, host != EVERY_ADDRESS)
        # Hypercorn waits without a limit, and shielded, for a peer that doesn't take its answer: only the
        # kernel can end that wait. Accepted sockets inherit it.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_ANSWER_TIMEOUT_MS)
        listener.bind((host, port))
        if not shared:  # who else has the port is found only so
            listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


async def serve_http(
    app: QuartTrio,
    listener: socket.socket,
    config: Http,
    until: Callable[[], Awaitable[None]],
    *,
    task_status: trio.TaskStatus[trio.Event] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve on this socket until ``until`` returns; open requests then get ``shutdown_timeout_s``.

    Started with an event that is set when it has ended.
    """
    ended = trio.Event()
    listener.listen(BACKLOG)
    async with trio.open_nursery() as nursery:
        await nursery.start(_serve, app, listener, _settings(config), until)
        task_status.started(ended)
    ended.set()


async def _serve(
    app: QuartTrio,
    listener: socket.socket,
    settings: HypercornConfig,
    until: Callable[[], Awaitable[None]],
    *,
    task_status: trio.TaskStatus[list[str]],
) -> None:
    await worker_serve(
        wrap_app(cast(Any, app), WSGI_BODY_BYTES_MAX, "asgi"),
        settings,
        sockets=Sockets([], [listener], []),
        shutdown_trigger=until,
        task_status=task_status,
    )


def _settings(config: Http) -> HypercornConfig:
    settings = HypercornConfig()
    settings.errorlog = logging.getLogger("hypercorn")
    settings.accesslog = None
    settings.graceful_timeout = config.shutdown_timeout_s
    # Hypercorn counts the wait for a next request as a read, and that limit is the one that holds: its own count of
    # idle time begins with a connection, and is cancelled together with the task of an answered request.
    settings.read_timeout = cast(Any, config.keep_alive_s)
    settings.keep_alive_timeout = config.keep_alive_s
    settings.h11_max_incomplete_size = HEADER_BYTES_MAX
    settings.include_server_header = False
    return settings
