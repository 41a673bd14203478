"""Plans: on whose behalf another service is asked."""

import pytest

from tests.factories import account_row
from xrpc.proxy.destinations import Service
from xrpc.proxy.plans import ProxyContext

VIEW = Service("did:web:view.test", "bsky_appview", "http://view.test")
META = {"REQUEST_METHOD": "GET", "REMOTE_ADDR": "2001:db8::1"}


@pytest.mark.django_db
def test_a_call_is_its_accounts(ash):
    account = account_row(ash)
    way = ProxyContext(ash, account, META)
    assert way.to(VIEW, "x.y.z").caller == account.did
    assert way.question(VIEW, "x.y.z", "a=1").caller == account.did


@pytest.mark.django_db
def test_a_call_of_nobody_is_its_networks(ash):
    assert ProxyContext(ash, None, META).to(VIEW, "x.y.z").caller == "2001:db8::/64"
