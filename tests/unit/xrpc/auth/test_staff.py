"""Admin by password, moderation service by token: each claim wrong in turn."""

import base64
import time

import orjson
import pytest
from django.contrib.auth.hashers import make_password
from django.test import RequestFactory

from accounts.authentication import session_tokens
from accounts.identity import resolution
from accounts.service_auth import tokens as service_tokens
from hosting.models import Host
from protocol.did.did_document import DidDocument
from protocol.errors import XrpcError
from protocol.keys import SigningKey
from tests.factories import account_row
from tests.session_tokens import access_token
from xrpc.auth import staff
from xrpc.auth.declared import Auth
from xrpc.response.errors import AuthenticationRequired, AuthMissing

MOD = "did:plc:mmmmmmmmmmmmmmmmmmmmmmmm"
LXM = "com.atproto.admin.getAccountInfo"
KEY, LABEL_KEY, OTHER_KEY = (SigningKey.generate() for _ in range(3))


@pytest.fixture
def host(ash):
    ash.admin_password = make_password("sesame")
    ash.moderation_did = MOD
    ash.save()
    return ash


@pytest.fixture(autouse=True)
def asked(monkeypatch):
    """Whose documents were asked for, and whether past every cache."""
    found = []

    def resolve(did, *, fresh=False):
        found.append((did, fresh))
        methods = [
            {"id": f"{did}#{name}", "type": "Multikey", "publicKeyMultibase": key.did_key[8:]}
            for name, key in (("atproto", KEY), ("atproto_label", LABEL_KEY))
        ]
        return DidDocument({"id": did, "verificationMethod": methods})

    monkeypatch.setattr(resolution, "resolve_did", resolve)
    return found


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def segment(value) -> bytes:
    return base64.urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=")


def bearer(host, key=KEY, **changes) -> str:
    now = int(time.time())
    claims = {"iss": MOD, "aud": host.service_did, "lxm": LXM, "exp": now + 60, "jti": "1"}
    signed = segment({"typ": "JWT", "alg": "ES256K"}) + b"." + segment(claims | changes)
    signature = base64.urlsafe_b64encode(key.sign(signed)).rstrip(b"=")
    return f"Bearer {(signed + b'.' + signature).decode()}"


def read(host, authorization=None, auth=None, verb="get"):
    headers = {"HTTP_AUTHORIZATION": authorization} if authorization else {}
    request = getattr(RequestFactory(), verb)(f"/xrpc/{LXM}", **headers)
    return (auth or Auth.moderator()).read(request, host).caller


@pytest.mark.parametrize("auth", [Auth.admin(), Auth.moderator(), Auth.optional_owner()])
def test_the_password_makes_an_admin(host, auth):
    caller = read(host, basic("admin:sesame"), auth)
    assert (caller.did, caller.scope) == ("", "admin")


@pytest.mark.parametrize("auth", [Auth.admin(), Auth.moderator(), Auth.optional_owner()])
@pytest.mark.parametrize(
    "header", [basic("admin:wrong"), basic("root:sesame"), basic(":sesame"), basic("admin"),
               "Basic !!!", "Basic //79"],
)  # fmt: skip
def test_anything_else_does_not(host, auth, header):
    with pytest.raises(AuthenticationRequired):
        read(host, header, auth)


def test_a_password_with_colons_is_whole(host):
    host.admin_password = make_password("a:b:c")
    host.save()
    assert read(host, basic("admin:a:b:c"))


def test_what_is_remembered_of_a_host_lets_nobody_in(host):
    Host.objects.update(admin_password=make_password("open"), moderation_did="")
    assert read(host, basic("admin:open")).scope == "admin"
    for ended in (basic("admin:sesame"), bearer(host)):
        with pytest.raises(XrpcError):
            read(host, ended)


@pytest.mark.parametrize("auth", [Auth.admin(), Auth.moderator()])
def test_no_header_is_missing(host, auth):
    with pytest.raises(AuthMissing):
        read(host, None, auth)


@pytest.mark.parametrize("auth", [Auth.admin(), Auth.moderator()])
def test_a_users_session_is_a_401(host, auth):
    session = access_token(host, account_row(host).did, session_tokens.ACCESS_SCOPE)
    with pytest.raises((AuthenticationRequired, service_tokens.BadJwtType)) as refusal:
        read(host, f"Bearer {session}", auth)
    assert refusal.value.status == 401


def test_a_users_own_service_token_is_untrusted(host):
    account = account_row(host)
    jwt = service_tokens.mint(account, host.service_did, LXM)
    with pytest.raises(staff.UntrustedIss):
        read(host, f"Bearer {jwt}")


def test_the_moderation_service_is_let_in(host):
    caller = read(host, bearer(host))
    assert (caller.did, caller.scope) == (MOD, "moderator")


def test_it_may_come_as_its_labeler(host):
    jwt = bearer(host, LABEL_KEY, iss=f"{MOD}#atproto_labeler")
    assert read(host, jwt).did == MOD


def test_it_is_no_admin(host):
    with pytest.raises(AuthenticationRequired):
        read(host, bearer(host), Auth.admin())


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"aud": "did:web:elsewhere.example"}, "BadJwtAudience"),
        ({"lxm": "com.atproto.admin.sendEmail"}, "BadJwtLexiconMethod"),
        ({"lxm": ""}, "BadJwtLexiconMethod"),
        ({"exp": 1}, "JwtExpired"),
        ({"iss": "did:plc:nnnnnnnnnnnnnnnnnnnnnnnn"}, "UntrustedIss"),
        ({"iss": f"{MOD}#bsky_fg"}, "BadJwtIss"),
        ({"iss": "x"}, "BadJwtIss"),
    ],
)
def test_each_wrong_claim_is_a_401_of_its_own(host, changes, name):
    with pytest.raises(XrpcError) as refusal:
        read(host, bearer(host, **changes))
    assert (refusal.value.status, refusal.value.name) == (401, name)


def test_another_key_is_refused_after_asking_anew(host, asked):
    with pytest.raises(service_tokens.BadJwtSignature):
        read(host, bearer(host, OTHER_KEY))
    assert asked == [(MOD, False), (MOD, True)]


def test_strangers_are_not_even_resolved(host, asked):
    with pytest.raises(staff.UntrustedIss, match="Untrusted issuer"):
        read(host, bearer(host, iss="did:web:attacker.example"))
    assert asked == []


def test_a_token_that_changes_something_is_good_once(host):
    header = bearer(host, jti=f"{time.time_ns()}")
    assert read(host, header, verb="post")
    with pytest.raises(service_tokens.BadServiceToken):
        read(host, header, verb="post")


def test_another_hosts_service_is_a_stranger_here(host, birch):
    birch.moderation_did = "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb"
    with pytest.raises(staff.UntrustedIss):
        read(birch, bearer(birch))


def test_the_sandbox_trusts_its_report_service(ash, settings):
    settings.REPORT_DID = "did:web:reports.example"
    assert staff.moderation_did(ash) == "did:web:reports.example"
    settings.SANDBOX = False
    assert staff.moderation_did(ash) == ""
