"""The tree itself: a branch for each part of the node, a leaf for each setting."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from gatherup.config.keeping import Keep
from gatherup.config.secret import DatabaseUrl, Key, Keys, OidcProviders, RedisUrl, Secret
from gatherup.config.tournaments import Tournaments

DATA: Final = ".gatherup"


def named(variable: str, description: str) -> Meta:
    """A leaf whose variable isn't named after its place in the tree."""
    return Meta(description=description, extra={"variable": variable})


Port = Annotated[int, Meta(ge=0, le=65535)]
Positive = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Text = Annotated[str, Meta(min_length=1)]
Site = Annotated[str, Meta(pattern=r"^https?://[^\s#]*[^\s#/]$(?!\n)")]
Origin = Annotated[str, Meta(pattern=r"^[^\s,]+$(?!\n)")]


NODE_NAME_CHARS_MAX: Final = 64
Role = Literal["api", "stream", "worker"]
ROLES: Final[tuple[Role, ...]] = ("api", "stream", "worker")


class Node(Struct, frozen=True, kw_only=True):
    """The process as a whole."""

    name: Annotated[
        str,
        Meta(
            pattern=rf"^[A-Za-z0-9_.-]{{1,{NODE_NAME_CHARS_MAX}}}$(?!\n)",
            description="What this node is called in the cluster, welcomes and logs; no two that run may share it.",
        ),
    ] = "node-1"
    roles: Annotated[
        tuple[Role, ...],
        named(
            "GATHERUP_ROLES",
            "What this node does, separated by commas. api: answers HTTP. stream: owns streams, and serves WebSocket "
            "and Server-Sent Events. worker: does jobs such as mail and webhooks.",
        ),
    ] = ROLES
    lame_duck_s: Annotated[
        float,
        Meta(
            ge=0,
            le=3600,
            description="A shutdown says for so long that the node is unready while it serves like before: until every "
            "proxy knows. 0 in `gatherup dev`.",
        ),
    ] = 15.0
    share_ports: Annotated[
        bool,
        Meta(
            description="Let other nodes of this machine listen on the same ports (SO_REUSEPORT), as "
            "`gatherup serve --processes` does."
        ),
    ] = False
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
    keep_alive_s: Annotated[
        Seconds,
        Meta(
            description="A silent connection is closed after this long. A proxy in front must close its own before "
            "(after 60 s: nginx, ALB), or it sends requests on one that is going, and answers 502."
        ),
    ] = 75.0
    shutdown_timeout_s: Annotated[Seconds, Meta(description="What open requests get to finish.")] = 5.0
    anonymous_per_s: Annotated[
        float, Meta(gt=0, le=1e6, description="Requests without a valid token, per remote address.")
    ] = 5.0
    anonymous_burst: Annotated[float, Meta(ge=1, le=1e6, description="As many of them at once.")] = 30.0
    addresses_max: Annotated[
        Positive, Meta(description="Remote addresses and users remembered for limits.")
    ] = 20_000


class Internal(Struct, frozen=True, kw_only=True):
    """A port for machines of the operators alone: health and metrics."""

    host: Annotated[str, Meta(min_length=1, description="The address it listens on.")] = "127.0.0.1"
    port: Annotated[
        Port | None,
        Meta(
            description="`/health/*` and `/metrics` are answered here, and 404 on the HTTP port; unset answers them "
            "there. 0 takes any free one. Nodes of `gatherup serve --processes` take this one and the ones after it."
        ),
    ] = None


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
    allowed_origins: Annotated[
        tuple[Origin, ...] | None,
        Meta(
            description="Origins that browsers may come from, to gateway and facade, separated by commas, such as "
            "https://example.org, or https://*.example.org for all hosts below it; unset allows all, since no cookie "
            "is read and a session speaks for its token's user alone."
        ),
    ] = None
    connections_max: Annotated[
        Positive, Meta(description="Open connections; more are refused with HTTP 503.")
    ] = 50_000
    connections_per_address_max: Annotated[
        Positive | None,
        Meta(
            description="Of them, from one remote address. Leave it unset behind a proxy, which has them all."
        ),
    ] = None
    send_buffer_bytes: Annotated[
        Annotated[int, Meta(ge=4096)] | None,
        Meta(
            description="The kernel's send buffer of each connection (SO_SNDBUF); unset leaves it to the kernel.",
        ),
    ] = None


