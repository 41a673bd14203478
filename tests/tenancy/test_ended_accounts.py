"""A session's token outlives its account: every method that takes one, with an account that was
taken down or deleted since."""

import pytest

from accounts import status
from accounts.authentication import session_tokens
from accounts.lifecycle import deletion
from accounts.models import Account
from tests.api import shared_people
from tests.tenancy.test_cross_tenant import MATRIX, answer_to, facts, filled
from xrpc import registry
from xrpc.auth.declared import Kind

__all__ = ["facts"]
pytestmark = pytest.mark.django_db
shared, directory = shared_people.shared, shared_people.directory
ash, alice = shared_people.ash, shared_people.alice
OF_ACCOUNTS = (Kind.ACCOUNT, Kind.ACCOUNT_OR_SERVICE, Kind.ACCOUNT_OR_BEARER)
METHODS = [nsid for nsid in MATRIX if registry.find(nsid).auth.kind in OF_ACCOUNTS]
FOR_LEAVERS = [
    nsid for nsid in METHODS if session_tokens.TAKENDOWN_SCOPE in registry.find(nsid).auth.scopes
]
REFUSALS = {"AccountTakedown", "AccountNotFound", "RepoNotFound", "InvalidToken", "ExpiredToken"}


def outcome(response) -> str:
    if hasattr(response, "responder"):
        return "passed on"
    return "done" if response.status_code == 200 else response.json()["error"]


def asked(nsid, facts):
    """As in the matrix; with a handle of the own host, so that it is not what is refused."""
    own = {"handle": "other.test"} if nsid.endswith("updateHandle") else {}
    return {**filled(MATRIX[nsid].asked, facts), **own}


@pytest.fixture(autouse=True)
def _app_view(settings):
    settings.APPVIEW_URL, settings.APPVIEW_DID = "https://view.example", "did:web:view.example"


@pytest.mark.parametrize("nsid", METHODS)
def test_a_deleted_accounts_token_is_good_for_nothing(nsid, alice, facts):
    deletion.delete(Account.objects.get(did=alice.did))
    assert outcome(answer_to(nsid, alice, asked(nsid, facts))) in REFUSALS


@pytest.mark.parametrize("nsid", [nsid for nsid in METHODS if nsid not in FOR_LEAVERS])
def test_a_taken_down_accounts_token_is_good_for_leaving_alone(nsid, alice, facts):
    status.take_down(Account.objects.get(did=alice.did))
    assert outcome(answer_to(nsid, alice, asked(nsid, facts))) in REFUSALS
