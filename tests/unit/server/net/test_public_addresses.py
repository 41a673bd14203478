"""The guard of untrusted URLs, address by address: ends of ranges, addresses within others."""

import pytest
from pytest_django.fixtures import Settings

from server.net.http_client import addresses
from server.net.public_addresses import is_loopback, is_public

INSIDE = """
    0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255
    127.0.0.1 127.255.255.254 168.63.129.16 169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255
    192.0.0.0 192.0.0.9 192.0.0.170 192.0.0.192 192.0.0.255 192.0.2.1 192.88.99.1 192.168.0.1
    192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255
    240.0.0.1 255.255.255.255
    :: ::1 ::7f00:1 ::10.0.0.1 ::8.8.8.8 ::ffff:0:8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1
    ::ffff:169.254.169.254 ::ffff:192.0.0.192 ::ffff:168.63.129.16
    64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 64:ff9b::8.8.8.8 64:ff9b:1::1
    64:ff9b:1:ffff::10.0.0.1
    100::1 100:0:0:1::1 1::1 2001::1 2001:0:a00:1::1 2001:0:808:808:0:0:f5ff:fffe 2001:1::1
    2001:2::1 2001:3::1 2001:4:112::1 2001:10::1 2001:20::1 2001:30::1 2001:db8::1
    2002:7f00:1:: 2002:a00:1:: 2002:c000:c0:: 2002:808:808:: 3fff::1 3fff:fff:ffff::1
    2606:4700::5efe:a00:1 2606:4700::200:5efe:a00:1 4000::1 5f00::1
    fc00::1 fd00:ec2::254 fdff::1 fe80::1 fe80::1%eth0 febf::1 fec0::1 ff02::1 ff0e::1
"""
OUTSIDE = """
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 168.63.129.15 168.63.129.17
    172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.1 192.88.98.255 192.167.255.255 198.17.255.255
    198.20.0.0 223.255.255.255 ::ffff:8.8.8.8
    2001:200::1 2001:4860:4860::8888 2003::1 2606:4700::1111 2a00:1450:4001::1 3ffe:ffff::1
"""


@pytest.mark.parametrize("address", [*INSIDE.split(), "", "localhost", "10.0.0", "::g", "0x7f.1"])
def test_addresses_that_are_not_public_are_refused(settings: Settings, address: str) -> None:
    settings.SANDBOX = False
    assert not is_public(address)
    assert not addresses.is_allowed(address)


@pytest.mark.parametrize("address", OUTSIDE.split())
def test_public_addresses_are_allowed(settings: Settings, address: str) -> None:
    settings.SANDBOX = False
    assert addresses.is_allowed(address)


@pytest.mark.parametrize("address", [each for each in INSIDE.split() if not is_loopback(each)])
def test_the_sandbox_lets_loopback_through_and_no_more(address: str) -> None:
    assert all(map(addresses.is_allowed, ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]))
    assert not addresses.is_allowed(address)
