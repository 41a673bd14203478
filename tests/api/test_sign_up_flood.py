"""Five hundred sign-ups at one host: its velocity limit trips, and no DID more is made there."""

import pytest

from accounts.models import Account, HeldSignUp, PlcOperation
from hosting.tenancy import routing
from repos.models import Event, Repo
from tests.api.clients import Api, sign_up

LIMIT = 10
FLOOD = 500


@pytest.fixture
def flooded(ash, settings):
    """What 500 sign-ups in a row at ash came to: status and error name of each."""
    settings.RATE_LIMITS = False
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick here
    ash.sign_up_limit_count = LIMIT
    ash.save()
    routing.forget()
    return [_answer(ash, number) for number in range(FLOOD)]


def _answer(host, number):
    response = Api(host).call(
        "com.atproto.server.createAccount",
        handle=f"bot{number}.test",
        email=f"bot{number}@example.com",
        password="correct horse",
    )
    return response.status_code, response.json().get("error")


@pytest.mark.long
def test_a_flood_mints_no_did_once_the_velocity_limit_trips(flooded, ash, birch, directory):
    assert flooded == [(200, None)] * LIMIT + [(400, "SignupQueued")] * (FLOOD - LIMIT)
    assert (Account.objects.count(), PlcOperation.objects.count()) == (LIMIT, LIMIT)
    assert len(directory) == LIMIT
    assert Repo.objects.count() == LIMIT
    assert Event.objects.count() == 4 * LIMIT  # what every new account says
    assert HeldSignUp.objects.of(ash).waiting().count() == FLOOD - LIMIT
    assert sign_up(birch, "carol").did.startswith("did:plc:")
