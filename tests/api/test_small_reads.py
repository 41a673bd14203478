"""Small reads on the event loop: the same answers as in a thread, or none at all."""

import asyncio
import shutil
from urllib.parse import urlencode

import orjson
import pytest
from django.contrib.auth.hashers import make_password

from accounts import status
from accounts.invites import codes
from accounts.lifecycle import activation
from accounts.models import Account
from hosting import limits
from hosting.models import Host
from hosting.tenancy import routing
from protocol import cid
from repos.blobs import files
from repos.state import nodes
from server.cache.marks import MarksUnavailable
from server.database.connection import conninfo
from server.database.pipeline import Pipeline
from server.encryption import compact_jws
from tests.api.clients import Admin, Api, Person
from tests.oauth_app import App, Key
from xrpc import registry
from xrpc.small_reads import SmallReads

pytestmark = pytest.mark.django_db(transaction=True)

POST = "app.bsky.feed.post"
RECORD = {"$type": POST, "text": "hi", "createdAt": "2026-11-22T12:00:00.000Z"}
DESCRIBE, RESOLVE = "com.atproto.repo.describeRepo", "com.atproto.identity.resolveHandle"
GET_SESSION, GET_RECORD = "com.atproto.server.getSession", "com.atproto.repo.getRecord"
GET_PREFERENCES = "app.bsky.actor.getPreferences"
SERVICE_AUTH, LIST_REPOS = "com.atproto.server.getServiceAuth", "com.atproto.sync.listRepos"
OWN_CODES = "com.atproto.server.getAccountInviteCodes"
OF_SESSIONS = {
    GET_SESSION,
    GET_PREFERENCES,
    SERVICE_AUTH,
    OWN_CODES,
    "com.atproto.server.listAppPasswords",
    "com.atproto.temp.checkSignupQueue",
}
GET_STATUS, GET_CODES = "com.atproto.admin.getSubjectStatus", "com.atproto.admin.getInviteCodes"
OF_STAFF = {
    GET_STATUS,
    GET_CODES,
    "com.atproto.admin.getAccountInfo",
    "com.atproto.admin.getAccountInfos",
}
OF_HOSTS = {LIST_REPOS, "com.atproto.server.describeServer"}
GET_BLOB, PICTURE = "com.atproto.sync.getBlob", b"a picture"
HANDED_ON = None


async def handed_on(_scope, _receive, _send) -> None:
    """In place of the threads: nobody answers."""


class FilesHere:
    """As much of the bridge as sends files, without threads and sockets."""

    async def run_for_file(self, _scope, work):
        return work()

    async def send_file(self, _scope, _receive, send, answer) -> None:
        headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})


def small_answer(api: Api, nsid: str, params: dict, **headers: str):
    """(headers, body) from the event loop; HANDED_ON when a thread has to answer."""
    return asyncio.run(_small_answer(api, nsid, params, **headers))


async def _small_answer(
    api: Api, nsid: str, params: dict, marks=None, root: str = "/xrpc/", **headers: str
):
    pipeline = Pipeline(conninfo)
    app = SmallReads(handed_on, pipeline, marks, FilesHere())
    named = {"host": api.host.hostname, **headers}
    if api.token or isinstance(api, Admin):
        named["authorization"] = api.headers()["HTTP_AUTHORIZATION"]
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"{root}{nsid}",
        "query_string": urlencode(params).encode(),
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        "client": ("127.0.0.1", 5),
    }
    sent = []

    async def send(message) -> None:
        sent.append(message)

    try:
        await app(scope, None, send)
    finally:
        pipeline.close()
    if not sent:
        return HANDED_ON
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return told, sent[1]["body"]


@pytest.mark.parametrize("root", ["/abcd/", "//xrpc", "/XRPC/", "xrpc//"])
def test_methods_are_at_their_own_address_alone(alice, root):
    asked = _small_answer(Api(alice.host), RESOLVE, {"handle": alice.handle}, root=root)
    assert asyncio.run(asked) is HANDED_ON


@pytest.fixture(autouse=True)
def hosts(ash, birch) -> None:
    """Both hosts were looked up a moment ago."""
    assert routing.host_named(ash.hostname)
    assert routing.host_named(birch.hostname)


@pytest.fixture
def admin(ash) -> Admin:
    """Whose password was right a moment ago."""
    ash.admin_password = make_password("sesame")
    ash.save()
    routing.forget()
    assert routing.host_named(ash.hostname)
    assert Admin(ash).query(GET_CODES).status_code == 200
    return Admin(ash)


@pytest.fixture
def rkey(alice: Person) -> str:
    nsid = "com.atproto.repo.uploadBlob"
    image = alice.send(nsid, PICTURE, "image/png").json()["blob"]
    profile = "app.bsky.actor.profile"
    alice.create(profile, {"$type": profile, "avatar": image}, rkey="self")
    return alice.create(POST, RECORD)["uri"].rsplit("/", 1)[1]


