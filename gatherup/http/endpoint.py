"""One declaration per endpoint: its method, path, body, query, answer, and who may call it.

The declaration is what decodes and checks requests and what the OpenAPI document is made of, so they can't differ.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import wraps
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Annotated, Any, Final, TypeVar, cast, get_args, get_origin

import msgspec
from msgspec import Struct
from quart import Quart, Response, request
from quart_schema import (
    document_querystring,  # pyright: ignore[reportUnknownVariableType]
    document_request,  # pyright: ignore[reportUnknownVariableType]
    document_response,  # pyright: ignore[reportUnknownVariableType]
    security_scheme,
    tag,
)

from actors.ports import Clock, InvalidTokenError
from gatherup.auth.tokens import AccessTokens
from gatherup.http.problem import ProblemError
from gatherup.http.throttle import Throttle
from protocol import limits
from protocol.codes import Code
from protocol.http import Problem

ENDPOINT: Final = "_gatherup_endpoint"
BEARER: Final = "bearer"
ADDRESS_CHARS_MAX: Final = 64

_PATH: Final = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_NAMED: Final = re.compile(r"(missing required|contains unknown) field `(?P<name>[^`]*)`")

View = TypeVar("View", bound=Callable[..., Awaitable[Any]])


class Caller(Struct, frozen=True, kw_only=True):
    """Who sent a request. Without a token ``user`` and ``login`` are empty."""

    user: str
    login: str
    address: str


class Declared(Struct, frozen=True):
    """What an endpoint is."""

    group: str
    method: str
    path: str
    status: int
    body: type[Struct] | None
    query: type[Struct] | None
    anonymous: bool
    unlimited: bool


def endpoint(
    method: str,
    path: str,
    *,
    answer: type[Struct] | None = None,
    status: int = 200,
    body: type[Struct] | None = None,
    query: type[Struct] | None = None,
    other: int | None = None,
    anonymous: bool = False,
    unlimited: bool = False,
    group: str,
) -> Callable[[View], View]:
    """Declare a method as an endpoint.

    It is called with the Caller, with ``body`` and ``query`` if declared, and the path's parts by name; it
    returns the answer, or the answer with headers, or these with another status (``other``), or a response.
    Everybody may call an ``anonymous`` one, at a limited rate, or an ``unlimited`` one; the others need an
    access token.
    """

    def declare(view: View) -> View:
        setattr(view, ENDPOINT, Declared(group, method, path, status, body, query, anonymous, unlimited))
        if body is not None:
            view = document_request(body)(view)
        if query is not None:
            view = document_querystring(query)(view)
        view = document_response(answer or NoContent, status)(view)
        if other is not None:
            view = document_response(answer or NoContent, other)(view)
        if not unlimited:
            view = document_response(Problem, 422)(view)
        if not anonymous and not unlimited:
            view = document_response(Problem, 401)(view)
            view = security_scheme([{BEARER: []}])(view)
        return tag([group])(view)

    return declare


class NoContent(Struct, frozen=True):
    """Done; there is nothing to say."""


class Gate:
    """What stands before every endpoint: who calls, whether too often, and whether the request is well-formed."""

    def __init__(self, tokens: AccessTokens, clock: Clock, anonymous: Throttle, *, proxy_hops: int) -> None:
        self._tokens = tokens
        self._clock = clock
        self._anonymous = anonymous
        self._proxy_hops = proxy_hops

    def mount(self, app: Quart, *resources: object) -> None:
        """Serve every endpoint that these objects declare."""
        for resource in resources:
            for name in dir(type(resource)):
                view = getattr(resource, name)
                declared = getattr(view, ENDPOINT, None)
                if isinstance(declared, Declared):
                    self._add(app, declared, view)

    def _add(self, app: Quart, declared: Declared, view: Callable[..., Awaitable[Any]]) -> None:
        @wraps(view)
        async def guarded(**parts: Any) -> Response:
            caller = self._caller(declared)
            if declared.query is not None:
                parts["query"] = decoded_query(declared.query)
            if declared.body is not None:
                parts["body"] = await decoded_body(declared.body)
            return answered(await view(caller, **parts), declared.status)

        name = f"{declared.method} {declared.path}"
        app.add_url_rule(declared.path, name, guarded, methods=[declared.method])

    def _caller(self, declared: Declared) -> Caller:
        address = self.address()
        if declared.anonymous:
            self.limit(address)
        if declared.anonymous or declared.unlimited:
            return Caller(user="", login="", address=address)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise InvalidTokenError
            access = self._tokens.read(token.strip(), self._clock.now())
        except InvalidTokenError as error:
            self.limit(address)
            raise ProblemError(
                Code.TOKEN_EXPIRED if error.expired else Code.UNAUTHENTICATED, field="Authorization"
            ) from None
        return Caller(user=access.user, login=access.login, address=address)

    def limit(self, address: str) -> None:
        """Count a request without a good token. Raises ProblemError when there were too many."""
        wait_s = self._anonymous.take(address)
        if wait_s > 0:
            raise ProblemError(Code.RATE_LIMITED, retry_after_s=wait_s)

    def address(self) -> str:
        """Where the request comes from, as the outermost proxy that is ours saw it."""
        if self._proxy_hops:
            # A proxy may append a line of its own in place of an element: all lines are one list (RFC 9110, 5.3).
            lines = ",".join(request.headers.getlist("X-Forwarded-For"))
            forwarded = [part.strip() for part in lines.split(",")]
            if len(forwarded) >= self._proxy_hops and (seen := forwarded[-self._proxy_hops]):
                return payer(seen)
        return payer(request.remote_addr or "")


def payer(address: str) -> str:
    """Who counts as one sender: an IPv4 address, or an IPv6 network of 64 bits, which one customer gets whole.

    What is no address is cut, so that no table holds long keys.
    """
    try:
        given = ip_address(address)
    except ValueError:
        return address[:ADDRESS_CHARS_MAX]
    if isinstance(given, IPv6Address):
        mapped = given.ipv4_mapped
        return str(mapped) if mapped else str(ip_network((int(given), 64), strict=False))
    return str(given)


async def decoded_body(kind: type[Struct]) -> Struct:
    """The request's JSON body. No body at all counts as an empty object. Raises ProblemError."""
    data = await request.get_data()
    if not data:
        data = b"{}"
    elif request.mimetype != "application/json":
        raise ProblemError(Code.UNSUPPORTED_MEDIA_TYPE, field="Content-Type")
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise _invalid(error) from None


