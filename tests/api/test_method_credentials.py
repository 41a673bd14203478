"""Every method that accounts may call, with every kind of credentials: which ones open it.

The columns are the kinds of sessions of passwords, and apps that have `atproto` and one scope more.
A method without a row here does not pass. Opened is what is not refused for the credentials.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.authentication import session_tokens
from accounts.models import Account, OAuthSession, Session
from accounts.oauth.dpop import nonces
from accounts.oauth.tokens import access_tokens
from server.encryption import digests
from tests.api import shared_people
from tests.api.clients import Api
from tests.oauth_app import Key
from tests.tenancy.test_cross_tenant import MATRIX, THING, answer_to, filled
from xrpc import registry

pytestmark = pytest.mark.django_db
shared, directory = shared_people.shared, shared_people.directory
ash, alice = shared_people.ash, shared_people.alice

VIEW = "did:web:view.example.com"
SESSIONS = {
    "main": session_tokens.ACCESS_SCOPE,
    "privileged": session_tokens.PRIVILEGED_APP_PASSWORD_SCOPE,
    "app": session_tokens.APP_PASSWORD_SCOPE,
    "leaving": session_tokens.TAKENDOWN_SCOPE,
}
APPS = {
    "nothing": "",
    "generic": "transition:generic",
    "old email": "transition:email",
    "old chat": "transition:chat.bsky",
    "create": "repo:*?action=create",
    "update": "repo:*?action=update",
    "delete": "repo:*?action=delete",
    "things": f"repo:{THING}",
    "posts": "repo:app.bsky.feed.post",
    "text": "blob:text/*",
    "images": "blob:image/*",
    "view": f"rpc:*?aud={VIEW}%23bsky_appview",
    "push": "rpc:*?aud=did:web:push.example.com%23bsky_notif",
    "here": "rpc:*?aud=did:web:localhost%253A2583%23atproto_pds",
    "see email": "account:email",
    "manage email": "account:email?action=manage",
    "see repo": "account:repo",
    "manage repo": "account:repo?action=manage",
    "see status": "account:status",
    "manage status": "account:status?action=manage",
    "handle": "identity:handle",
    "identity": "identity:*",
}

MAIN = frozenset({"main"})
ANY_SESSION = frozenset({"main", "privileged", "app"})
LEAVING = frozenset({"main", "leaving"})
NO_APP, EVERY_APP = frozenset(), frozenset(APPS)


@dataclass(frozen=True)
class Row:
    """Which sessions and which apps a method opens to; what is asked, if not as the matrix has."""

    sessions: frozenset[str]
    apps: frozenset[str]
    asked: dict[str, Any] = field(default_factory=dict)


def row(sessions: frozenset[str], *apps: str, **asked: Any) -> Row:
    return Row(sessions, frozenset(apps), asked)


VIEWED = row(ANY_SESSION, "generic", "view")
OWNERS = Row(ANY_SESSION | LEAVING, EVERY_APP)
ONE_WRITE = [{"$type": "com.atproto.repo.applyWrites#create", "collection": THING, "value": {}}]
TABLE = {
    "app.bsky.actor.getPreferences": row(ANY_SESSION | LEAVING, "generic", "view"),
    "app.bsky.actor.getProfile": VIEWED,
    "app.bsky.actor.getProfiles": VIEWED,
    "app.bsky.actor.putPreferences": VIEWED,
    "app.bsky.feed.getActorLikes": VIEWED,
    "app.bsky.feed.getAuthorFeed": VIEWED,
    "app.bsky.feed.getFeed": VIEWED,
    "app.bsky.feed.getPostThread": VIEWED,
    "app.bsky.feed.getTimeline": VIEWED,
    "app.bsky.notification.registerPush": row(ANY_SESSION, "generic", "push"),
    "app.bsky.notification.unregisterPush": row(ANY_SESSION, "generic", "push"),
    "com.atproto.identity.getRecommendedDidCredentials": Row(ANY_SESSION, EVERY_APP),
    "com.atproto.identity.refreshIdentity": Row(ANY_SESSION, EVERY_APP),
    "com.atproto.identity.requestPlcOperationSignature": row(LEAVING, "identity"),
    "com.atproto.identity.signPlcOperation": row(LEAVING, "identity"),
    "com.atproto.identity.submitPlcOperation": row(ANY_SESSION, "identity"),
    "com.atproto.identity.updateHandle": row(ANY_SESSION, "handle", "identity"),
    "com.atproto.moderation.createReport": row(ANY_SESSION | LEAVING, "generic", "here"),
    "com.atproto.repo.applyWrites": row(
        ANY_SESSION, "generic", "create", "things", repo="$did", writes=ONE_WRITE
    ),
    "com.atproto.repo.createRecord": row(ANY_SESSION, "generic", "create", "things"),
    "com.atproto.repo.deleteRecord": row(ANY_SESSION, "generic", "delete", "things"),
    "com.atproto.repo.importRepo": row(MAIN, "manage repo"),
    "com.atproto.repo.listMissingBlobs": Row(ANY_SESSION, EVERY_APP),
    "com.atproto.repo.putRecord": row(ANY_SESSION, "generic", "things"),
    "com.atproto.repo.uploadBlob": row(ANY_SESSION, "generic", "text"),
    "com.atproto.server.activateAccount": Row(MAIN, NO_APP),
    "com.atproto.server.checkAccountStatus": Row(ANY_SESSION, EVERY_APP),
    "com.atproto.server.confirmEmail": row(ANY_SESSION, "manage email"),
    "com.atproto.server.createAppPassword": Row(MAIN, NO_APP),
    "com.atproto.server.deactivateAccount": row(LEAVING, "manage status"),
    "com.atproto.server.getAccountInviteCodes": Row(MAIN, NO_APP),
    "com.atproto.server.getServiceAuth": row(
        ANY_SESSION, "generic", "view", aud=f"{VIEW}#bsky_appview", lxm="app.bsky.feed.getTimeline"
    ),
    "com.atproto.server.getSession": Row(ANY_SESSION, EVERY_APP),
    "com.atproto.server.listAppPasswords": Row(ANY_SESSION, NO_APP),
    "com.atproto.server.requestAccountDelete": Row(MAIN, NO_APP),
    "com.atproto.server.requestEmailConfirmation": row(ANY_SESSION, "manage email"),
    "com.atproto.server.requestEmailUpdate": Row(MAIN, NO_APP),
    "com.atproto.server.revokeAppPassword": Row(ANY_SESSION, NO_APP),
    "com.atproto.server.updateEmail": Row(MAIN, NO_APP),
    "com.atproto.sync.getBlob": OWNERS,
    "com.atproto.sync.getBlocks": OWNERS,
    "com.atproto.sync.getCheckout": OWNERS,
    "com.atproto.sync.getHead": OWNERS,
    "com.atproto.sync.getLatestCommit": OWNERS,
    "com.atproto.sync.getRecord": OWNERS,
    "com.atproto.sync.getRepo": OWNERS,
    "com.atproto.sync.listBlobs": OWNERS,
    "com.atproto.temp.checkSignupQueue": Row(ANY_SESSION, NO_APP),
}
FOR_ACCOUNTS = [
    nsid for nsid in MATRIX if (method := registry.find(nsid)) and method.auth.takes_accounts
]


class AppApi(Api):
    """XRPC by DPoP, with a proof for each request."""

    key = Key()

    def get(self, path, params=None, **headers):
        return super().get(path, params, **self._proof("GET", path), **headers)

    def send(self, nsid, data=b"", content_type="application/json", **headers):
        proof = self._proof("POST", f"/xrpc/{nsid}")
        return super().send(nsid, data, content_type, **proof, **headers)

    def _proof(self, method, path):
        url = f"{self.host.origin}{path}"
        return {"HTTP_DPOP": self.key.proof(method, url, nonces.current(self.host), self.token)}

    def headers(self):
        return {**super().headers(), "HTTP_AUTHORIZATION": f"DPoP {self.token}"}


@pytest.fixture(autouse=True)
def _app_view(settings):
    settings.APPVIEW_URL, settings.APPVIEW_DID = "http://127.0.0.1:9", VIEW


@pytest.fixture
def account(alice) -> Account:
    return Account.objects.select_related("host").get(did=alice.did)


@pytest.fixture(scope="module")
def facts(alice) -> dict[str, str]:
    some = {"did": alice.did, "handle": alice.handle, "email": alice.email}
    upload = alice.send("com.atproto.repo.uploadBlob", b"some text", "text/plain").json()
    made = alice.create(THING, {"text": "x", "blob": upload["blob"]}, rkey="k")
    some |= {"cid": made["cid"], "blob": upload["blob"]["ref"]["$link"]}
    return some | {"confirm_code": "AAAAA-BBBBB", "app_password_name": "x"}


def session_api(account: Account, scope: str) -> Api:
    lineage = Session.objects.get(account=account).lineage
    return Api(account.host, session_tokens.make_access(account.host, account.did, scope, lineage))


def app_api(account: Account, scope: str) -> Api:
    later = timezone.now() + timedelta(days=1)
    scope = f"atproto {scope}".strip()
    session = OAuthSession.objects.create(
        account=account, client_id="http://localhost", dpop_jkt=AppApi.key.jkt,
        granted_scope=scope, scope=scope, refreshed_at=timezone.now(),
        code_sha256=digests.sha256(scope), refresh_until=later, ends_at=later,
    )  # fmt: skip
    return AppApi(account.host, access_tokens.make(account.host, session, account.did)[0])


def is_refused(response) -> bool:
    """For its credentials, and not for what it asked."""
    if response.status_code == 401:
        pytest.fail(f"the credentials are no good at all: {response.content!r}")
    if response.status_code == 403:
        return response.json()["error"] in ("Forbidden", "ScopeMissingError")
    return response.status_code == 400 and b"Bad token scope" in response.getvalue()


def opened_to(nsid: str, api: Api, facts: dict[str, str]) -> bool:
    """Whether the method opens; whatever it does is undone."""
    asked = filled(TABLE[nsid].asked or MATRIX[nsid].asked, facts)
    with transaction.atomic():
        response = answer_to(nsid, api, asked)
        refused = is_refused(response)
        transaction.set_rollback(True)
    return not refused


def test_every_method_that_accounts_may_call_has_a_row():
    assert sorted(TABLE) == sorted(FOR_ACCOUNTS)


@pytest.mark.parametrize("nsid", TABLE)
def test_a_method_opens_to_these_sessions(nsid, account, facts):
    opened = {
        name
        for name, scope in SESSIONS.items()
        if opened_to(nsid, session_api(account, scope), facts)
    }
    assert opened == TABLE[nsid].sessions


@pytest.mark.parametrize("nsid", TABLE)
def test_a_method_opens_to_these_apps(nsid, account, facts):
    opened = {
        name for name, scope in APPS.items() if opened_to(nsid, app_api(account, scope), facts)
    }
    assert opened == TABLE[nsid].apps
