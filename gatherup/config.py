"""The one configuration tree, read once from the environment and from nowhere else.

Every leaf is one variable: ``GATHERUP_<SECTION>_<FIELD>``, except those that carry a name of their own.
Reading is strict: unknown ``GATHERUP_`` variables, missing ones and bad values are all reported, by name.
Secrets are ``Secret`` values, whose text only ``reveal()`` gives away.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Final, Literal, cast, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

PREFIX: Final = "GATHERUP_"
HIDDEN: Final = "<hidden>"
KEY_BYTES: Final = 32
DATA: Final = ".gatherup"


class Secret:
    """Text that is never shown: not by repr, str, format or an error message."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that needs it."""
        return self._text

    def __repr__(self) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


class Key(Secret):
    """A secret key of 32 bytes, written as 64 hexadecimal digits."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        try:
            self.key = bytes.fromhex(text)
        except ValueError:
            self.key = b""
        if len(self.key) != KEY_BYTES:
            raise ValueError(
                f"must be {KEY_BYTES * 2} hexadecimal digits, as `openssl rand -hex 32` prints them"
            )


class DatabaseUrl(Secret):
    """Where PostgreSQL is: a URL, or libpq's ``host=… dbname=…``. Secret for the password in it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        if urlsplit(text).scheme not in {"postgresql", "postgres"} and not re.match(r"\w+ *=", text):
            raise ValueError("must look like postgresql://user:password@host:5432/database")


class RedisUrl(Secret):
    """Where Redis or Valkey is: ``redis://:password@host:port/0``. Secret for its password."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        if urlsplit(text).scheme not in {"redis", "rediss", "unix"}:
            raise ValueError("must look like redis://:password@host:6379/0")


def named(variable: str, description: str) -> Meta:
    """A leaf whose variable isn't named after its place in the tree."""
    return Meta(description=description, extra={"variable": variable})


Port = Annotated[int, Meta(ge=0, le=65535)]
Positive = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]


class Node(Struct, frozen=True, kw_only=True):
    """The process as a whole."""

    name: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9_.-]{1,64}$(?!\n)",
            description="How this node calls itself in welcomes and logs.",
        ),
    ] = "node-1"
    data: Annotated[
        str, named("GATHERUP_DATA", "Where `gatherup dev` keeps its servers' data and secrets.")
    ] = DATA


class Http(Struct, frozen=True, kw_only=True):
    """The HTTP facade."""

    host: Annotated[str, Meta(min_length=1, description="The address it listens on.")] = "127.0.0.1"
    port: Annotated[Port, Meta(description="0 takes any free one.")] = 8080
    proxy_hops: Annotated[
        int, Meta(ge=0, le=8, description="Reverse proxies in front, each appending to X-Forwarded-For.")
    ] = 0
    read_timeout_s: Annotated[
        Seconds, Meta(description="A silent peer in the middle of a request is closed.")
    ] = 20.0
    shutdown_timeout_s: Annotated[Seconds, Meta(description="What open requests get to finish.")] = 5.0
    anonymous_per_s: Annotated[
        float, Meta(gt=0, le=1e6, description="Requests without a valid token, per remote address.")
    ] = 5.0
    anonymous_burst: Annotated[float, Meta(ge=1, le=1e6, description="As many of them at once.")] = 30.0
    addresses_max: Annotated[
        Positive, Meta(description="Remote addresses and users remembered for limits.")
    ] = 20_000


class Stream(Struct, frozen=True, kw_only=True):
    """The gateway: WebSockets."""

    host: Annotated[str, Meta(min_length=1, description="The address it listens on.")] = "127.0.0.1"
    port: Annotated[Port, Meta(description="0 takes any free one.")] = 8081
    goodbye_spread_s: Annotated[
        float,
        Meta(
            ge=0,
            le=3600,
            description="A shutdown tells its clients to move within this time, in random order.",
        ),
    ] = 5.0


class Postgres(Struct, frozen=True, kw_only=True):
    """PostgreSQL: every stream, account and message."""

    url: Annotated[
        DatabaseUrl, named("DATABASE_URL", "postgresql://user:password@host:5432/database; holds a password.")
    ]
    connections_max: Annotated[int, Meta(ge=4, le=500, description="Connections this node may open.")] = 10
    committers: Annotated[int, Meta(ge=1, le=3, description="Of these, kept for group commits.")] = 2


class Redis(Struct, frozen=True, kw_only=True):
    """Redis or Valkey: carries what goes from node to node. A single node runs without."""

    url: Annotated[
        RedisUrl | None, named("REDIS_URL", "redis://:password@host:6379/0; may hold a password.")
    ] = None


class Auth(Struct, frozen=True, kw_only=True):
    """Accounts and tokens."""

    token_key: Annotated[Key, Meta(description="Signs access tokens: 64 hexadecimal digits.")]
    access_token_s: Annotated[
        int, Meta(ge=30, le=86_400, description="How long an access token is good.")
    ] = 900
    refresh_token_s: Annotated[
        int, Meta(ge=60, le=31_536_000, description="How long a login lives without a refresh.")
    ] = 2_592_000
    hashers: Annotated[int, Meta(ge=1, le=32, description="Passwords hashed at once, a thread each.")] = 2
    hashes_waiting_max: Annotated[Positive, Meta(description="More are refused as overloaded.")] = 32
    hash_memory_kib: Annotated[int, Meta(ge=8, le=1_048_576, description="Memory of one Argon2 hash.")] = (
        65_536
    )
    hash_passes: Annotated[int, Meta(ge=1, le=16, description="Passes of one Argon2 hash over it.")] = 3


