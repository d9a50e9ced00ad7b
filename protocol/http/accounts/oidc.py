"""Signing in with an identity that another site keeps (OpenID Connect)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from protocol import limits
from protocol.http.accounts.accounts import Device, GivenPassword, KnownDevice
from protocol.http.base import Answer, RequestBody
from protocol.text import NO_NUL


class BeginOidc(RequestBody, frozen=True, kw_only=True):
    """Begin to sign in with a provider."""

    redirect_uri: Annotated[str, Meta(max_length=2000, pattern=NO_NUL)] | None = None
    """Where the provider sends the browser back to: one of those that are allowed; the first, if none is given."""
    device: Device = ""


class BeginLink(BeginOidc, frozen=True, kw_only=True):
    """Begin to link an identity to one's account."""

    password: GivenPassword | None = None
    """Needed where there is one."""


class OidcBegun(Answer, frozen=True, kw_only=True):
    """Open ``authorize_url`` in a browser, and keep ``begun`` where only this client reads it."""

    authorize_url: str
    begun: str
    expires_at: int
    """Unix time in milliseconds."""


class FinishOidc(RequestBody, frozen=True, kw_only=True):
    """What the provider gave back: the parameters ``code`` and ``state`` of the address it sent the browser to."""

    begun: Annotated[str, Meta(max_length=limits.TOKEN_CHARS_MAX)]
    code: Annotated[str, Meta(min_length=1, max_length=limits.TOKEN_CHARS_MAX, pattern=NO_NUL)]
    state: Annotated[str, Meta(max_length=200)]
    known_device: KnownDevice | None = None


class Provider(Answer, frozen=True, kw_only=True):
    """A site that one may sign in with."""

    name: str
    title: str


class Providers(Answer, frozen=True, kw_only=True):
    """The providers that this community allows for signing in."""

    providers: list[Provider]
