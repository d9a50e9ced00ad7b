"""Makes what a login consists of, and says it to who signed in."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from actors.kind import Instant
from actors.ports.time import Clock, Randomness
from gatherup.auth.one_time import new_token, successor, token_digest
from gatherup.auth.seal import BrokenSealError, Seal
from gatherup.auth.tokens import AccessTokens
from protocol import limits
from protocol.http.accounts.accounts import Refresh, SignedIn
from storage.postgres.accounts.login_rows import NewLogin
from storage.postgres.accounts.sign_ins import Exchange, Renewed


class KnownDevice(Struct, frozen=True):
    """A device on which this user signed in before. Sealed, it is kept there."""

    user: str
    device: str


class BegunLogin(Struct, frozen=True):
    """The two halves of a login: what is stored, and what the client gets once."""

    kept: NewLogin
    refresh_token: str


class Issuer:
    """Access tokens, refresh tokens, known devices."""

    def __init__(
        self,
        tokens: AccessTokens,
        seal: Seal,
        clock: Clock,
        randomness: Randomness,
        *,
        refresh_key: bytes,
        refresh_token_s: int,
    ) -> None:
        self._tokens = tokens
        self._seal = seal
        self._clock = clock
        self._randomness = randomness
        self._refresh_key = refresh_key
        self._refresh_token_ms = refresh_token_s * 1000

    def new_id(self) -> str:
        """Make a random id of 32 hexadecimal digits."""
        return self._randomness.token(16).hex()

    def begin(self, device: str, place: str) -> BegunLogin:
        """A login that begins now."""
        token = new_token(self._randomness)
        at = self._clock.now()
        kept = NewLogin(
            login=self.new_id(),
            device=device,
            place=place,
            token_digest=token_digest(token),
            at=at,
            token_expires_at=at + self._refresh_token_ms,
        )
        return BegunLogin(kept, token)

    def signed_in(
        self, user: str, begun: BegunLogin, *, known_device: str | None, device_secret: str | None = None
    ) -> SignedIn:
        """Make the answer for a login that was stored. ``known_device``: which known device it is, if it is one."""
        told = self._told(user, begun.kept.login, begun.refresh_token, begun.kept.token_expires_at)
        known = KnownDevice(user, known_device or self.new_id())
        return msgspec.structs.replace(
            told, known_device=self._seal.ticket(known), device_secret=device_secret
        )

    def known_device(self, text: str | None, user: str | None) -> str | None:
        """Which of this user's known devices it is that says this; None if it is none."""
        if text is None or user is None:
            return None
        try:
            known = self._seal.read_ticket(KnownDevice, text)
        except BrokenSealError:
            return None
        return known.device if known.user == user else None

    def exchange(self, shown: Refresh, place: str) -> Exchange:
        """A refresh token and what it would be exchanged for."""
        at = self._clock.now()
        return Exchange(
            digest=token_digest(shown.refresh_token),
            next_digest=token_digest(successor(self._refresh_key, shown.refresh_token)),
            retry_digest=None if shown.retry_key is None else token_digest(shown.retry_key),
            at=at,
            expires_at=at + self._refresh_token_ms,
            place=place,
        )

    def renewed(self, shown: Refresh, renewed: Renewed) -> SignedIn:
        """Make the answer for an exchange that was stored."""
        token = successor(self._refresh_key, shown.refresh_token)
        return self._told(renewed.user, renewed.login, token, renewed.expires_at)

    def _told(self, user: str, login: str, refresh_token: str, refresh_expires_at: Instant) -> SignedIn:
        access_token, access_expires_at = self._tokens.issue(user, login, self._clock.now())
        return SignedIn(
            user=user,
            access_token=access_token,
            access_expires_at=access_expires_at,
            refresh_token=refresh_token,
            refresh_expires_at=refresh_expires_at,
        )


def ticket_until(clock: Clock) -> Instant:
    """When a ticket that is given now ends."""
    return clock.now() + limits.TICKET_LIFETIME_S * 1000
