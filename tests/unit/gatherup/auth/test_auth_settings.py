"""Settings of keys and providers: strict, and silent about what is secret."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gatherup.config import Keys, OidcProviders

GOOD = {
    "name": "example",
    "title": "Example",
    "issuer": "https://id.example.org",
    "client_id": "gatherup",
    "client_secret": "hush-hush",
    "redirect_uris": ["https://game.example.org/signed-in"],
}


def test_several_keys() -> None:
    assert Keys(f"{'a1' * 32}, {'b2' * 32}").keys == (b"\xa1" * 32, b"\xb2" * 32)
    with pytest.raises(ValueError, match="64 hexadecimal"):
        Keys("a1" * 32 + ",")


def test_providers() -> None:
    (provider,) = OidcProviders(json.dumps([GOOD])).providers
    assert provider.scopes == ("openid", "profile")
    assert OidcProviders(json.dumps([{**GOOD, "issuer": "http://127.0.0.1:8/x"}])).providers
    assert "hush-hush" not in repr(OidcProviders(json.dumps([GOOD])))


@pytest.mark.parametrize(
    "given",
    [
        "hush-hush",
        {**GOOD},
        [{**GOOD, "name": "Example"}],
        [{**GOOD, "issuer": "http://id.example.org"}],
        [{**GOOD, "issuer": "hush-hush"}],
        [{**GOOD, "redirect_uris": []}],
        [{**GOOD, "client_secret": 7}],
        [{**GOOD, "more": "hush-hush"}],
        [{key: value for key, value in GOOD.items() if key != "client_id"}],
        [GOOD, {**GOOD, "name": "other"}],
        [GOOD, {**GOOD, "issuer": "https://other.example.org"}],
    ],
)
def test_a_bad_list_is_refused_unseen(given: Any) -> None:
    with pytest.raises(ValueError) as caught:
        OidcProviders(given if isinstance(given, str) else json.dumps(given))
    assert "hush-hush" not in str(caught.value)