def decoded_query(kind: type[Struct]) -> Struct:
    """The query parameters; each may stand once, unless its field is a list. Raises ProblemError."""
    several = {field.name for field in msgspec.structs.fields(kind) if _is_list(field.type)}
    given: dict[str, str | list[str]] = {}
    for name, values in request.args.lists():
        if name in several:
            given[name] = values
        elif len(values) > 1:
            raise ProblemError(Code.INVALID, "This parameter may stand once.", field=name)
        else:
            given[name] = values[0]
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid(error) from None


def _is_list(annotation: Any) -> bool:
    plain = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    return get_origin(plain) is list


def answered(result: Any, status: int) -> Response:
    """The response of what a view returned, see ``endpoint``."""
    if isinstance(result, Response):
        return result
    answer, headers = result, None
    if isinstance(result, tuple):
        answer, headers, *given = cast("tuple[Any, ...]", result)
        status = given[0] if given else status
    if answer is None:
        return Response(status=status)
    return Response(msgspec.json.encode(answer), status, headers=headers, content_type="application/json")


def _invalid(error: Exception) -> ProblemError:
    text = str(error)
    found = _PATH.search(text)
    field = found["path"] if found else None
    text = text[: found.start()] if found else text
    if (named := _NAMED.search(text)) is not None:
        field = f"{field}.{named['name']}" if field else named["name"]
    field = field[: limits.DETAIL_CHARS_MAX] if field else None
    return ProblemError(Code.INVALID, text[: limits.DETAIL_CHARS_MAX], field=field)
