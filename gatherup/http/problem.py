"""Every failure of a request as one document: RFC 9457 with the codes of the protocol."""

from __future__ import annotations

import math
from http import HTTPStatus

import msgspec
import structlog
from quart import Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from gatherup.offloop.pool import NotCalledError
from protocol.codes import CODES, Code
from protocol.frames import Refused, Unknown
from protocol.http.base import Problem
from storage.postgres.driver.errors import (
    DataRejected,
    OutcomeUnknown,
    PostgresError,
    Retryable,
    StatementFailed,
)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 1.0

_log = structlog.stdlib.get_logger("gatherup.http")
_CODE_OF_STATUS = {
    HTTPStatus.NOT_FOUND: Code.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED: Code.METHOD_NOT_ALLOWED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Code.TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: Code.UNSUPPORTED_MEDIA_TYPE,
}


class ProblemError(Exception):
    """A request ends with this code; the sentence is the code's own unless a better one is given."""

    def __init__(
        self,
        code: Code,
        detail: str | None = None,
        *,
        field: str | None = None,
        retry_after_s: float | None = None,
        client_id: str | None = None,
        ticket: str | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail or CODES[code].sentence
        self.field = field
        self.retry_after_s = retry_after_s
        self.client_id = client_id
        self.ticket = ticket


def of_refused(refused: Refused) -> ProblemError:
    """Make the problem of a refused command."""
    return ProblemError(
        refused.code,
        refused.message,
        field=refused.field,
        retry_after_s=refused.retry_after_s,
        client_id=refused.client_id,
    )


def of_unknown(unknown: Unknown) -> ProblemError:
    """A command whose outcome isn't known."""
    return ProblemError(
        Code.UNKNOWN_OUTCOME, retry_after_s=unknown.retry_after_s, client_id=unknown.client_id
    )


def document_of(
    code: Code,
    detail: str | None = None,
    *,
    field: str | None = None,
    retry_after_s: float | None = None,
    client_id: str | None = None,
    ticket: str | None = None,
) -> Problem:
    """The document; the sentence is the code's own unless a better one is given."""
    info = CODES[code]
    return Problem(
        type=f"/docs#{code.value}",
        title=info.sentence,
        status=info.http_status,
        detail=detail or info.sentence,
        code=code,
        retry=info.retry,
        field=field,
        retry_after_s=retry_after_s,
        client_id=client_id,
        ticket=ticket,
    )


async def respond(error: ProblemError) -> Response:
    """The document, its status, and Retry-After in whole seconds."""
    document = document_of(
        error.code,
        error.detail,
        field=error.field,
        retry_after_s=error.retry_after_s,
        client_id=error.client_id,
        ticket=error.ticket,
    )
    response = Response(msgspec.json.encode(document), document.status, content_type=MEDIA_TYPE)
    if error.retry_after_s is not None:
        response.headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
    if error.code in {Code.UNAUTHENTICATED, Code.TOKEN_EXPIRED}:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


async def respond_to_http(error: HTTPException) -> Response:
    """What the framework itself refuses: no such path, wrong method, a body too large or too slow."""
    code = _CODE_OF_STATUS.get(HTTPStatus(error.code or 500), Code.INVALID)
    response = await respond(ProblemError(code))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


async def respond_to_overload(error: NotCalledError) -> Response:
    """Too much waits for worker processes, as passwords do to be hashed, or they end instead of answering."""
    return await respond(ProblemError(Code.OVERLOADED, retry_after_s=error.retry_after_s))


async def respond_to_storage(error: PostgresError) -> Response:
    """PostgreSQL didn't serve: certainly nothing happened, or nobody knows."""
    _log.warning("storage failed", error=type(error).__name__, sqlstate=error.sqlstate)
    match error:
        case OutcomeUnknown():
            return await respond(ProblemError(Code.UNKNOWN_OUTCOME, retry_after_s=RETRY_AFTER_S))
        case DataRejected():
            return await respond(ProblemError(Code.UNSTORABLE))
        case StatementFailed() if not isinstance(error, Retryable):
            return await respond_to_defect(error)
        case _:
            return await respond(ProblemError(Code.UNAVAILABLE, retry_after_s=RETRY_AFTER_S))


async def respond_to_defect(error: Exception) -> Response:
    """A defect of ours: the operators get the trace, the client a code."""
    _log.error("a request failed", exc_info=error)
    return await respond(ProblemError(Code.INTERNAL, "The server failed on this request."))
