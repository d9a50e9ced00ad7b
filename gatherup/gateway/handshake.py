"""The opening handshake, pure: the bytes of a request in, the bytes of an answer out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

import msgspec
from msgspec import Struct
from websockets.datastructures import Headers
from websockets.exceptions import NegotiationError
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol as OfferedSubprotocol

from gatherup.gateway.limits import EVENTS_PATH, HANDSHAKE_BYTES_MAX, STREAM_PATH
from gatherup.origins import Origins
from protocol.codec import Subprotocol
from protocol.codes import CODES, Code

HEAD_END: Final = b"\r\n\r\n"
_MAY_BE_REQUEST: Final = re.compile(rb"[A-Z]{1,16}(?: |\Z)")
_WANTS_EVENTS: Final = re.compile(rb"[A-Z]+ " + re.escape(EVENTS_PATH.encode()) + rb"[ ?]")
_SUBPROTOCOLS: Final = [OfferedSubprotocol(s.value) for s in Subprotocol]


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of a refused handshake (RFC 9457), ``application/problem+json``."""

    type: str
    """A link to the code's description, on the HTTP listener."""
    title: str
    status: int
    code: Code
    detail: str
    retry: bool
    """Whether the same request can succeed later as it is."""
    field: str | None = None
    """The header or part of the request at fault."""
    subprotocols: tuple[str, ...] = ()
    """Those to choose from, when none of them was asked for."""
    retry_after_s: int | None = None


class Upgraded(Struct, frozen=True):
    """The handshake is done once ``response`` is sent."""

    response: bytes
    subprotocol: str


class Rejected(Struct, frozen=True):
    """A handshake that is refused: send ``response`` and end the connection."""

    response: bytes
    status: HTTPStatus


def rejected(
    status: HTTPStatus,
    code: Code,
    detail: str,
    *,
    field: str | None = None,
    subprotocols: tuple[str, ...] = (),
    retry_after_s: int | None = None,
    headers: Sequence[tuple[str, str]] = (),
) -> Rejected:
    """A refusal over HTTP."""
    body = msgspec.json.encode(
        Problem(
            type=f"/docs#{code.value}",
            title=status.phrase,
            status=status,
            code=code,
            detail=detail,
            retry=CODES[code].retry,
            field=field,
            subprotocols=subprotocols,
            retry_after_s=retry_after_s,
        )
    )
    fields = Headers(
        [*headers, ("Content-Type", "application/problem+json"), ("Content-Length", str(len(body)))]
    )
    fields["Connection"] = "close"
    fields["Cache-Control"] = "no-store"
    fields["X-Content-Type-Options"] = "nosniff"
    if retry_after_s is not None:
        fields["Retry-After"] = str(retry_after_s)
    return Rejected(Response(status, status.phrase, fields, body).serialize(), status)


NOT_HTTP: Final = rejected(HTTPStatus.BAD_REQUEST, Code.INVALID, "This isn't an HTTP/1.1 request.")
HEAD_TOO_LARGE: Final = rejected(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    Code.TOO_LARGE,
    f"The request line and headers may have {HANDSHAKE_BYTES_MAX} bytes together.",
)
TIMED_OUT: Final = rejected(HTTPStatus.REQUEST_TIMEOUT, Code.INVALID, "The request didn't come in time.")
FULL: Final = rejected(
    HTTPStatus.SERVICE_UNAVAILABLE, Code.OVERLOADED, "Too many connections: try again later.", retry_after_s=5
)
ADDRESS_FULL: Final = rejected(
    HTTPStatus.TOO_MANY_REQUESTS, Code.TOO_MANY, "Too many connections from your address.", retry_after_s=30
)
DRAINING: Final = rejected(
    HTTPStatus.SERVICE_UNAVAILABLE, Code.UNAVAILABLE, "This node is going away: try again.", retry_after_s=1
)
_NO_SUBPROTOCOL: Final = rejected(
    HTTPStatus.BAD_REQUEST,
    Code.INVALID,
    "Ask for one of the subprotocols spoken here.",
    field="Sec-WebSocket-Protocol",
    subprotocols=tuple(s.value for s in Subprotocol),
)
_NO_PATH: Final = rejected(
    HTTPStatus.NOT_FOUND,
    Code.NOT_FOUND,
    f"Only {STREAM_PATH} and {EVENTS_PATH} are served here.",
    field="path",
)
_BY_STATUS: Final[dict[int, Rejected]] = {
    HTTPStatus.FORBIDDEN: rejected(
        HTTPStatus.FORBIDDEN, Code.FORBIDDEN, "Pages of this origin may not connect.", field="Origin"
    ),
    HTTPStatus.METHOD_NOT_ALLOWED: rejected(
        HTTPStatus.METHOD_NOT_ALLOWED, Code.METHOD_NOT_ALLOWED, "Only GET.", headers=[("Allow", "GET")]
    ),
    HTTPStatus.UPGRADE_REQUIRED: rejected(
        HTTPStatus.UPGRADE_REQUIRED,
        Code.INVALID,
        "This is a WebSocket: connect with a WebSocket client.",
        field="Upgrade",
        headers=[("Upgrade", "websocket")],
    ),
    HTTPStatus.HTTP_VERSION_NOT_SUPPORTED: rejected(
        HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, Code.INVALID, "Only HTTP/1.1."
    ),
}
_BAD_HEADERS: Final = rejected(
    HTTPStatus.BAD_REQUEST, Code.INVALID, "The WebSocket headers are missing or not valid."
)


def may_be_request(start: bytes | bytearray) -> bool:
    """Whether these first bytes can begin an HTTP request."""
    return _MAY_BE_REQUEST.match(start) is not None


def wants_events(head: bytes) -> bool:
    """Whether this is a request for Server-Sent Events."""
    return _WANTS_EVENTS.match(head) is not None


def answer(head: bytes, origins: Origins) -> Upgraded | Rejected:
    """Decide on a whole request head, its empty line included."""
    protocol = ServerProtocol(subprotocols=_SUBPROTOCOLS)
    protocol.receive_data(head)
    request = next(iter(protocol.events_received()), None)
    if not isinstance(request, Request):
        return NOT_HTTP
    if request.path.partition("?")[0] != STREAM_PATH:
        return _NO_PATH
    if not all(map(origins.allows, request.headers.get_all("Origin"))):
        return _BY_STATUS[HTTPStatus.FORBIDDEN]
    response = protocol.accept(request)
    if response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
        assert protocol.subprotocol is not None
        return Upgraded(response.serialize(), protocol.subprotocol)
    if isinstance(protocol.handshake_exc, NegotiationError):
        return _NO_SUBPROTOCOL
    return _BY_STATUS.get(response.status_code, _BAD_HEADERS)
