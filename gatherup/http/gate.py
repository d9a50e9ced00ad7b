"""What stands before every endpoint: who calls, whether too often, and whether the request is well-formed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache, wraps
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Annotated, Any, Final, cast, get_args, get_origin
from urllib.parse import parse_qsl, unquote_to_bytes

import msgspec
from msgspec import Struct
from quart import Quart, Response, request

from actors.ports.log import LogUnavailableError
from actors.ports.logins import InvalidTokenError, Tokens
from actors.ports.time import Clock
from gatherup.auth.keys import KeyRing
from gatherup.http.conditional import conditional
from gatherup.http.endpoint import ENDPOINT, JSON, Caller, Declared
from gatherup.http.live import LiveLogins
from gatherup.http.problem import RETRY_AFTER_S, ProblemError
from gatherup.http.throttle import Throttle
from protocol import limits
from protocol.canonical import canonical
from protocol.codes import Code
from protocol.complaints import complaint
from protocol.decoding import Decoder
from protocol.garbled import SENTENCE, garbled_json, is_text
from protocol.http.base import CommandBody, Query

ADDRESS_CHARS_MAX: Final = 64
OPEN_REQUESTS_MAX: Final = 1000
"""Requests of one node that are being answered; more are refused ``overloaded``."""


class Throttles(Struct, frozen=True):
    """How often who may ask. Commands are counted on their own, see ``commands.py``."""

    anonymous: Throttle
    """Without a good token, by remote address."""
    users: Throttle
    keys: Throttle


class Gate:
    """Lets requests in to the endpoints."""

    def __init__(
        self,
        tokens: Tokens,
        logins: LiveLogins,
        clock: Clock,
        throttles: Throttles,
        *,
        keys: KeyRing,
        proxy_hops: int,
    ) -> None:
        self._tokens = tokens
        self._keys = keys
        self._logins = logins
        self._clock = clock
        self._throttles = throttles
        self._proxy_hops = proxy_hops
        self._open = 0

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
            if declared.unlimited:
                return await self._answer(declared, view, parts)
            if self._open >= OPEN_REQUESTS_MAX:
                raise ProblemError(Code.OVERLOADED, retry_after_s=RETRY_AFTER_S)
            self._open += 1
            try:
                return await self._answer(declared, view, parts)
            finally:
                self._open -= 1

        name = f"{declared.method} {declared.path}"
        app.add_url_rule(declared.path, name, guarded, methods=[declared.method])

    async def _answer(
        self, declared: Declared, view: Callable[..., Awaitable[Any]], parts: dict[str, Any]
    ) -> Response:
        caller = await self._caller(declared)
        if declared.query is not None:
            parts["query"] = decoded_query(declared.query)
        if declared.body is not None:
            parts["body"] = await _body(declared, declared.body)
        result = await view(caller, **parts)
        return conditional(result) if declared.polled else answered(result, declared.status)

    async def _caller(self, declared: Declared) -> Caller:
        caller = await self._known(declared)
        commanding = declared.body is not None and issubclass(declared.body, CommandBody)
        if not declared.open and not commanding:
            throttle = self._throttles.users if declared.scope is None else self._throttles.keys
            throttle.admit(caller.user)
        return caller

    async def _known(self, declared: Declared) -> Caller:
        address = self.address()
        if declared.anonymous:
            self.limit(address)
        if declared.open:
            return Caller(user="", login="", address=address)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise InvalidTokenError
            if declared.scope is not None:
                return await self._key(token.strip(), declared.scope, address)
            login = self._tokens.verify(token.strip(), self._clock.now())
            if not await self._logins.live(login):
                raise InvalidTokenError
        except InvalidTokenError as error:
            self.limit(address)
            raise ProblemError(
                Code.TOKEN_EXPIRED if error.expired else Code.UNAUTHENTICATED, field="Authorization"
            ) from None
        except LogUnavailableError:
            raise ProblemError(Code.UNAVAILABLE, retry_after_s=RETRY_AFTER_S) from None
        return Caller(user=login.user, login=login.login, address=address)

    async def _key(self, text: str, scope: str, address: str) -> Caller:
        """Who a key speaks for. Raises InvalidTokenError, ProblemError."""
        if not self._keys.knows(text):
            self.limit(address)  # before the database is asked
        key = await self._keys.read(text)
        if scope not in key.scopes:
            raise ProblemError(Code.FORBIDDEN, f"The key lacks the scope {scope}.", field="Authorization")
        return Caller(user=f"key:{key.id}", login="", address=address)

    def limit(self, address: str) -> None:
        """Count a request without a good token. Raises ProblemError when there were too many."""
        self._throttles.anonymous.admit(address)

    def address(self) -> str:
        """Where the request comes from, as the outermost proxy that is ours saw it."""
        if self._proxy_hops:
            # A proxy may append a line of its own in place of an element: all lines are one list (RFC 9110, 5.3).
            lines = ",".join(request.headers.getlist("X-Forwarded-For"))
            forwarded = [part.strip() for part in lines.split(",")]
            if len(forwarded) >= self._proxy_hops and (seen := forwarded[-self._proxy_hops]):
                return client_network(seen)
        return client_network(request.remote_addr or "")


def client_network(address: str) -> str:
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


async def _body(declared: Declared, kind: type[Struct]) -> Struct | bytes:
    """What a request holds, see ``endpoint``. Raises ProblemError."""
    if declared.file is not None and request.mimetype == declared.file:
        return cast(bytes, await request.get_data())
    return await decoded_body(kind)


async def decoded_body(kind: type[Struct]) -> Struct:
    """The request's JSON body. No body at all counts as an empty object. Raises ProblemError."""
    data = cast(bytes, await request.get_data())
    if not data:
        data = b"{}"
    elif request.mimetype != JSON:
        raise ProblemError(Code.UNSUPPORTED_MEDIA_TYPE, field="Content-Type")
    try:
        return _decoder(kind).decode(data)
    except msgspec.ValidationError as error:
        raise _invalid(error) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        if (found := garbled_json(data)) is not None:
            raise _garbled(found.field) from None
        raise _invalid(error) from None