class Postgres(Struct, frozen=True, kw_only=True):
    """PostgreSQL: every stream, account and message."""

    url: Annotated[
        DatabaseUrl, named("DATABASE_URL", "postgresql://user:password@host:5432/database; holds a password.")
    ]
    connections_max: Annotated[int, Meta(ge=4, le=500, description="Connections this node may open.")] = 10
    committers: Annotated[int, Meta(ge=1, le=3, description="Of these, kept for group commits.")] = 2


class Redis(Struct, frozen=True, kw_only=True):
    """Redis or Valkey: carries what goes from node to node. Without it a node can only be alone."""

    url: Annotated[
        RedisUrl | None,
        named("REDIS_URL", "redis://:password@host:6379/0; unset for one node alone."),
    ] = None


class Cluster(Struct, frozen=True, kw_only=True):
    """The nodes that are one GatherUp: same database, same Redis, and alike in what stands here."""

    name: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9_.-]{1,64}$(?!\n)",
            description="Keeps clusters on one Redis apart; the same on all nodes.",
        ),
    ] = "gatherup"
    secret: Annotated[
        Key | None,
        Meta(
            description="Seals what nodes tell each other; the same on all nodes, needed with REDIS_URL: 64 "
            "hexadecimal digits."
        ),
    ] = None
    lease_s: Annotated[
        float,
        Meta(
            ge=0.5,
            le=60,
            description="A node that the others don't see alive for this long is dead, and its streams are theirs.",
        ),
    ] = 2.0
    clock_skew_max_s: Annotated[
        Seconds,
        Meta(
            description="A jump of the clock by more than this, against the database's, makes the node unready."
        ),
    ] = 5.0


class Auth(Struct, frozen=True, kw_only=True):
    """Accounts and tokens."""

    token_key: Annotated[Key, Meta(description="Signs access tokens: 64 hexadecimal digits.")]
    token_keys_accepted: Annotated[
        Keys | None,
        Meta(
            description="Further keys whose tokens are accepted, separated by commas: the last one, until its tokens "
            "have expired, and the next one, before it signs."
        ),
    ] = None
    access_token_s: Annotated[
        int, Meta(ge=30, le=86_400, description="How long an access token is valid.")
    ] = 900
    refresh_token_s: Annotated[
        int, Meta(ge=60, le=31_536_000, description="How long a login lives without a refresh.")
    ] = 2_592_000
    hashers: Annotated[
        int,
        Meta(ge=1, le=32, description="Passwords hashed at once, each in a process of low priority."),
    ] = 2
    hashes_waiting_max: Annotated[Positive, Meta(description="More are refused as overloaded.")] = 32
    hash_memory_kib: Annotated[int, Meta(ge=8, le=1_048_576, description="Memory of one Argon2 hash.")] = (
        65_536
    )
    guest_keep_days: Annotated[
        int, Meta(ge=1, le=3650, description="A guest account that is unused for so long is deleted.")
    ] = 180
    title: Annotated[
        str, Meta(min_length=1, max_length=64, description="What authenticators call this community.")
    ] = "GatherUp"
    oidc_providers: Annotated[
        OidcProviders | None,
        Meta(description="Sites that users may sign in with: a JSON list; see docs/accounts.md."),
    ] = None
    hash_passes: Annotated[int, Meta(ge=1, le=16, description="Passes of one Argon2 hash over it.")] = 3


class Runtime(Struct, frozen=True, kw_only=True):
    """The actors."""

    receipt_key: Annotated[
        Key, Meta(description="Keys the digests that tell a resend: 64 hexadecimal digits.")
    ]
    drain_timeout_s: Annotated[
        Seconds, Meta(description="What a shutdown gives open commands to settle.")
    ] = 10.0
    loop_hold_max_s: Annotated[
        float,
        Meta(
            ge=0,
            le=60,
            description="A task that runs longer without letting others run is counted and logged; 0 watches nothing.",
        ),
    ] = 0.01


