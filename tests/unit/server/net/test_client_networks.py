"""Who counts as one client, and which network is around it."""

import pytest

from server.net.client_networks import network, wide_network


@pytest.mark.parametrize(
    ("address", "one", "wide"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("127.0.0.2", "127.0.0.2", "127.0.0.2"),
        ("", "", ""),
        ("unix:", "unix:", "unix:"),
    ],
)
def test_a_client_is_a_network_in_a_wider_one(address: str, one: str, wide: str) -> None:
    assert network(address) == one
    assert wide_network(one) == wide
