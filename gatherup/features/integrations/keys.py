"""API keys, for admins: making, listing, revoking."""

from __future__ import annotations

from actors.ports.time import Clock, Randomness
from gatherup.auth.keys import new_key
from gatherup.http.admins import Admins, require_admin
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.ids import hex_id
from gatherup.http.problem import ProblemError
from protocol.codes import Code
from protocol.http.integrations import Key, KeyMade, Keys, NewKey
from protocol.limits import KEYS_MAX
from storage.postgres.integrations.keys import ApiKeys, KeyRow, TooManyKeysError

GROUP = "keys"


class KeysResource:
    """The keys of games' own backends."""

    def __init__(self, keys: ApiKeys, admins: Admins, clock: Clock, randomness: Randomness) -> None:
        self._keys = keys
        self._admins = admins
        self._clock = clock
        self._randomness = randomness

    @endpoint(
        "POST",
        "/v1/admin/keys",
        body=NewKey,
        answer=KeyMade,
        status=201,
        refuses=(Code.FORBIDDEN, Code.TOO_MANY),
        group=GROUP,
    )
    async def create(self, caller: Caller, body: NewKey) -> KeyMade:
        """As admin, make an API key. Its text is told this once."""
        await require_admin(self._admins, caller)
        try:
            return await made(
                self._keys, body, self._clock, self._randomness, by=caller.user, address=caller.address
            )
        except TooManyKeysError:
            raise ProblemError(Code.TOO_MANY, f"At most {KEYS_MAX} keys can be active at a time.") from None

    @endpoint("GET", "/v1/admin/keys", answer=Keys, refuses=(Code.FORBIDDEN,), group=GROUP)
    async def page(self, caller: Caller) -> Keys:
        """As admin, list all API keys, without their secrets."""
        await require_admin(self._admins, caller)
        return Keys(keys=[told(row) for row in await self._keys.all()])

    @endpoint("DELETE", "/v1/admin/keys/<key>", status=204, refuses=(Code.FORBIDDEN,), group=GROUP)
    async def revoke(self, caller: Caller, key: str) -> None:
        """As admin, revoke an API key: within seconds no node takes it."""
        await require_admin(self._admins, caller)
        at = self._clock.now()
        if not await self._keys.revoke(hex_id(key), by=caller.user, address=caller.address, at=at):
            raise ProblemError(Code.NOT_FOUND)


async def made(
    keys: ApiKeys, wanted: NewKey, clock: Clock, randomness: Randomness, *, by: str, address: str | None
) -> KeyMade:
    """Make a key. Raises TooManyKeysError."""
    new, at = new_key(randomness), clock.now()
    row = KeyRow(
        id=new.id,
        name=wanted.name,
        secret_hash=new.secret_hash,
        scopes=sorted(set(wanted.scopes)),
        created_by=by,
        created_at=at,
        expires_at=None if wanted.lifetime_s is None else at + wanted.lifetime_s * 1000,
        last_used_at=None,
        revoked_at=None,
    )
    await keys.add(row, address=address, most=KEYS_MAX)
    return KeyMade(key=told(row), text=new.text)


def told(row: KeyRow) -> Key:
    """A key as it may be seen."""
    return Key(
        key=row.id,
        name=row.name,
        scopes=row.scopes,
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
