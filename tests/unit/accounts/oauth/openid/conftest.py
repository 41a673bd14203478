"""A provider at a patched network, and a tenant that signs its people in by it."""

import pytest

from server.net import http_client
from tests import openid_provider
from tests.openid_provider import Provider


@pytest.fixture
def there(monkeypatch) -> Provider:
    provider = Provider()
    monkeypatch.setattr(http_client, "request", provider.request)
    return provider


@pytest.fixture
def settings_of_ash(ash, there):
    return openid_provider.of_tenant(ash.tenant)
