"""The facade of a node: the application, and what stands before every endpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from quart_trio import QuartTrio

from actors.kind import Kind
from actors.limiting.rate_limit import Rate
from actors.ports.logins import Tokens
from actors.ports.time import Clock
from actors.session.logins import LoginReader
from gatherup.auth.keys import KeyRing
from gatherup.auth.verified import VerifiedTokens
from gatherup.config import Config
from gatherup.http.cors import Cors
from gatherup.http.endpoint import PathPart
from gatherup.http.gate import Gate, Throttles
from gatherup.http.live import LiveLogins
from gatherup.http.server import create_app
from gatherup.http.throttle import Throttle
from gatherup.http.watch import RequestTracer
from gatherup.origins import Origins
from protocol import limits


def facade_of(
    config: Config,
    clock: Clock,
    tokens: Tokens,
    logins: LoginReader,
    keys: KeyRing,
    answers: Counter[tuple[str, str]],
    resources: Iterable[object],
    path_parts: Iterable[PathPart],
    kinds: Iterable[Kind[Any]],
    tracer: RequestTracer | None,
) -> QuartTrio:
    """The application of these resources, described by what features and kinds of stream say of themselves.

    ``answers`` counts responses by endpoint and status.
    """
    http = config.http
    throttles = Throttles(
        anonymous=Throttle(
            clock, Rate(http.anonymous_per_s, http.anonymous_burst), keys_max=http.addresses_max
        ),
        users=Throttle(
            clock, Rate(limits.REQUESTS_PER_S, limits.REQUESTS_BURST), keys_max=http.addresses_max
        ),
        keys=Throttle(
            clock, Rate(limits.SERVER_COMMANDS_PER_S, limits.SERVER_COMMANDS_BURST), keys_max=limits.KEYS_MAX
        ),
    )
    gate = Gate(
        VerifiedTokens(tokens),
        LiveLogins(logins, clock),
        clock,
        throttles,
        keys=keys,
        proxy_hops=http.proxy_hops,
    )
    return create_app(
        gate,
        answers,
        Cors(Origins(config.stream.allowed_origins)),
        *resources,
        path_parts=path_parts,
        refuses={code for kind in kinds for code in kind.wire.refuses},
        tracer=tracer,
    )
