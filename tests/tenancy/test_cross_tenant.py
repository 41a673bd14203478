"""Every XRPC method of one tenant, asked about another tenant's people.

Alice has an account at ash; all calls go to birch. They come with Alice's own credentials (`hers`),
with none (`nobody`), and with those of Mallory, who is at home at birch (`mallorys`). Each must get
a stranger's answer. A method without a row here does not pass.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest

from accounts.authentication import email_codes
from accounts.models import Account
from moderation.labels import changes
from protocol import car, mst
from protocol.keys import SigningKey
from protocol.repo import commit
from tests import factories
from tests.api import shared_people
from tests.api.clients import Api
from xrpc import (
    app_bsky,  # noqa: F401 - importing it declares its methods
    com_atproto,  # noqa: F401 - importing it declares its methods
    registry,
)

pytestmark = pytest.mark.django_db
shared, directory = shared_people.shared, shared_people.directory
ash, birch = shared_people.ash, shared_people.birch
alice, mallory = shared_people.alice, shared_people.mallory

THING = "com.example.grove.thing"
CAR = "application/vnd.ipld.car"
SECRET = "a sentence that only ash may show"
LABEL = "rude-at-ash"
OK = "200"
NO_TOKEN, BAD_TOKEN, NO_REPO = "401 AuthMissing", "400 InvalidToken", "400 RepoNotFound"
IDENTITY = frozenset({"did", "handle"})  # a DID document and a handle's own domain say as much
UNKNOWN_REPO = "400 InvalidRequest"  # com.atproto.repo.* has no name of its own for it


@dataclass(frozen=True)
class Row:
    """What is asked, about Alice; the answers. `$name` stands for that fact about her; `public`
    names the facts that the network tells anybody."""

    asked: dict[str, Any] = field(default_factory=dict)
    hers: str = BAD_TOKEN
    nobody: str = NO_REPO
    mallorys: str = NO_REPO
    public: frozenset[str] = frozenset()


def public(**asked: str) -> Row:
    """A public read that no credentials change: the header is not even looked at."""
    return everyone(UNKNOWN_REPO, **asked)


def own(**asked: Any) -> Row:
    """A method for the owner of the repo: all others are turned away."""
    return Row(asked, nobody=NO_TOKEN, mallorys=UNKNOWN_REPO)


def everyone(answer: str, public: frozenset[str] = frozenset(), **asked: str) -> Row:
    return Row(asked, answer, answer, answer, public)


def admins(**asked: Any) -> Row:
    """A method for the host's admin: a session is worth nothing, whoever's it is."""
    refusal = "401 AuthenticationRequired"
    return Row(asked, refusal, NO_TOKEN, refusal)


def moderators(**asked: Any) -> Row:
    """A method for the admin and the moderation service: a session is no service token."""
    refusal = "401 BadJwtType"
    return Row(asked, refusal, NO_TOKEN, refusal)


def app_view(**asked: str) -> Row:
    """A read of the app view, and none is configured."""
    return Row(asked, nobody=NO_TOKEN, mallorys="501 MethodNotImplemented")


SUBJECT = {"$type": "com.atproto.admin.defs#repoRef", "did": "$did"}
PUSH = {"serviceDid": "did:web:push.example.com", "token": "t", "platform": "web", "appId": "a"}
FEED = "at://did:web:feeds.example.com/app.bsky.feed.generator/k"
RECORD = {"repo": "$did", "collection": THING, "rkey": "k"}
MATRIX = {
    # These name no subject of this host: they are the caller's own, or another service's affair.
    "app.bsky.actor.getPreferences": Row(nobody=NO_TOKEN, mallorys=OK),
    "app.bsky.actor.getProfile": app_view(actor="$did"),
    "app.bsky.actor.getProfiles": app_view(actors="$did"),
    "app.bsky.actor.putPreferences": Row({"preferences": []}, nobody=NO_TOKEN, mallorys=OK),
    "app.bsky.feed.getActorLikes": app_view(actor="$did"),
    "app.bsky.feed.getAuthorFeed": app_view(actor="$did"),
    "app.bsky.feed.getFeed": app_view(feed=FEED),
    "app.bsky.feed.getPostThread": app_view(uri=FEED),
    "app.bsky.feed.getTimeline": app_view(),
    "app.bsky.notification.registerPush": Row(PUSH, nobody=NO_TOKEN, mallorys=OK),
    "app.bsky.notification.unregisterPush": Row(PUSH, nobody=NO_TOKEN, mallorys=OK),
    "com.atproto.admin.deleteAccount": admins(did="$did"),
    "com.atproto.admin.disableAccountInvites": moderators(account="$did"),
    "com.atproto.admin.disableInviteCodes": moderators(accounts=["$did"]),
    "com.atproto.admin.enableAccountInvites": moderators(account="$did"),
    "com.atproto.admin.getAccountInfo": moderators(did="$did"),
    "com.atproto.admin.getAccountInfos": moderators(dids="$did"),
    "com.atproto.admin.getInviteCodes": moderators(),
    "com.atproto.admin.getSubjectStatus": moderators(did="$did"),
    "com.atproto.admin.searchAccounts": moderators(email="$email"),
    "com.atproto.admin.sendEmail": moderators(recipientDid="$did", content="x", senderDid="$did"),
    "com.atproto.admin.updateAccountEmail": admins(account="$did", email="x@example.com"),
    "com.atproto.admin.updateAccountHandle": admins(did="$did", handle="$handle"),
    "com.atproto.admin.updateAccountPassword": admins(did="$did", password="another one"),
    "com.atproto.admin.updateAccountSigningKey": admins(did="$did", signingKey="did:key:z1"),
    "com.atproto.admin.updateSubjectStatus": moderators(
        subject=SUBJECT, takedown={"applied": True}
    ),
    # These name no subject: it is the caller's own identity.
    "com.atproto.identity.getRecommendedDidCredentials": Row(nobody=NO_TOKEN, mallorys=OK),
    "com.atproto.identity.requestPlcOperationSignature": Row(nobody=NO_TOKEN, mallorys=OK),
    "com.atproto.identity.signPlcOperation": Row(nobody=NO_TOKEN, mallorys="400 InvalidRequest"),
    "com.atproto.identity.submitPlcOperation": Row(
        {"operation": {}}, nobody=NO_TOKEN, mallorys="400 InvalidRequest"
    ),
    "com.atproto.identity.updateHandle": Row(
        {"handle": "$handle"}, nobody=NO_TOKEN, mallorys="400 InvalidRequest"
    ),
    # What the network says of anybody to anybody.
    "com.atproto.identity.refreshIdentity": Row(
        {"identifier": "$did"}, nobody=NO_TOKEN, mallorys=OK, public=IDENTITY
    ),
    "com.atproto.identity.resolveDid": everyone(OK, IDENTITY, did="$did"),
    "com.atproto.identity.resolveHandle": everyone(OK, IDENTITY, handle="$handle"),
    "com.atproto.identity.resolveIdentity": everyone(OK, IDENTITY, identifier="$handle"),
    # Alice's tenant has a labeler, which called her rude; birch's says nothing.
    "com.atproto.label.queryLabels": everyone(OK, uriPatterns="$did"),
    # A report goes to the staff of the reporter's own host, whomever it is about.
    "com.atproto.moderation.createReport": Row(
        {"subject": SUBJECT, "reasonType": "com.atproto.moderation.defs#reasonSpam"},
        nobody=NO_TOKEN,
        mallorys=OK,
        public=IDENTITY,  # the answer repeats the subject
    ),
    "com.atproto.moderation.sendAbuseNotice": Row(
        {
            "noticeId": 1,
            "authority": "$did",
            "subjects": [{"accountDid": "$did"}],
            "abuseType": "spam",
        },
        "401 BadJwtType",
        NO_TOKEN,
        "401 BadJwtType",
    ),
    "com.atproto.lexicon.resolveLexicon": everyone("400 LexiconNotFound", nsid=THING),
    "com.atproto.repo.applyWrites": own(repo="$did", writes=[]),
    "com.atproto.repo.createRecord": own(**RECORD, record={"n": 1}),
    "com.atproto.repo.deleteRecord": own(**RECORD),
    "com.atproto.repo.describeRepo": public(repo="$handle"),
    "com.atproto.repo.getRecord": everyone("400 RecordNotFound", **RECORD),
    # An import names its subject in the CAR; Alice's is refused in every repo but hers.
    "com.atproto.repo.importRepo": Row(
        {"did": "$did"}, nobody=NO_TOKEN, mallorys="400 InvalidRequest"
    ),
    "com.atproto.repo.listMissingBlobs": Row(nobody=NO_TOKEN, mallorys=OK),
    "com.atproto.repo.listRecords": public(repo="$did", collection=THING),
    "com.atproto.repo.putRecord": own(**RECORD, record={"n": 1}),
    # An upload names no subject: it goes to the caller's own repo.
    "com.atproto.repo.uploadBlob": Row(nobody=NO_TOKEN, mallorys=OK),
    # These two name no subject: the caller's own account rests, and wakes.
    "com.atproto.server.activateAccount": Row(nobody=NO_TOKEN, mallorys=OK),
    "com.atproto.server.checkAccountStatus": Row(nobody=NO_TOKEN, mallorys=OK),
    "com.atproto.server.confirmEmail": Row(
        {"email": "$email", "token": "$confirm_code"}, nobody=NO_TOKEN, mallorys="400 InvalidEmail"
    ),
    # Her session is no proof that the DID is hers: that takes a service token of its key.
    "com.atproto.server.createAccount": Row(
        {"handle": "$handle", "email": "$email", "password": "$password"},
        hers="401 BadJwtType",
        nobody="400 UnsupportedDomain",
        mallorys="401 BadJwtType",
    ),
    "com.atproto.server.createAppPassword": Row({"name": "own"}, nobody=NO_TOKEN, mallorys=OK),
    "com.atproto.server.createInviteCode": admins(useCount=1, forAccount="$did"),
    "com.atproto.server.createInviteCodes": admins(codeCount=1, useCount=1, forAccounts=["$did"]),
    "com.atproto.server.createSession": everyone(
        "401 AuthenticationRequired", identifier="$handle", password="$password"
    ),
    "com.atproto.server.deactivateAccount": Row(nobody=NO_TOKEN, mallorys=OK),
    "com.atproto.server.deleteAccount": everyone(
        "401 AuthenticationRequired", did="$did", password="$password", token="$delete_code"
    ),
    "com.atproto.server.deleteSession": Row(nobody=NO_TOKEN, mallorys=BAD_TOKEN),
    "com.atproto.server.describeServer": everyone(OK),
    # A token speaks for the caller, whomever it is meant for.
    "com.atproto.server.getServiceAuth": Row({"aud": "$did"}, nobody=NO_TOKEN, mallorys=OK),
    "com.atproto.server.getAccountInviteCodes": Row(nobody=NO_TOKEN, mallorys=OK),
    "com.atproto.server.getSession": Row(nobody=NO_TOKEN, mallorys=OK),
    "com.atproto.server.listAppPasswords": Row(nobody=NO_TOKEN, mallorys=OK),
    "com.atproto.server.refreshSession": Row(nobody=NO_TOKEN, mallorys=BAD_TOKEN),
    # These three name no subject: the e-mail goes to the caller's own address.
    "com.atproto.server.requestAccountDelete": Row(nobody=NO_TOKEN, mallorys=OK),
    "com.atproto.server.requestEmailConfirmation": Row(nobody=NO_TOKEN, mallorys=OK),
    "com.atproto.server.requestEmailUpdate": Row(nobody=NO_TOKEN, mallorys=OK),
    "com.atproto.server.requestPasswordReset": everyone("400 AccountNotFound", email="$email"),
    "com.atproto.server.resetPassword": everyone(
        "400 InvalidToken", token="$reset_code", password="another one"
    ),
    # A key is made for whoever asks.
    "com.atproto.server.reserveSigningKey": everyone(OK, did="$did"),
    "com.atproto.server.revokeAppPassword": Row(
        {"name": "$app_password_name"}, nobody=NO_TOKEN, mallorys=OK
    ),
    # An address is taken at its own host only.
    "com.atproto.server.updateEmail": Row({"email": "$email"}, nobody=NO_TOKEN, mallorys=OK),
    "com.atproto.sync.getBlob": Row({"did": "$did", "cid": "$blob"}),
    "com.atproto.sync.getBlocks": Row({"did": "$did", "cids": "$cid"}),
    "com.atproto.sync.getCheckout": Row({"did": "$did"}),
    "com.atproto.sync.getHead": Row({"did": "$did"}),
    "com.atproto.sync.getLatestCommit": Row({"did": "$did"}),
    "com.atproto.sync.getRecord": Row({"did": "$did", "collection": THING, "rkey": "k"}),
    "com.atproto.sync.getRepo": Row({"did": "$did"}),
    "com.atproto.sync.getRepoStatus": everyone(NO_REPO, did="$did"),
    "com.atproto.sync.listBlobs": Row({"did": "$did"}),
    "com.atproto.sync.listRepos": everyone(OK),
    "com.atproto.sync.listReposByCollection": everyone(OK, collection=THING),
    # Whether a handle is free is no secret; that of another host is none that could be had here.
    "com.atproto.temp.checkHandleAvailability": everyone(
        OK, handle="$handle", email="somebody@example.com"
    ),
    "com.atproto.temp.checkSignupQueue": Row(nobody=NO_TOKEN, mallorys=OK),
    "network.bsky.jetstream.getZstdDictionary": everyone(OK),
}
STREAMS = {
    "com.atproto.label.subscribeLabels",
    "com.atproto.sync.subscribeRepos",
}  # tests/tenancy/test_streams.py


@pytest.fixture(scope="module")
def facts(alice) -> dict[str, str]:
    """What there is to know about Alice: nobody at birch may."""
    upload = alice.send("com.atproto.repo.uploadBlob", b"ash's bytes", "text/plain").json()
    made = alice.create(THING, {"text": SECRET, "blob": upload["blob"]}, rkey="k")
    app = alice.call("com.atproto.server.createAppPassword", name="alices phone").json()
    labeler = factories.labeler(account := Account.objects.get(did=alice.did))
    changes.put(labeler, alice.did, LABEL, actor="admin", reason="seen")
    apps = {"app_password_name": app["name"], "app_password": app["password"]}
    names = {"did": alice.did, "handle": alice.handle, "password": alice.password}
    blob = upload["blob"]["ref"]["$link"]
    codes = {
        f"{purpose.partition('_')[0]}_code": email_codes.issue(account, purpose)
        for purpose in email_codes.Purpose
        if purpose != email_codes.Purpose.AUTH_FACTOR
    }
    return {**names, **apps, **codes, "email": alice.email, "cid": made["cid"], "blob": blob}


def filled(asked: Any, facts: dict[str, str]) -> Any:
    """What is asked with the facts about her put in, however deep they stand."""
    if isinstance(asked, dict):
        return {name: filled(value, facts) for name, value in asked.items()}
    if isinstance(asked, list):
        return [filled(value, facts) for value in asked]
    return facts[asked[1:]] if isinstance(asked, str) and asked.startswith("$") else asked


def repo_of(did: str) -> bytes:
    """A repo as anybody could write one down, under a key of their own."""
    root, nodes = mst.build([])
    signed = commit.sign(did, "3ke6kg3wk222b", root, SigningKey.generate())
    return car.write(signed.cid, [(signed.cid, signed.block), *nodes.items()])


def answer_to(nsid: str, api: Api, asked: dict[str, Any]):
    """Make the call the way its lexicon wants it."""
    method = registry.find(nsid)
    if method.kind == "query":
        return api.query(nsid, **asked)
    if method.lexicon.input_encoding == "*/*":
        return api.send(nsid, b"x", "text/plain")
    if method.lexicon.input_encoding == CAR:
        return api.send(nsid, repo_of(asked["did"]), CAR)
    return api.call(nsid, **asked) if method.lexicon.input_encoding else api.send(nsid)


def summary(response) -> str:
    if response.status_code == 200:
        return OK
    return f"{response.status_code} {response.json()['error']}"


def assert_nothing_of_hers(nsid: str, response, facts: dict[str, str]) -> None:
    """Only what the caller said itself may come back, and what is public of everybody."""
    row = MATRIX[nsid]
    said = [str(value) for value in filled(row.asked, facts).values()]
    said += [facts[name] for name in row.public]
    text = response.getvalue().decode(errors="replace")
    for fact in (*facts.values(), SECRET, LABEL):
        assert fact in said or fact not in text


def test_every_method_has_a_row():
    assert MATRIX.keys() | STREAMS == set(registry.registered())


@pytest.mark.parametrize("nsid", MATRIX)
def test_her_own_credentials_open_nothing_elsewhere(nsid, alice, birch, facts):
    is_refresh = nsid.endswith(("refreshSession", "deleteSession"))
    token = alice.refresh_token if is_refresh else alice.token
    asked = filled(MATRIX[nsid].asked, facts)
    response = answer_to(nsid, Api(birch, token), asked)
    assert summary(response) == MATRIX[nsid].hers
    assert_nothing_of_hers(nsid, response, facts)


@pytest.mark.parametrize("nsid", MATRIX)
def test_nobody_learns_of_her_elsewhere(nsid, alice, birch, facts):
    asked = filled(MATRIX[nsid].asked, facts)
    response = answer_to(nsid, Api(birch), asked)
    assert summary(response) == MATRIX[nsid].nobody
    assert_nothing_of_hers(nsid, response, facts)


@pytest.mark.parametrize("nsid", MATRIX)
def test_another_tenants_people_cannot_reach_her(nsid, alice, mallory, facts):
    asked = filled(MATRIX[nsid].asked, facts)
    response = answer_to(nsid, mallory, asked)
    assert summary(response) == MATRIX[nsid].mallorys
    assert_nothing_of_hers(nsid, response, facts)


def test_after_all_that_she_is_as_she_was(alice, birch, facts):
    head = alice.query("com.atproto.sync.getLatestCommit", did=alice.did).json()
    for nsid, row in MATRIX.items():
        answer_to(nsid, Api(birch, alice.token), filled(row.asked, facts))
        answer_to(nsid, Api(birch, alice.refresh_token), filled(row.asked, facts))
    assert alice.query("com.atproto.sync.getLatestCommit", did=alice.did).json() == head
    apps = alice.query("com.atproto.server.listAppPasswords").json()["passwords"]
    assert [app["name"] for app in apps] == ["alices phone"]
    assert alice.refreshing().send("com.atproto.server.refreshSession").status_code == 200
