"""Whose requests count together."""

from __future__ import annotations

import pytest

from gatherup.http.gate import ADDRESS_CHARS_MAX, client_network

CASES = [
    ("192.0.2.7", "192.0.2.7"),
    ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
    ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
    ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
    ("::ffff:192.0.2.7", "192.0.2.7"),
    ("", ""),
    ("x" * 10_000, "x" * ADDRESS_CHARS_MAX),
]


@pytest.mark.parametrize(("address", "counted"), CASES)
def test_who_pays(address: str, counted: str) -> None:
    assert client_network(address) == counted