def asked_of(person: Person, rkey: str) -> dict[str, dict[str, str]]:
    """Parameters for each method that has a small read."""
    did, record = {"did": person.did}, {"collection": POST, "rkey": rkey}
    return {
        GET_RECORD: {"repo": person.did, **record},
        DESCRIBE: {"repo": person.handle},
        RESOLVE: {"handle": person.handle.upper()},
        GET_SESSION: {},
        GET_PREFERENCES: {},
        SERVICE_AUTH: {"aud": "did:web:x.example.com", "lxm": POST},
        LIST_REPOS: {"limit": 1},
        "com.atproto.server.describeServer": {},
        GET_BLOB: {**did, "cid": cid.to_text(cid.of_raw(PICTURE))},
        "com.atproto.sync.getRecord": {**did, **record},
        "com.atproto.sync.getHead": did,
        "com.atproto.sync.getLatestCommit": did,
        "com.atproto.sync.getRepoStatus": did,
        OWN_CODES: {},
        "com.atproto.server.listAppPasswords": {},
        "com.atproto.temp.checkSignupQueue": {},
        GET_STATUS: did,
        GET_CODES: {"limit": 1},
        "com.atproto.admin.getAccountInfo": did,
        "com.atproto.admin.getAccountInfos": {"dids": person.did},
    }


def caller_of(nsid: str, person: Person) -> Api:
    """Credentials only where they are needed."""
    if nsid in OF_STAFF:
        return Admin(person.host)
    return person if nsid in OF_SESSIONS else Api(person.host)


def said(nsid: str, body: bytes) -> object:
    """A body, without what is drawn anew for each service token."""
    if nsid != SERVICE_AUTH:
        return body
    claims = compact_jws.parse(orjson.loads(body)["token"]).payload
    return {name: claims[name] for name in ("iss", "aud", "lxm")}


def give_codes(admin: Admin, owner: str) -> None:
    """Two, of which one is used."""
    nsid = "com.atproto.server.createInviteCodes"
    given = admin.call(nsid, useCount=1, codeCount=2, forAccounts=[owner]).json()
    codes.spend(admin.host, given["codes"][0]["codes"][0], "did:web:guest.example.com")


@pytest.mark.parametrize("with_used", ["true", "false"])
def test_codes_of_an_account_are_the_same_both_ways(alice, admin, with_used):
    give_codes(admin, alice.did)
    asked = {"includeUsed": with_used}
    usual = alice.query(OWN_CODES, **asked).json()
    assert len(usual["codes"]) == (2 if with_used == "true" else 1)
    assert orjson.loads(small_answer(alice, OWN_CODES, asked)[1]) == usual
    info = "com.atproto.admin.getAccountInfo"
    assert small_answer(admin, info, {"did": alice.did}) is HANDED_ON


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_both_ways_say_the_same(alice, admin, rkey, coding):
    asked = asked_of(alice, rkey)
    alice.call("com.atproto.server.createAppPassword", name="phone", privileged=True)
    give_codes(admin, "did:plc:" + "a" * 24)
    assert set(asked) == {
        nsid
        for nsid in registry.registered()
        if (method := registry.find(nsid)) and method.small is not None
    }
    for nsid, params in asked.items():
        api = caller_of(nsid, alice)
        found = small_answer(api, nsid, params, **{"accept-encoding": coding})
        assert found is not HANDED_ON, nsid
        usual = api.get(f"/xrpc/{nsid}", params, HTTP_ACCEPT_ENCODING=coding)
        told = {name.lower(): value for name, value in usual.items()}
        for changing in ("ratelimit-remaining", "ratelimit-reset"):
            told.pop(changing, None), found[0].pop(changing, None)
        body = usual.getvalue() if usual.streaming else usual.content
        assert (found[0], said(nsid, found[1])) == (told, said(nsid, body)), nsid


@pytest.mark.parametrize("condition", ["range", "if-none-match"])
def test_a_part_of_a_file_is_the_methods(alice, rkey, condition):
    asked = asked_of(alice, rkey)[GET_BLOB]
    assert small_answer(Api(alice.host), GET_BLOB, asked, **{condition: "*"}) is HANDED_ON


def test_a_file_that_is_gone_is_looked_for_by_the_method(alice, rkey, monkeypatch):
    asked = asked_of(alice, rkey)[GET_BLOB]
    assert small_answer(Api(alice.host), GET_BLOB, asked)[1] == PICTURE
    for path in files.storage().listdir("public")[0]:
        shutil.rmtree(files.storage().path(f"public/{path}"))
    assert small_answer(Api(alice.host), GET_BLOB, asked) is HANDED_ON


