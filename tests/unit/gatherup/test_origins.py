"""Which pages may reach a node, however their origins are written."""

from __future__ import annotations

import pytest

from gatherup.origins import OriginError, Origins, canonical_origin, problems_of


@pytest.mark.parametrize(
    ("allowed", "origin", "may"),
    [
        ("https://play.example", "https://play.example", True),
        ("https://Play.Example/", "https://play.example", True),
        ("https://play.example:443", "https://play.example", True),
        ("http://play.example:80", "http://play.example", True),
        ("https://play.example", "https://play.example:443", True),
        ("https://play.example:8443", "https://play.example:8443", True),
        ("https://play.example:8443", "https://play.example", False),
        ("https://play.example", "http://play.example", False),
        ("https://play.example", "https://play.example.evil.example", False),
        ("https://spiel-straße.example", "https://xn--spiel-strae-46a.example", True),
        ("https://игра.example", "https://xn--80afo7a.example", True),
        ("http://localhost:3000", "http://localhost:3000", True),
        ("http://[::1]:3000", "http://[::1]:3000", True),
        ("capacitor://localhost", "capacitor://localhost", True),
        ("null", "null", True),
        ("https://play.example", "null", False),
        ("https://*.example.org", "https://a.example.org", True),
        ("https://*.example.org", "https://a.b.example.org", True),
        ("https://*.example.org:443", "https://a.example.org", True),
        ("https://*.example.org", "https://example.org", False),
        ("https://*.example.org", "https://.example.org", False),
        ("https://*.example.org", "https://evilexample.org", False),
        ("https://*.example.org", "https://a.example.org.evil.example", False),
        ("https://*.example.org", "https://a.example.org:8443", False),
        ("https://*.example.org", "https://*.example.org", False),
        ("https://play.example", "https://user@play.example", False),
        ("https://play.example", "nonsense", False),
        ("https://play.example", "https://play.example/path", False),
        ("https://play.example", "https://[", False),
    ],
)
def test_an_origin_is_compared_as_browsers_mean_it(allowed: str, origin: str, may: bool) -> None:
    assert Origins([allowed]).allows(origin) is may


def test_all_may_or_none() -> None:
    assert Origins(None).allows("nonsense")
    assert not Origins([]).allows("https://play.example")


@pytest.mark.parametrize(
    "written",
    [
        "",
        "example.org",
        "https://",
        "https://*.org",
        "https://a.*.example.org",
        "https://*",
        "*",
        "https://ex*.example.org",
        "https://example.org/path",
        "https://example.org?x",
        "https://ann@example.org",
        "https://example.org:99999",
        "https://[::1",
        "https://a..example.org:x",
    ],
)
def test_what_is_no_origin_is_said_before_a_start(written: str) -> None:
    with pytest.raises(OriginError):
        canonical_origin(written)
    (sentence,) = problems_of(["https://play.example", written])
    assert repr(written) in sentence
