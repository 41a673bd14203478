"""Methods by an app in which a controller acts: every one by every role, and what is written down.

The app asks for all that there is, so what opens is what the role allows. A method without a row
here does not pass.
"""

from dataclasses import dataclass

import pytest

from accounts.delegation import people
from accounts.delegation.people import Grant
from accounts.models import Account, DelegatedDeed, Delegation, OAuthSession
from hosting.limits import Budget, RateLimitExceeded
from hosting.limits.budgets import Bucket
from tests.api import shared_people, test_method_credentials
from tests.api.clients import Person, sign_up
from tests.api.test_method_credentials import TABLE as CREDENTIALS
from tests.api.test_method_credentials import VIEW, AppApi, opened_to
from tests.delegates import acting, delegation
from tests.oauth_app import App
from tests.tenancy.test_cross_tenant import THING
from xrpc.auth import delegated_deeds
from xrpc.request.call import Caller

pytestmark = pytest.mark.django_db
shared, directory = shared_people.shared, shared_people.directory
ash, birch, alice = shared_people.ash, shared_people.birch, shared_people.alice

facts = test_method_credentials.facts
EVERYTHING = (
    "atproto transition:generic transition:chat.bsky transition:email repo:* blob:*/*"
    " account:email?action=manage account:repo?action=manage account:status?action=manage"
    " identity:*"
)
ROLES = {
    "owner": "",
    "admin": "",
    "editor": "",
    "viewer": "",
    "custom": "repo:app.bsky.feed.post blob:image/*",
}
NOBODY: frozenset[str] = frozenset()
ALL = frozenset(ROLES)
OWNER, ADMINS = frozenset({"owner"}), frozenset({"owner", "admin"})
EDITORS = ADMINS | {"editor"}
READERS = EDITORS | {"viewer"}
ALWAYS = "com.atproto.sync."  # what a repo's owner may read of it, anybody who is signed in may
TABLE = {
    "app.bsky.actor.getPreferences": READERS,
    "app.bsky.actor.getProfile": READERS,
    "app.bsky.actor.getProfiles": READERS,
    "app.bsky.actor.putPreferences": EDITORS,
    "app.bsky.feed.getActorLikes": READERS,
    "app.bsky.feed.getAuthorFeed": READERS,
    "app.bsky.feed.getFeed": READERS,
    "app.bsky.feed.getPostThread": READERS,
    "app.bsky.feed.getTimeline": READERS,
    "app.bsky.notification.registerPush": ADMINS,
    "app.bsky.notification.unregisterPush": ADMINS,
    "com.atproto.identity.getRecommendedDidCredentials": ALL,
    "com.atproto.identity.refreshIdentity": ALL,
    "com.atproto.identity.requestPlcOperationSignature": NOBODY,
    "com.atproto.identity.signPlcOperation": NOBODY,
    "com.atproto.identity.submitPlcOperation": NOBODY,
    "com.atproto.identity.updateHandle": OWNER,
    "com.atproto.moderation.createReport": EDITORS,
    "com.atproto.repo.applyWrites": EDITORS,
    "com.atproto.repo.createRecord": EDITORS,
    "com.atproto.repo.deleteRecord": EDITORS,
    "com.atproto.repo.importRepo": NOBODY,
    "com.atproto.repo.listMissingBlobs": ALL,
    "com.atproto.repo.putRecord": EDITORS,
    "com.atproto.repo.uploadBlob": EDITORS,
    "com.atproto.server.activateAccount": NOBODY,
    "com.atproto.server.checkAccountStatus": ALL,
    "com.atproto.server.confirmEmail": NOBODY,
    "com.atproto.server.createAppPassword": NOBODY,
    "com.atproto.server.deactivateAccount": NOBODY,
    "com.atproto.server.getAccountInviteCodes": NOBODY,
    "com.atproto.server.getServiceAuth": READERS,
    "com.atproto.server.getSession": ALL,
    "com.atproto.server.listAppPasswords": NOBODY,
    "com.atproto.server.requestAccountDelete": NOBODY,
    "com.atproto.server.requestEmailConfirmation": NOBODY,
    "com.atproto.server.requestEmailUpdate": NOBODY,
    "com.atproto.server.revokeAppPassword": NOBODY,
    "com.atproto.server.updateEmail": NOBODY,
    "com.atproto.temp.checkSignupQueue": NOBODY,
    **{nsid: ALL for nsid in CREDENTIALS if nsid.startswith(ALWAYS)},
}


@dataclass
class Team:
    """Alice's account, and Bob who acts for it."""

    account: Account
    controller: Account

    def app(self, role: str) -> App:
        by = delegation(self.account, self.controller, role, ROLES[role])
        app = App(self.account.host, EVERYTHING, key=AppApi.key)
        return acting(app, self.controller, by)


@pytest.fixture(autouse=True)
def _app_view(settings):
    settings.APPVIEW_URL, settings.APPVIEW_DID = "http://127.0.0.1:9", VIEW


@pytest.fixture(scope="module")
def bob(ash) -> Person:
    return sign_up(ash, "bob")


@pytest.fixture
def team(alice, bob) -> Team:
    accounts = Account.objects.select_related("host")
    return Team(accounts.get(did=alice.did), accounts.get(did=bob.did))


def test_every_method_that_accounts_may_call_has_a_row():
    assert sorted(TABLE) == sorted(CREDENTIALS)


