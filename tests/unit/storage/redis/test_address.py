"""The forms of REDIS_URL."""

from __future__ import annotations

import pytest

from gatherup.config.secret import RedisUrl
from storage.redis.address import Endpoint, Kind, parse_address


@pytest.mark.parametrize(
    ("url", "kind", "endpoints", "tls", "service", "user", "password"),
    [
        ("redis://host", Kind.SERVER, [("host", 6379)], False, "", "", ""),
        ("redis://:p%40ss@host:1/0", Kind.SERVER, [("host", 1)], False, "", "", "p@ss"),
        ("rediss://u:p@[::1]:2", Kind.SERVER, [("::1", 2)], True, "", "u", "p"),
        (
            "redis+sentinel://u:p@a:1,b/main/0",
            Kind.SENTINEL,
            [("a", 1), ("b", 26379)],
            False,
            "main",
            "u",
            "p",
        ),
        ("redis+sentinel://a/main", Kind.SENTINEL, [("a", 26379)], False, "main", "", ""),
        ("rediss+cluster://a,b:7", Kind.CLUSTER, [("a", 6379), ("b", 7)], True, "", "", ""),
    ],
)
def test_every_form_is_read(
    url: str,
    kind: Kind,
    endpoints: list[tuple[str, int]],
    tls: bool,
    service: str,
    user: str,
    password: str,
) -> None:
    found = parse_address(url)
    assert (found.kind, found.tls, found.service) == (kind, tls, service)
    assert list(found.endpoints) == [Endpoint(*one) for one in endpoints]
    assert (found.credentials.user, found.credentials.password) == (user, password)
    assert RedisUrl(url).reveal() == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host:6379",
        "http://host",
        "redis://",
        "redis://sesame@",
        "redis://a,b",
        "redis://:sesame@host:0",
        "redis://:sesame@host:99999",
        "redis://:sesame@host/x",
        "redis://:ses@ame@host",
        "redis+sentinel://:sesame@host",
        "redis+sentinel://:sesame@host/a/b",
        "redis+cluster://:sesame@a,,b",
        "redis://:sesame@ho st",
    ],
)
def test_anything_else_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ValueError, match="must") as refusal:
        RedisUrl(url)
    assert "sesame" not in str(refusal.value)


def test_a_password_is_never_shown() -> None:
    assert "sesame" not in repr(parse_address("redis://:sesame@host"))