PREFERENCES = [
    {"$type": "app.bsky.actor.defs#personalDetailsPref", "birthDate": "2000-01-01T00:00:00.000Z"},
    {"$type": "app.bsky.actor.defs#adultContentPref", "enabled": True},
]


def test_preferences_are_those_that_the_session_may_see(alice):
    alice.call("app.bsky.actor.putPreferences", preferences=PREFERENCES)
    made = alice.call("com.atproto.server.createAppPassword", name="phone").json()
    login = {"identifier": alice.handle, "password": made["password"]}
    phone = Api(
        alice.host, alice.call("com.atproto.server.createSession", **login).json()["accessJwt"]
    )
    for api in (alice, phone):
        body = small_answer(api, GET_PREFERENCES, {})[1]
        assert body == api.query(GET_PREFERENCES).content
        assert (b"birthDate" in body, b"isOverAge18" in body) == (api is alice, True)


def test_preferences_that_another_app_view_keeps_are_handed_on(alice):
    named = {"atproto-proxy": "did:web:other.example.com#bsky_appview"}
    assert small_answer(alice, GET_PREFERENCES, {}, **named) is HANDED_ON
    named = {"atproto-proxy": "nobody"}
    assert small_answer(alice, GET_PREFERENCES, {}, **named) is HANDED_ON


def test_a_proof_whose_nodes_are_not_at_hand_is_handed_on(alice, rkey):
    asked = {"did": alice.did, "collection": POST, "rkey": rkey}
    nodes.CACHE.clear()
    assert small_answer(Api(alice.host), "com.atproto.sync.getRecord", asked) is HANDED_ON
    Api(alice.host).query("com.atproto.sync.getRecord", **asked)
    assert small_answer(Api(alice.host), "com.atproto.sync.getRecord", asked) is not HANDED_ON


def test_what_is_not_plain_is_handed_on(alice, rkey):
    record = {"repo": alice.did, "collection": POST, "rkey": rkey}
    nobody = Api(alice.host)
    not_plain = [
        (nobody, GET_RECORD, {**record, "rkey": "nothing"}),
        (nobody, GET_RECORD, {**record, "rkey": "\0"}),
        (nobody, GET_RECORD, {**record, "collection": "no name"}),
        (nobody, GET_RECORD, {"repo": alice.did}),
        (nobody, RESOLVE, {"handle": "stranger.example.com"}),
        (nobody, GET_SESSION, {}),
        (Api(alice.host, "no.token.atall"), GET_SESSION, {}),
        (Api(alice.host, alice.refresh_token), GET_SESSION, {}),
        (alice, "com.atproto.sync.getHead", {"did": alice.did}),
        (alice, "com.atproto.sync.getRecord", {**record, "did": alice.did}),
        (alice, SERVICE_AUTH, {"aud": "nobody"}),
        (alice, SERVICE_AUTH, {"aud": "did:web:x.example.com", "exp": 5}),
        (
            alice,
            SERVICE_AUTH,
            {"aud": "did:web:x.example.com", "lxm": "com.atproto.server.confirmEmail"},
        ),
        (nobody, LIST_REPOS, {"cursor": "nothing"}),
        (nobody, LIST_REPOS, {"limit": 1000}),
    ]
    for api, nsid, params in not_plain:
        assert small_answer(api, nsid, params) is HANDED_ON, (nsid, params)


def test_another_tenants_account_is_unknown(alice, admin, mallory, rkey):
    for nsid, params in asked_of(alice, rkey).items():
        stranger = Api(mallory.host, alice.token if nsid in OF_SESSIONS else "")
        if nsid in OF_STAFF:
            stranger = Admin(mallory.host)
        found = small_answer(stranger, nsid, params)
        assert (found is HANDED_ON) == (nsid not in OF_HOSTS), nsid
    assert alice.did.encode() not in small_answer(Api(mallory.host), LIST_REPOS, {"limit": 50})[1]


def test_staff_are_told_of_their_own_host_alone(admin, mallory):
    for nsid in OF_STAFF - {GET_CODES}:
        asked = {"dids" if nsid.endswith("Infos") else "did": mallory.did}
        assert small_answer(admin, nsid, asked) is HANDED_ON, nsid
    admin.call("com.atproto.server.createInviteCode", useCount=1)
    assert orjson.loads(small_answer(admin, GET_CODES, {})[1])["codes"]
    Host.objects.filter(pk=admin.host.pk).update(admin_password=make_password("opens"))
    assert small_answer(admin, GET_CODES, {}) is HANDED_ON
    assert small_answer(Admin(mallory.host), GET_CODES, {}) is HANDED_ON


