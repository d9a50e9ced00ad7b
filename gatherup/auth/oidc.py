"""An OpenID provider, asked: where to send a browser, and who came back (authorization code with PKCE)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, TypeVar
from urllib.parse import urlencode

import httpx
import msgspec
import structlog
import trio
from msgspec import Struct

from actors.ports.time import Clock
from gatherup.auth.id_token import IdTokenError, Keys, UnknownKeyError, Who, keys_of, read_id_token
from gatherup.config import OidcProvider

TIMEOUT_S: Final = 10.0
ANSWER_BYTES_MAX: Final = 256 * 1024
METADATA_KEEP_S: Final = 3600.0
KEYS_AGAIN_S: Final = 60.0
"""A token of an unknown key has the keys fetched again, at most this often."""

_log = structlog.stdlib.get_logger("gatherup.oidc")

S = TypeVar("S", bound=Struct)


class ProviderUnavailableError(Exception):
    """The provider can't be reached, or doesn't answer as one does."""


class ProviderRefusedError(Exception):
    """The provider doesn't say who it is: the code is wrong, or its token is."""


class _Metadata(Struct, frozen=True):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _Tokens(Struct, frozen=True):
    id_token: str


class Visit(Struct, frozen=True, kw_only=True):
    """One visit of a browser at the provider: what ties its answer to who began it."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str


class Oidc:
    """One provider. What it publishes is kept for a while."""

    def __init__(self, provider: OidcProvider, clock: Clock) -> None:
        self.provider = provider
        self._clock = clock
        self._ssl = httpx.create_ssl_context(trust_env=False)
        self._metadata: _Metadata | None = None
        self._metadata_until = 0.0
        self._keys: Keys = {}
        self._keys_at = -KEYS_AGAIN_S
        self._fetching = trio.Lock()

    async def authorize_url(self, visit: Visit) -> str:
        """Where to send the browser. Raises ProviderUnavailableError."""
        metadata = await self._described()
        challenge = hashlib.sha256(visit.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": visit.redirect_uri,
            "scope": " ".join(self.provider.scopes),
            "state": visit.state,
            "nonce": visit.nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in metadata.authorization_endpoint else "?"
        return f"{metadata.authorization_endpoint}{joint}{urlencode(query)}"

    async def redeem(self, code: str, visit: Visit) -> Who:
        """Who came back with this code. Raises ProviderUnavailableError, ProviderRefusedError."""
        metadata = await self._described()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": visit.redirect_uri,
            "code_verifier": visit.verifier,
            "client_id": self.provider.client_id,
        }
        basic = None
        if (secret := self.provider.client_secret) is not None:
            if "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
                basic = httpx.BasicAuth(*(_form_encoded(part) for part in (self.provider.client_id, secret)))
            else:
                form["client_secret"] = secret
        status, body = await self._ask("POST", metadata.token_endpoint, form=form, auth=basic)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ProviderUnavailableError(f"its token endpoint answered {status}")
        if status != HTTPStatus.OK:
            raise ProviderRefusedError(f"its token endpoint answered {status}")
        return await self._who(_decoded(body, _Tokens).id_token, metadata, visit)

    async def _who(self, token: str, metadata: _Metadata, visit: Visit) -> Who:
        try:
            try:
                return self._read(token, visit)
            except UnknownKeyError:
                # One at a time: who comes while another fetches them finds those.
                async with self._fetching:
                    await self._fetch_keys(metadata)
                return self._read(token, visit)
        except IdTokenError as error:
            _log.warning("an ID token isn't good", provider=self.provider.name, error=str(error))
            raise ProviderRefusedError(str(error)) from None

    def _read(self, token: str, visit: Visit) -> Who:
        return read_id_token(
            token,
            self._keys,
            issuer=self.provider.issuer,
            client_id=self.provider.client_id,
            nonce=visit.nonce,
            now=self._clock.now(),
        )

    async def _fetch_keys(self, metadata: _Metadata) -> None:
        if self._clock.monotonic() < self._keys_at + KEYS_AGAIN_S:
            return
        status, body = await self._ask("GET", metadata.jwks_uri)
        if status != HTTPStatus.OK:
            raise ProviderUnavailableError(f"its keys answered {status}")
        self._keys = keys_of(body)
        self._keys_at = self._clock.monotonic()

    async def _described(self) -> _Metadata:
        if self._metadata is not None and self._clock.monotonic() < self._metadata_until:
            return self._metadata
        issuer = self.provider.issuer
        status, body = await self._ask("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if status != HTTPStatus.OK:
            raise ProviderUnavailableError(f"its description answered {status}")
        metadata = _decoded(body, _Metadata)
        if metadata.issuer != issuer:
            raise ProviderUnavailableError("it describes another issuer")
        ends = (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri)
        if issuer.startswith("https:") and not all(end.startswith("https:") for end in ends):
            raise ProviderUnavailableError("it names an endpoint without TLS")
        self._metadata, self._metadata_until = metadata, self._clock.monotonic() + METADATA_KEEP_S
        return metadata

    async def _ask(
        self,
        method: str,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        auth: httpx.BasicAuth | None = None,
    ) -> tuple[int, bytes]:
        """Status and body. Redirects aren't followed: nobody else is asked. Raises ProviderUnavailableError."""
        body = b""
        try:
            with self._clock.deadline(TIMEOUT_S):
                async with (
                    httpx.AsyncClient(verify=self._ssl, trust_env=False, timeout=TIMEOUT_S) as client,
                    client.stream(
                        method, url, data=form, auth=auth, headers={"Accept": "application/json"}
                    ) as answer,
                ):
                    # Read to its end, or to the deadline: a loop over httpx's generators that is left early leaks them.
                    async for part in answer.aiter_bytes():
                        if len(body) <= ANSWER_BYTES_MAX:
                            body += part
                    if len(body) > ANSWER_BYTES_MAX:
                        raise ProviderUnavailableError("its answer is too long")
                    return answer.status_code, body
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            _log.warning("a provider wasn't reached", provider=self.provider.name, error=type(error).__name__)
            raise ProviderUnavailableError(type(error).__name__) from None
        raise ProviderUnavailableError("it took too long")


def _decoded(body: bytes, kind: type[S]) -> S:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ProviderUnavailableError("it doesn't answer as a provider does") from None


def _form_encoded(text: str) -> str:
    """As RFC 6749, 2.3.1 wants it before Basic encodes it."""
    return urlencode({"": text})[1:]