class Canary(Struct, frozen=True, kw_only=True):
    """The event that goes the whole way, over and over, and makes this node ready."""

    period_s: Annotated[Seconds, Meta(description="From one to the next.")] = 2.0
    timeout_s: Annotated[Seconds, Meta(description="One that takes longer makes the node unready.")] = 5.0


class Mail(Struct, frozen=True, kw_only=True):
    """Letters to users: codes, and what they should know of their accounts."""

    host: Annotated[
        Text | None, Meta(description="The SMTP server; unset leaves letters to nodes that have one.")
    ] = None
    port: Annotated[int, Meta(ge=1, le=65535, description="Usually 587 for starttls, 465 for tls.")] = 587
    tls: Annotated[
        Literal["starttls", "tls", "none"], Meta(description="How the connection is kept private.")
    ] = "starttls"
    user: Annotated[Text | None, Meta(description="Who logs in there; unset logs in nobody.")] = None
    password: Annotated[Secret | None, Meta(description="Their password.")] = None
    sender: Annotated[
        str,
        Meta(
            pattern=r"^([^\r\n<>@]* <[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$(?!\n)",
            description="Who letters are from.",
        ),
    ] = "GatherUp <no-reply@localhost>"
    links: Annotated[
        Site | None,
        Meta(
            description="The site whose pages verify-email, change-email and reset-password take a code as "
            "`#code=...`; unset puts the code alone into letters.",
        ),
    ] = None
    outbox: Annotated[
        Text | None,
        Meta(description="Without a host: the folder letters are written to instead."),
    ] = None


class Webhooks(Struct, frozen=True, kw_only=True):
    """Events told to other servers."""

    allow_private: Annotated[
        bool,
        Meta(description="Let webhooks lead to private and loopback addresses, and to http without TLS."),
    ] = False
    timeout_s: Annotated[float, Meta(gt=0, le=60, description="What a receiver gets to answer.")] = 10.0
    disable_after_s: Annotated[
        int,
        Meta(
            ge=1,
            le=31_536_000,
            description="A webhook that failed for so long, without a success, is disabled.",
        ),
    ] = 259_200


class Hooks(Struct, frozen=True, kw_only=True):
    """The community's own rules."""

    load: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[\w.]+:\w+$(?!\n)")], ...] | None,
        Meta(
            description="Hooks as module:name, separated by commas, run in this order before those of installed "
            "packages (entry points gatherup.hooks)."
        ),
    ] = None


class Log(Struct, frozen=True, kw_only=True):
    """What the node tells its operators, on standard error."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="The lowest level that is logged.")
    ] = "info"
    format: Annotated[Literal["json", "console"], Meta(description="For machines or for people.")] = "json"


class Traces(Struct, frozen=True, kw_only=True):
    """OpenTelemetry traces of sampled commands and requests."""

    endpoint: Annotated[
        Annotated[str, Meta(pattern=r"^https?://[^\s@]+$(?!\n)")] | None,
        Meta(
            description="Where they are sent, as OTLP over HTTP: https://collector:4318/v1/traces; unset for none.",
        ),
    ] = None
    ratio: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="Which part of them is traced; a request that says so in its traceparent is, whatever this is.",
        ),
    ] = 0.01
    ids: Annotated[bool, Meta(description="Let spans name streams and users by their ids.")] = False


class Config(Struct, frozen=True, kw_only=True):
    """The whole tree."""

    node: Node
    http: Http
    internal: Internal
    stream: Stream
    postgres: Postgres
    redis: Redis
    cluster: Cluster
    auth: Auth
    runtime: Runtime
    mail: Mail
    webhooks: Webhooks
    tournaments: Tournaments
    keep: Keep
    hooks: Hooks
    canary: Canary
    log: Log
    traces: Traces