class Runtime(Struct, frozen=True, kw_only=True):
    """The actors."""

    receipt_key: Annotated[
        Key, Meta(description="Keys the digests that tell a resend: 64 hexadecimal digits.")
    ]
    drain_timeout_s: Annotated[
        Seconds, Meta(description="What a shutdown gives open commands to settle.")
    ] = 10.0


class Canary(Struct, frozen=True, kw_only=True):
    """The event that goes the whole way, over and over, and makes this node ready."""

    period_s: Annotated[Seconds, Meta(description="From one to the next.")] = 2.0
    timeout_s: Annotated[Seconds, Meta(description="One that takes longer makes the node unready.")] = 5.0


class Log(Struct, frozen=True, kw_only=True):
    """What the node tells its operators, on standard error."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="The least that is told.")
    ] = "info"
    format: Annotated[Literal["json", "console"], Meta(description="For machines or for people.")] = "json"


class Config(Struct, frozen=True, kw_only=True):
    """The whole tree."""

    node: Node
    http: Http
    stream: Stream
    postgres: Postgres
    redis: Redis
    auth: Auth
    runtime: Runtime
    canary: Canary
    log: Log


class ConfigError(Exception):
    """The environment makes no configuration; ``problems`` has a sentence for each thing that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Leaf(Struct, frozen=True):
    """One setting: where it stands in the tree, its variable, its type and what it says of itself."""

    section: str
    field: str
    variable: str
    type: Any
    required: bool
    default: object
    description: str

    @property
    def secret(self) -> bool:
        """Whether its value must not be shown."""
        return _secret_type(self.type) is not None


def _plain_types(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Annotated:
        return _plain_types(get_args(annotation)[0])
    return get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)


def _secret_type(annotation: Any) -> type[Secret] | None:
    return next((t for t in _plain_types(annotation) if isinstance(t, type) and issubclass(t, Secret)), None)


def sections() -> dict[str, type[Struct]]:
    """The tree's branches by name."""
    return cast("dict[str, type[Struct]]", get_type_hints(Config))


def leaves() -> Iterator[Leaf]:
    """Every setting, in the tree's order."""
    for section, branch in sections().items():
        for field in msgspec.structs.fields(branch):
            metas = [m for m in get_args(field.type)[1:] if isinstance(m, Meta)]
            extra = {k: v for m in metas for k, v in (m.extra or {}).items()}
            yield Leaf(
                section,
                field.name,
                extra.get("variable", f"{PREFIX}{section}_{field.name}".upper()),
                field.type,
                field.required,
                None if field.required else field.default,
                " ".join(m.description for m in metas if m.description),
            )


def _parse(leaf: Leaf, text: str) -> object:
    """The value of one variable. Raises ValueError with a reason that doesn't repeat a secret."""
    if (secret := _secret_type(leaf.type)) is not None:
        return secret(text)
    try:
        return msgspec.convert(text, leaf.type, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"{text!r} is not allowed: {error}") from None


def read(environment: Mapping[str, str]) -> Config:
    """The configuration these variables make. An empty variable counts as unset. Raises ConfigError."""
    known = {leaf.variable: leaf for leaf in leaves()}
    problems = [
        f"{name}: there is no such setting"
        for name in sorted(environment)
        if name.startswith(PREFIX) and name not in known
    ]
    values: dict[str, dict[str, object]] = {name: {} for name in sections()}
    for variable, leaf in known.items():
        text = environment.get(variable, "")
        if not text:
            if leaf.required:
                problems.append(f"{variable}: must be set. {leaf.description}")
            continue
        try:
            values[leaf.section][leaf.field] = _parse(leaf, text)
        except ValueError as error:
            problems.append(f"{variable}: {error}")
    if problems:
        raise ConfigError(problems)
    branches = {name: branch(**values[name]) for name, branch in sections().items()}
    config = Config(**cast("dict[str, Any]", branches))
    _check_together(config)
    return config


def _check_together(config: Config) -> None:
    """What no single variable can tell. Raises ConfigError."""
    if config.postgres.committers > config.postgres.connections_max - 2:
        raise ConfigError(
            ["GATHERUP_POSTGRES_COMMITTERS: must leave at least 2 of GATHERUP_POSTGRES_CONNECTIONS_MAX"]
        )
    if config.auth.token_key == config.runtime.receipt_key:
        raise ConfigError(["GATHERUP_RUNTIME_RECEIPT_KEY: must differ from GATHERUP_AUTH_TOKEN_KEY"])


def database_url(environment: Mapping[str, str]) -> DatabaseUrl:
    """The one setting that migrating needs. Raises ConfigError."""
    try:
        return DatabaseUrl(environment.get("DATABASE_URL", ""))
    except ValueError as error:
        raise ConfigError([f"DATABASE_URL: {error}"]) from None


def environment() -> dict[str, str]:
    """A copy of this process's variables."""
    return dict(os.environ)


def shown(config: Config) -> str:
    """The tree as ``VARIABLE=value`` lines, secrets hidden."""
    lines: list[str] = []
    for leaf in leaves():
        value = getattr(getattr(config, leaf.section), leaf.field)
        lines.append(f"{leaf.variable}={'' if value is None else value}")
    return "\n".join(lines)


def example() -> str:
    """The text of ``.env.example``: every variable, described; those with a default are commented out."""
    lines = [
        "# Every setting of GatherUp. `gatherup check-config` tells what is wrong with the ones you set."
    ]
    for section, branch in sections().items():
        lines += ["", f"# --- {section}: {(branch.__doc__ or '').strip()}"]
        for leaf in (leaf for leaf in leaves() if leaf.section == section):
            value = "" if leaf.default is None else leaf.default
            lines += [f"# {leaf.description}", f"{'' if leaf.required else '#'}{leaf.variable}={value}"]
    return "\n".join(lines) + "\n"
