"""One declaration per endpoint: its method, path, body, query, answer, and who may call it.

The declaration is what decodes and checks requests (``gate.py``) and what the OpenAPI document is made of
(``openapi.py``), so they can't differ.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from msgspec import Struct

from protocol.codes import Code

ENDPOINT: Final = "_gatherup_endpoint"
JSON: Final = "application/json"

HEX: Final = "[0-9a-f]{32}"

View = TypeVar("View", bound=Callable[..., Awaitable[Any]])


class Caller(Struct, frozen=True, kw_only=True):
    """Who sent a request. Without a token ``user`` and ``login`` are empty."""

    user: str
    login: str
    address: str


class PathPart(Struct, frozen=True):
    """A part of a path that varies: every one of that name is this, in whatever path."""

    name: str
    """As it stands in a path, between < and >."""
    description: str
    pattern: str = f"^{HEX}$"
    example: str = "5f0c1a52b4f24f2f9a0c6f1d2e3b4a59"


class Declared(Struct, frozen=True, kw_only=True):
    """What an endpoint is, see ``endpoint``."""

    group: str
    method: str
    path: str
    status: int
    answer: type[Struct] | None
    media_type: str
    other: int | None
    body: type[Struct] | None
    file: str | None
    query: type[Struct] | None
    anonymous: bool
    unlimited: bool
    polled: bool
    versioned: bool
    scope: str | None
    refuses: tuple[Code, ...]

    @property
    def open(self) -> bool:
        """Whether nobody needs to be signed in."""
        return self.anonymous or self.unlimited


def endpoint(
    method: str,
    path: str,
    *,
    answer: type[Struct] | None = None,
    media_type: str = JSON,
    status: int = 200,
    body: type[Struct] | None = None,
    file: str | None = None,
    query: type[Struct] | None = None,
    other: int | None = None,
    anonymous: bool = False,
    unlimited: bool = False,
    polled: bool = False,
    versioned: bool = False,
    scope: str | None = None,
    refuses: tuple[Code, ...] = (),
    group: str,
) -> Callable[[View], View]:
    """Declare a method as an endpoint.

    It is called with the Caller, with ``body`` and ``query`` if declared, and the path's parts by name; it
    returns the answer, or the answer with headers, or these with another status (``other``), or a response.
    A body of the media type ``file`` is given as bytes, as it came; its client_id stands in the header.
    Everybody may call an ``anonymous`` one, at a limited rate, or an ``unlimited`` one; the others need an
    access token. The answer of a ``polled`` one has an entity tag, and is 304 to who has it already; it
    returns no headers. A ``versioned`` one sees to its entity tag itself, see ``conditional.py``.
    One with a ``scope`` is for API keys that have it, and for nobody else. ``refuses`` names the codes it may
    give beyond those that its kind has, see ``refusals.py``.
    """

    def declare(view: View) -> View:
        declared = Declared(
            group=group,
            method=method,
            path=path,
            status=status,
            answer=answer,
            media_type=media_type,
            other=other,
            body=body,
            file=file,
            query=query,
            anonymous=anonymous,
            unlimited=unlimited,
            polled=polled,
            versioned=versioned,
            scope=scope,
            refuses=refuses,
        )
        setattr(view, ENDPOINT, declared)
        return view

    return declare


def told_of(view: Callable[..., Any]) -> tuple[str, str]:
    """What an endpoint's docstring says: its first sentence, which may go over lines, and the whole."""
    whole = " ".join((inspect.getdoc(view) or "").split())
    return re.split(r"(?<=[^A-Z]\.) ", whole, maxsplit=1)[0], whole