def decoded_query(kind: type[Struct]) -> Struct:
    """The query parameters; each may stand once, unless its field is a list. Raises ProblemError."""
    _check_text(request.query_string)
    several = _lists(kind)
    given: dict[str, str | list[str]] = {}
    for name, values in request.args.lists():
        if name in several:
            given[name] = values
        elif len(values) > 1:
            raise ProblemError(Code.INVALID, "Give this parameter only once.", field=name)
        else:
            given[name] = values[0]
    exclusive = [name for name in kind.exclusive if name in given] if issubclass(kind, Query) else []
    if len(exclusive) > 1:
        raise ProblemError(Code.INVALID, f"Give {' or '.join(exclusive)}, not both.", field=exclusive[-1])
    try:
        return canonical(msgspec.convert(given, kind, strict=False))
    except msgspec.ValidationError as error:
        raise _invalid(error) from None


def _check_text(query: bytes) -> None:
    """Raises ProblemError for what isn't UTF-8 once its escapes are read: the framework would change it silently."""
    try:
        unquote_to_bytes(query).decode()
    except UnicodeDecodeError:
        for name, value in parse_qsl(
            query.decode("latin-1"), keep_blank_values=True, errors="surrogateescape"
        ):
            if not (is_text(name) and is_text(value)):
                raise _garbled(name.encode(errors="replace").decode()) from None
        raise _garbled(None) from None


@cache
def _decoder(kind: type[Struct]) -> Decoder[Struct]:
    return Decoder(kind, msgspec.json)


@cache
def _lists(kind: type[Struct]) -> frozenset[str]:
    return frozenset(field.name for field in msgspec.structs.fields(kind) if _is_list(field.type))


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
        return Response(b"", status)
    return Response(msgspec.json.encode(answer), status, headers=headers, content_type=JSON)


def _garbled(field: str | None) -> ProblemError:
    return ProblemError(Code.INVALID, SENTENCE, field=field[: limits.DETAIL_CHARS_MAX] if field else None)


def _invalid(error: Exception) -> ProblemError:
    sentence, field = complaint(str(error))
    field = field[: limits.DETAIL_CHARS_MAX] if field else None
    return ProblemError(Code.INVALID, sentence[: limits.DETAIL_CHARS_MAX], field=field)