@pytest.mark.parametrize("role", ROLES)
def test_methods_open_to_a_role(role, team, facts):
    api = AppApi(team.account.host, team.app(role).tokens["access_token"])
    opened = {nsid for nsid in TABLE if opened_to(nsid, api, facts)}
    assert opened == {nsid for nsid, roles in TABLE.items() if role in roles}


def test_writes_are_written_down_with_themselves(team, alice):
    app = team.app("editor")
    record = {"repo": alice.did, "collection": THING, "rkey": "a", "record": {"text": "x"}}
    assert app.call("com.atproto.repo.putRecord", "POST", record).status_code == 200
    writes = [{"$type": "com.atproto.repo.applyWrites#delete", "collection": THING, "rkey": "a"}]
    more = {"repo": alice.did, "writes": writes}
    assert app.call("com.atproto.repo.applyWrites", "POST", more).status_code == 200
    found = DelegatedDeed.objects.order_by("pk").values_list("controller_did", "deed", "detail")
    bob = team.controller.did
    assert list(found) == [
        (bob, "commit", f"create {THING}/a"),
        (bob, "commit", f"delete {THING}/a"),
    ]


def test_a_write_that_changes_nothing_or_fails_leaves_nothing(team, alice):
    app = team.app("editor")
    gone = {"repo": alice.did, "collection": THING, "rkey": "nothing"}
    assert app.call("com.atproto.repo.deleteRecord", "POST", gone).status_code == 200
    stale = gone | {"swapCommit": alice.create(THING, {"text": "y"})["cid"]}
    assert app.call("com.atproto.repo.putRecord", "POST", stale | {"record": {}}).status_code == 400
    assert not DelegatedDeed.objects.exists()


def test_other_deeds_are_written_down_and_reading_is_not(team):
    app = team.app("admin")
    timeline = {"aud": f"{VIEW}#bsky_appview", "lxm": "app.bsky.feed.getTimeline"}
    assert app.call("com.atproto.server.getServiceAuth", params=timeline).status_code == 200
    assert app.call("com.atproto.server.getSession").status_code == 200
    app.call("app.bsky.graph.muteActor", "POST", {"actor": "bob.test"})
    found = DelegatedDeed.objects.order_by("pk").values_list("deed", "detail")
    assert list(found) == [
        ("com.atproto.server.getServiceAuth", f"{timeline['lxm']} {timeline['aud']}"),
        ("app.bsky.graph.muteActor", timeline["aud"]),
    ]


def test_the_same_deed_again_and_again_is_a_row_a_minute(team):
    app = team.app("admin")
    for _ in range(3):
        app.call("app.bsky.graph.muteActor", "POST", {"actor": "bob.test"})
    found = DelegatedDeed.objects.all()
    assert len(found) <= 2  # a minute may end meanwhile
    assert sum(each.count for each in found) == 3


def test_a_controller_has_a_budget_of_calls_elsewhere(team, settings, monkeypatch):
    settings.RATE_LIMITS = True
    budget = Bucket("delegated-relays-few", (Budget(1, 3_600),))
    monkeypatch.setattr(delegated_deeds, "RELAYED", budget)
    team.app("admin")
    session = OAuthSession.objects.get(account=team.account).pk.hex
    caller = Caller(team.account.did, "", session, actor=team.controller.did)
    delegated_deeds.note_relayed(team.account.host, caller, "app.bsky.graph.muteActor", VIEW)
    with pytest.raises(RateLimitExceeded):
        delegated_deeds.note_relayed(team.account.host, caller, "app.bsky.graph.muteList", VIEW)
    assert DelegatedDeed.objects.count() == 1


def test_the_owner_s_own_deeds_are_not_written_down(team, alice):
    alice.create(THING, {"text": "x"})
    app = App(team.account.host).signed_in(alice.did)
    record = {"repo": alice.did, "collection": THING, "record": {"text": "x"}}
    assert app.call("com.atproto.repo.createRecord", "POST", record).status_code == 200
    assert not DelegatedDeed.objects.exists()


@pytest.mark.parametrize("lxm", [None, "com.atproto.server.createAccount"])
def test_no_token_by_which_the_account_could_move_away(team, lxm):
    asked = {"aud": "did:web:other.example.com"} | ({"lxm": lxm} if lxm else {})
    response = team.app("owner").call("com.atproto.server.getServiceAuth", params=asked)
    assert (response.status_code, response.json()["error"]) == (403, "Forbidden")


def test_a_removal_ends_the_tokens_at_once(team):
    app = team.app("editor")
    people.remove(team.account, None, Delegation.objects.get())
    assert app.call("com.atproto.server.getSession").status_code == 401
    record = {"repo": team.account.did, "collection": THING, "record": {"text": "x"}}
    refused = app.call("com.atproto.repo.createRecord", "POST", record)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_token")


def test_another_role_ends_the_tokens_at_once(team):
    app = team.app("editor")
    people.change(team.account, None, Delegation.objects.get(), Grant("admin"))
    assert app.call("com.atproto.server.getSession").status_code == 401


def test_acting_opens_nothing_of_the_controller_s_own_account(team):
    app = team.app("owner")
    record = {"repo": team.controller.did, "collection": THING, "record": {"text": "x"}}
    refused = app.call("com.atproto.repo.createRecord", "POST", record)
    assert refused.json()["error"] == "AuthenticationRequired"
