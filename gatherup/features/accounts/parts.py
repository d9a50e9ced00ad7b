"""The wiring of everything about accounts: registering, signing in, credentials."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from actors.ports.time import Clock, Randomness
from gatherup.auth.issuer import Issuer
from gatherup.auth.lockout import Limits
from gatherup.auth.oidc import Oidc
from gatherup.auth.passwords import Passwords
from gatherup.auth.seal import Seal, derived_key
from gatherup.auth.tokens import AccessTokens
from gatherup.config import Config
from gatherup.features.accounts.email import EmailResource
from gatherup.features.accounts.lockout import CodesByMail, Lockout
from gatherup.features.accounts.logins import LoginsResource
from gatherup.features.accounts.me import JwksResource, MeResource
from gatherup.features.accounts.oidc import IdentitiesResource, OidcFlows, OidcResource
from gatherup.features.accounts.passwords import PasswordsResource
from gatherup.features.accounts.proofs import FactorProof, PasswordProof
from gatherup.features.accounts.second_factor import AuthenticatorSecrets, SecondFactorResource
from gatherup.features.accounts.sign_in import RefreshResource, RegisterResource, SignInResource
from gatherup.features.accounts.sign_in_service import SignInService
from gatherup.offloop.pool import OffLoop
from storage.postgres.accounts.accounts import Accounts
from storage.postgres.accounts.attempts import Attempts
from storage.postgres.accounts.credentials import Credentials
from storage.postgres.accounts.identities import Identities
from storage.postgres.accounts.second_factors import SecondFactors
from storage.postgres.accounts.sign_ins import SignIns
from storage.postgres.driver.pool import Pool


class AccountParts(Struct, frozen=True, kw_only=True):
    """Every endpoint about credentials, and what others need to make and check accounts."""

    resources: list[object]
    accounts: Accounts
    sign_in_service: SignInService
    passwords: PasswordProof


def account_parts(
    config: Config,
    pool: Pool,
    off_loop: OffLoop,
    tokens: AccessTokens,
    clock: Clock,
    randomness: Randomness,
    wake: Callable[[], None],
) -> AccountParts:
    """Everything about credentials, joined up. ``off_loop`` hashes passwords.

    ``wake`` has commands of the outbox sent at once.
    """
    auth, key = config.auth, config.runtime.receipt_key.key
    accounts, sign_ins, credentials = Accounts(pool), SignIns(pool), Credentials(pool)
    factors, recovery_key = SecondFactors(pool), derived_key(key, b"recovery codes")
    seal = Seal(derived_key(key, b"seal"), randomness)
    lockout = Lockout(Attempts(pool), Limits(derived_key(key, b"lockout")), clock)
    codes = CodesByMail(lockout, clock, randomness)
    issuer = Issuer(
        tokens,
        seal,
        clock,
        randomness,
        refresh_key=derived_key(key, b"refresh tokens"),
        refresh_token_s=auth.refresh_token_s,
    )
    hasher = Passwords(off_loop, memory_kib=auth.hash_memory_kib, passes=auth.hash_passes)
    passwords = PasswordProof(accounts, sign_ins, hasher, lockout, issuer, clock)
    factor_proof = FactorProof(factors, seal, lockout, clock, recovery_key=recovery_key)
    sign_in_service = SignInService(accounts, sign_ins, issuer, seal, clock)
    secrets = AuthenticatorSecrets(seal, randomness, title=auth.title, recovery_key=recovery_key)
    providers = () if auth.oidc_providers is None else auth.oidc_providers.providers
    oidc_flows = OidcFlows({one.name: Oidc(one, clock) for one in providers}, seal, clock, randomness)
    resources: list[object] = [
        RegisterResource(sign_in_service, passwords, codes, clock, randomness),
        SignInResource(accounts, sign_in_service, passwords, factor_proof, issuer, clock),
        RefreshResource(sign_ins, issuer, wake),
        LoginsResource(sign_ins, clock, wake),
        PasswordsResource(credentials, passwords, codes, clock, wake),
        EmailResource(credentials, passwords, codes, clock, wake),
        SecondFactorResource(factors, secrets, passwords, factor_proof, clock, wake),
        OidcResource(oidc_flows, accounts, sign_in_service, issuer, clock),
        IdentitiesResource(oidc_flows, Identities(pool), passwords, clock),
        MeResource(accounts, passwords, codes, clock, providers={one.issuer: one.name for one in providers}),
        JwksResource(tokens),
    ]
    return AccountParts(
        resources=resources, accounts=accounts, sign_in_service=sign_in_service, passwords=passwords
    )