def test_a_takedown_shows_in_the_next_answer(alice, admin, rkey):
    account = Account.objects.get(did=alice.did)
    status.take_down(account)
    for nsid, params in asked_of(alice, rkey).items():
        found = small_answer(caller_of(nsid, alice), nsid, params)
        assert (found is HANDED_ON) == (nsid not in OF_HOSTS | OF_STAFF), nsid
    assert b'"applied":true' in small_answer(admin, GET_STATUS, {"did": alice.did})[1]
    page = small_answer(Api(alice.host), LIST_REPOS, {"limit": 50})[1]
    assert b'"active":false,"status":"takendown"' in page


def test_a_deactivation_shows_in_the_next_answer(alice, rkey):
    activation.deactivate(Account.objects.get(did=alice.did))
    for nsid, params in asked_of(alice, rkey).items():
        found = small_answer(caller_of(nsid, alice), nsid, params)
        assert (found is HANDED_ON) == (nsid not in OF_SESSIONS | OF_HOSTS), nsid
    assert b'"status":"deactivated"' in small_answer(alice, GET_SESSION, {})[1]


def test_a_session_that_was_ended_is_not_answered(alice, rkey):
    asked = asked_of(alice, rkey)
    assert all(small_answer(alice, nsid, asked[nsid]) is not HANDED_ON for nsid in OF_SESSIONS)
    alice.refreshing().send("com.atproto.server.deleteSession")
    assert all(small_answer(alice, nsid, asked[nsid]) is HANDED_ON for nsid in OF_SESSIONS)


def test_an_answer_is_charged_once_and_no_answer_not_at_all(alice):
    def remaining(handle: str) -> int:
        small_answer(Api(alice.host), RESOLVE, {"handle": handle})
        told, _ = small_answer(Api(alice.host), RESOLVE, {"handle": alice.handle})
        return int(told["ratelimit-remaining"])

    before = remaining(alice.handle)
    assert remaining(alice.handle) == before - 2
    assert remaining("stranger.example.com") == before - 3


def test_who_has_used_up_the_budget_is_handed_on(alice, monkeypatch):
    def used_up(_host, _charges):
        raise limits.RateLimitExceeded("no more", {})

    monkeypatch.setattr(limits, "note_at", used_up)
    assert small_answer(Api(alice.host), RESOLVE, {"handle": alice.handle}) is HANDED_ON


class Marks:
    """As much of server.cache.marks as is used, over a set; `is_away` answers nobody."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.marks: set[str] = set()
        self.is_away = is_away

    async def claim(self, key: str, _expires_at: int) -> bool:
        if self.is_away:
            raise MarksUnavailable("away")
        is_first = key not in self.marks
        self.marks.add(key)
        return is_first

    def close(self) -> None:
        pass


def by_app(app: App, marks: Marks, proof: str = "", **headers: str):
    token = app.tokens["access_token"]
    url = f"{app.host.origin}/xrpc/{GET_SESSION}"
    shown = proof or app.key.proof("GET", url, app.nonce, token)
    named = {"authorization": f"DPoP {token}", "dpop": shown, **headers}
    return asyncio.run(_small_answer(Api(app.host), GET_SESSION, {}, marks, **named))


@pytest.fixture
def app(ash, alice) -> App:
    signed_in = App(ash).signed_in(alice.did)
    assert signed_in.call(GET_SESSION).status_code == 200  # its scopes are known by then
    return signed_in


def test_an_app_is_told_the_same_both_ways(app):
    told, body = by_app(app, Marks())
    usual = app.call(GET_SESSION)
    assert body == usual.content
    assert b"email" not in body
    assert told["dpop-nonce"] == usual["DPoP-Nonce"]
    assert "DPoP-Nonce" in told["access-control-expose-headers"]


def test_a_proof_serves_one_small_read(app):
    marks, url = Marks(), f"{app.host.origin}/xrpc/{GET_SESSION}"
    proof = app.key.proof("GET", url, app.nonce, app.tokens["access_token"])
    assert by_app(app, marks, proof) is not HANDED_ON
    assert by_app(app, marks, proof) is HANDED_ON


def test_what_is_not_plain_about_an_app_is_handed_on(app):
    app.nonce, nonce = "", app.nonce
    assert by_app(app, Marks()) is HANDED_ON
    app.nonce = nonce
    assert by_app(app, Marks(is_away=True)) is HANDED_ON
    assert by_app(app, Marks(), "junk") is HANDED_ON
    app.key = Key()
    assert by_app(app, Marks()) is HANDED_ON


def test_an_app_whose_session_ended_is_handed_on_and_keeps_its_proof(app):
    marks = Marks()
    app.revoke(app.tokens["access_token"])
    assert by_app(app, marks) is HANDED_ON
    assert marks.marks == set()
