"""Webhooks lead out of the network that the nodes stand in, whatever their URL or its host's name says."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from gatherup.features.integrations.targets import RefusedTargetError, checked_url, is_public, target_of

PUBLIC = "93.184.216.34"


def lookup(*addresses: str):
    async def look(host: str, port: int) -> Sequence[str]:
        return addresses

    return look


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https://",
        "https:///x",
        "http://example.org/",
        "https://ann:secret@example.org/",
        "https://example.org/#part",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[fe80::1%25eth0]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[2002:7f00:1::]/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://[64:ff9b::7f00:1]/",
        "https://[fec0::1]/",
        "https://192.0.0.192/",
        "https://xn--a/",
        "https://a..b/",
        "https://" + "a" * 64 + ".org/",
        "https://example.org:0/",
        "https://example.org:99999/",
    ],
)
def test_refused_before_any_look_up(url: str) -> None:
    with pytest.raises(RefusedTargetError):
        checked_url(url, allow_private=False)


@pytest.mark.parametrize(
    "addresses",
    [
        (),
        ("127.0.0.1",),
        ("10.1.2.3",),
        ("192.168.0.1",),
        ("172.16.0.1",),
        ("100.64.0.1",),
        ("169.254.169.254",),
        ("::1",),
        ("fd00::1",),
        ("fe80::1%eth0",),
        ("::ffff:10.0.0.1",),
        (PUBLIC, "127.0.0.1"),
    ],
)
async def test_a_host_whose_addresses_are_not_all_public_is_refused(addresses: tuple[str, ...]) -> None:
    # 2130706433 is 127.0.0.1 to a resolver, and no address to a URL.
    for host in ("hook.example.org", "2130706433", "0x7f.1"):
        with pytest.raises(RefusedTargetError):
            await target_of(f"https://{host}/in", lookup(*addresses), allow_private=False)


async def test_the_request_goes_to_the_address_that_was_checked() -> None:
    target = await target_of("https://hook.example.org/in?x=1", lookup(PUBLIC), allow_private=False)
    assert str(target.url) == f"https://{PUBLIC}/in?x=1"
    assert (target.host, target.host_header) == ("hook.example.org", "hook.example.org")
    target = await target_of("https://hook.example.org:8443/", lookup("2606:4700::1111"), allow_private=False)
    assert str(target.url) == "https://[2606:4700::1111]:8443/"
    assert target.host_header == "hook.example.org:8443"


async def test_private_ones_only_when_they_are_allowed() -> None:
    target = await target_of("http://127.0.0.1:99/in", lookup("127.0.0.1"), allow_private=True)
    assert str(target.url) == "http://127.0.0.1:99/in"


@pytest.mark.parametrize("address", [PUBLIC, f"::ffff:{PUBLIC}", "2002:5db8:d822::1", "2606:4700::1111"])
def test_public_ones_are_public_in_any_dress(address: str) -> None:
    assert is_public(ip_address(address))
