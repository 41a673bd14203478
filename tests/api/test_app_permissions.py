"""What an app may do beside the table of methods: addresses, other services, batches, files."""

import pytest

from accounts.models import Account
from tests.api.clients import Api
from tests.api.test_method_credentials import VIEW, app_api

SESSION = "com.atproto.server.getSession"
CHAT = "chat.bsky.convo.listConvos"
SERVICE = f"{VIEW}#bsky_appview"
OTHER = "did:web:other.example.com#svc"
POST, LIKE = "app.bsky.feed.post", "app.bsky.feed.like"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32


@pytest.fixture(autouse=True)
def _app_view(settings):
    settings.APPVIEW_URL, settings.APPVIEW_DID = "http://127.0.0.1:9", VIEW


@pytest.fixture
def account(alice) -> Account:
    return Account.objects.select_related("host").get(did=alice.did)


def answer(response) -> str:
    if response.status_code == 200:
        return "200"
    return f"{response.status_code} {response.json()['error']}"


@pytest.mark.parametrize(
    ("scope", "is_shown"),
    [
        ("", False),
        ("transition:generic", False),
        ("transition:email", True),
        ("account:email", True),
        ("account:email?action=manage", True),
    ],
)
def test_an_app_sees_the_address_if_it_may(account, scope, is_shown):
    session = app_api(account, scope).query(SESSION).json()
    assert session["did"] == account.did
    shown = {"email", "emailConfirmed", "emailAuthFactor"} & session.keys()
    assert bool(shown) == is_shown


@pytest.mark.parametrize(
    ("scope", "proxy", "expected"),
    [
        ("transition:generic", "", "200"),
        (f"rpc:com.example.some.method?aud={SERVICE}", "", "200"),
        (f"rpc:com.example.some.method?aud={SERVICE}", OTHER, "403 ScopeMissingError"),
        (f"rpc:*?aud={OTHER}", OTHER, "200"),
        (f"rpc:*?aud={OTHER}", "", "403 ScopeMissingError"),
        ("rpc:com.example.other.method?aud=*", "", "403 ScopeMissingError"),
        ("", "", "403 ScopeMissingError"),
    ],
)
def test_methods_that_are_not_ours_are_called_at_the_service_that_was_granted(
    account, scope, proxy, expected
):
    header = {"HTTP_ATPROTO_PROXY": proxy} if proxy else {}
    response = app_api(account, scope).get("/xrpc/com.example.some.method", **header)
    assert answer(response) == expected


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("transition:generic", "403 ScopeMissingError"),
        ("transition:generic transition:chat.bsky", "200"),
        (f"rpc:{CHAT}?aud=*", "200"),
    ],
)
def test_private_messages_have_a_scope_of_their_own(account, scope, expected):
    assert answer(app_api(account, scope).query(CHAT)) == expected


@pytest.mark.parametrize("scope", ["transition:generic", f"rpc:*?aud={OTHER}"])
def test_no_app_acts_as_a_hosts_admin_elsewhere(account, scope):
    path = "/xrpc/com.atproto.admin.getInviteCodes"
    response = app_api(account, scope).get(path, HTTP_ATPROTO_PROXY=OTHER)
    assert answer(response) == "403 Forbidden"


def test_protected_methods_never_leave_whatever_was_granted(account):
    app = app_api(account, "transition:generic")
    nsid = "com.atproto.server.createAppPassword"
    minted = app.query("com.atproto.server.getServiceAuth", aud=VIEW, lxm=nsid)
    assert answer(minted) == "400 InvalidRequest"


def test_one_write_without_a_scope_stops_the_batch(account, alice):
    app = app_api(account, f"repo:{POST}?action=create")
    kinds = "com.atproto.repo.applyWrites#"
    post = {"$type": f"{kinds}create", "collection": POST, "value": {"text": "x"}}
    like = {"$type": f"{kinds}delete", "collection": LIKE, "rkey": "x"}
    writes = {"repo": alice.did, "validate": False}
    nsid = "com.atproto.repo.applyWrites"
    assert answer(app.call(nsid, **writes, writes=[post, like])) == "403 ScopeMissingError"
    assert answer(app.call(nsid, **writes, writes=[post])) == "200"
    assert not app.query("com.atproto.repo.listRecords", repo=alice.did, collection=LIKE).json()[
        "records"
    ]


def test_a_refusal_says_what_is_missing(account, alice):
    record = {"repo": alice.did, "collection": POST, "record": {"text": "x"}}
    refused = app_api(account, "").call("com.atproto.repo.createRecord", **record).json()
    assert refused["message"] == f'Missing required scope "repo:{POST}?action=create"'


def test_a_file_is_what_its_bytes_say(account):
    nsid = "com.atproto.repo.uploadBlob"
    app = app_api(account, "blob:text/*")
    assert answer(app.send(nsid, PNG, "image/png")) == "403 ScopeMissingError"
    assert answer(app.send(nsid, PNG, "text/plain")) == "403 ScopeMissingError"


def test_sessions_of_passwords_need_no_scope(alice):
    assert Api(alice.host, alice.token).query(SESSION).json()["email"] == alice.email
