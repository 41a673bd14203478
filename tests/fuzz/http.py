"""Requests through the whole WSGI application and a real database: answered, in time, never a 500.

An input reads like a request: `POST /xrpc/nsid?query`, header lines, an empty line, the body. In it
`$DID`, `$TOKEN`, `$REFRESH`, `$HEAD` and `$CAR` stand for those of an account that is there,
`$ADMIN` for the host's admin password as Basic has it, `$STAFF` and `$WEB` for the sessions of
platform staff and of the account's owner in a browser, `$CSRF` for a form's token. Nobody answers
on the network.
"""

import base64
import io
import os
import secrets
import sys
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass

import django

from tests import services

if "DJANGO_SETTINGS_MODULE" not in os.environ:  # under pytest the conftest has done all this
    services.start()
    os.environ["DJANGO_SETTINGS_MODULE"] = "hosting.settings"
    os.environ["GROVE_RATE_LIMITS"] = "off"
    django.setup()

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.authentication import sessions, web_sessions
from accounts.models import Account
from accounts.signals import account_opened
from hosting.models import Host, StaffUser, Tenant
from hosting.tenancy import provisioning, routing
from protocol import car, cid, mst, syntax
from protocol.keys import SigningKey
from protocol.mst import node
from protocol.repo import commit
from repos.account_transfer.moves import old_session
from repos.account_transfer.moves.old_host import OldHost
from repos.commits import group_commit, writes
from repos.models import MoveIn, Record, Repo
from repos.reads import record_proofs, repos
from server.net import http_client
from server.web.wsgi_handler import application
from tests.factories import account_row
from tests.fuzz import forms, samples, sign_ins
from tests.fuzz.car import repaired

_THING = "com.example.thing"
_ADMIN = base64.b64encode(b"admin:sesame")
_POST = b'{"$type":"app.bsky.feed.post","text":"hi","createdAt":"2026-11-22T12:00:00Z"}'
_JSON = b"\nAuthorization: Bearer $TOKEN\nContent-Type: application/json\n\n"


def _call(nsid: str, body: bytes) -> bytes:
    return b"POST /xrpc/com.atproto." + nsid.encode() + _JSON + body


def _query(text: str) -> bytes:
    return f"GET /xrpc/com.atproto.{text}\nAuthorization: Bearer $TOKEN\n\n".encode()


_WRITES = b"""{"repo":"$DID","validate":false,"writes":[
{"$type":"com.atproto.repo.applyWrites#create","collection":"com.example.thing","value":{"a":[1]}},
{"$type":"com.atproto.repo.applyWrites#update","collection":"com.example.thing","rkey":"k","value":{}},
{"$type":"com.atproto.repo.applyWrites#delete","collection":"com.example.thing","rkey":"none"}]}"""
_RECORD = b'{"repo":"$DID","collection":"app.bsky.feed.post","record":' + _POST + b"}"
_WRITTEN = (
    _call("repo.createRecord", _RECORD),
    _call("repo.putRecord", _RECORD[:-1] + b',"rkey":"k","swapRecord":null,"swapCommit":"$HEAD"}'),
    _call("repo.deleteRecord", b'{"repo":"$DID","collection":"com.example.thing","rkey":"k"}'),
    _call("repo.applyWrites", _WRITES),
    b"POST /xrpc/com.atproto.repo.uploadBlob\nAuthorization: Bearer $TOKEN\n"
    b"Content-Type: image/png\nContent-Encoding: gzip\n\n\x1f\x8b\x08\0\0\0\0\0",
    b"POST /xrpc/com.atproto.repo.importRepo\nAuthorization: Bearer $TOKEN\n"
    b"Content-Type: application/vnd.ipld.car\n\n$CAR",
    *(
        b"POST /xrpc/com.atproto.repo.importRepo\nAuthorization: Bearer $TOKEN\n"
        b"Content-Type: application/vnd.ipld.car\n\n$PATHS " + paths
        for paths in (
            b"com.example.thing/k com.example.thing/.. com.example.other/self",
            b"thing/x App.Bsky.feed.post/k com.example.thing/" + b"x" * 513,
        )
    ),
    _call("repo.createRecord", _RECORD.replace(b'"text":"hi"', b'"text":"hi","a":' + b"[" * 40)),
    _call("repo.createRecord", _RECORD.replace(b"hi", b'hi","a":[' + b"{}," * 900 + b'{}],"b":"')),
    _query("repo.listRecords?repo=$DID&collection=com.example.thing&limit=5&cursor=k&reverse=true"),
    _query("repo.getRecord?repo=alice.test&collection=com.example.thing&rkey=k&cid=$HEAD"),
    _query("repo.describeRepo?repo=$DID"),
    _query("repo.listMissingBlobs?limit=5&cursor=$HEAD"),
    _query("sync.getRepo?did=$DID&since=3ke6kg3wk222b"),
    _query("sync.getRecord?did=$DID&collection=com.example.thing&rkey=k"),
    _query("sync.getBlocks?did=$DID&cids=$HEAD&cids=$HEAD"),
    _query("sync.getBlob?did=$DID&cid=$HEAD"),
    _query("sync.listBlobs?did=$DID&since=3ke6kg3wk222b&cursor=$HEAD"),
    _query("sync.listRepos?limit=2&cursor=1"),
    _query("identity.resolveHandle?handle=alice.test"),
    _query("server.getServiceAuth?aud=did:web:a.b&lxm=com.atproto.repo.getRecord&exp=9999999999"),
    _call("server.createSession", b'{"identifier":"alice.test","password":"x"}'),
    _call("server.createAppPassword", b'{"name":"$NEW","privileged":true}'),
    _call("moderation.createReport", b'{"reasonType":"a#b","subject":{"did":"$DID"}}'),
    _call("identity.updateHandle", b'{"handle":"$NEW.test"}'),
    _call("server.reserveSigningKey", b'{"did":"did:plc:ewvi7nxzyoun6zhxrhs64oiz"}'),
    b"POST /xrpc/com.atproto.server.refreshSession\nAuthorization: Bearer $REFRESH\n\n",
    b"GET /.well-known/atproto-did\nHost: alice.test\n\n",
    b"GET /account/sign-in?next=/account\nCookie: sessionid=x; csrftoken=y\n\n",
    b"HEAD /xrpc/_health\nRange: bytes=0-1,5-\nIf-None-Match: W/x\n\n",
)
SEEDS = (
    *_WRITTEN,
    *samples.requests(),
    *samples.requests("Basic $ADMIN", "com.atproto.admin."),
    *forms.requests(),
)


@dataclass(frozen=True)
class World:
    """What the placeholders mean."""

    did: bytes
    token: bytes
    refresh: bytes
    head: bytes
    car: bytes
    staff: bytes
    web: bytes


_worlds: list[World] = []


def prepare() -> None:
    """A database, a host and an account; for a process of our own."""
    call_command("migrate", verbosity=0)
    tenant = Tenant.objects.create(slug="ash", name="Ash")
    enter(provisioning.create_host(tenant, "localhost", "http://localhost:2583", [".test"]))


def enter(host: Host) -> None:
    """Make the account that the inputs speak of, and let nobody answer outside."""
    http_client.request = http_client.request_configured = _nobody  # type: ignore[assignment]
    with transaction.atomic():
        account = account_row(host, "alice")
        account_opened.send(sender=Account, account=account)
    repo = repos.find_repo(host, account.did)
    group_commit.apply_writes(repo, [writes.create(_THING, key, {"n": 1}) for key in "klm"])
    sign_ins.renew(account)
    _moved_in(account)
    repo = repos.find_repo(host, account.did)
    pair = sessions.begin(account)
    _worlds[:] = [
        World(
            did=account.did.encode(),
            token=pair.access_jwt.encode(),
            refresh=pair.refresh_jwt.encode(),
            head=cid.to_text(repo.head).encode(),
            car=record_proofs.record_proof(repo, _THING, "k"),
            staff=_staff_session(host),
            web=web_sessions.begin(account).encode(),
        )
    ]


def _moved_in(account: Account) -> None:
    """From a host that answers nobody, and whose session is still kept."""
    now = timezone.now()
    MoveIn.objects.create(
        pk=account.pk,
        host_id=account.host_id,
        origin="https://old.example",
        records_at=now,
        state=MoveIn.State.COPIED,
        decided_at=now,
    )
    old_session.keep(account.pk, OldHost("https://old.example", account.did, "a", "b"))


def _staff_session(host: Host) -> bytes:
    """Of somebody who works for the provider; the host gets an admin password, too."""
    Host.objects.filter(pk=host.pk).update(
        admin_password=make_password("sesame"), admission=Host.Admission.CAPTCHA
    )
    routing.forget()
    browser = Client()
    browser.force_login(StaffUser.objects.create_user("s", is_staff=True, is_platform_staff=True))
    return browser.cookies[settings.SESSION_COOKIE_NAME].value.encode()


def check(data: bytes) -> None:
    """One request. Faults of other servers may show (502 to 504), faults of ours may not."""
    status = answer_to(data)
    assert not status.startswith("500"), data


def answer_to(data: bytes) -> str:
    """The status line's end (`404 Not Found`) of the answer to one request."""
    world = _worlds[0]
    head, _, body = data.partition(b"\n\n")
    lines = _filled(head, world).decode("latin-1").split("\n")
    content = _filled(body, world)
    is_car = "importRepo" in lines[0]
    environ = _environ(lines[0], lines[1:], repaired(content) if is_car else content)
    if is_car and content.startswith(b"$PATHS "):
        environ = _environ(lines[0], lines[1:], _repo_of(world, content.split()[1:]))
    status: list[str] = []
    answer = application(environ, lambda line, _headers, _fault=None: status.append(line))
    with closing(answer) if hasattr(answer, "close") else nullcontext():
        for _ in answer:
            pass
    _wake_up(world)
    if is_car:
        stored = Record.objects.values_list("collection", "rkey")
        assert all(syntax.is_record_path(*path) for path in stored), data
    return status[0]


def _repo_of(world: World, keys: list[bytes]) -> bytes:
    """A repo with an empty record under each key, as far as a tree takes them."""
    record = cid.of_dag_cbor(b"\xa0")
    taken = {key for key in keys if _is_key(key)}
    root, nodes = mst.build([(key, record) for key in sorted(taken)])
    signed = commit.sign(world.did.decode(), "3ke6kg3wk222b", root, SigningKey.generate())
    return car.write(signed.cid, [(signed.cid, signed.block), *nodes.items(), (record, b"\xa0")])


def _is_key(key: bytes) -> bool:
    with suppress(mst.MstError):
        node.check_key(key)
        return True
    return False


def _wake_up(world: World) -> None:
    """An input may have put the account to rest; the next one shall find it at work."""
    did = world.did.decode()
    for account in Account.objects.select_related("host").filter(did=did):  # unless it was deleted
        sign_ins.renew(account)
    if Account.objects.filter(did=did, deactivated_at__isnull=False).update(deactivated_at=None):
        Repo.objects.filter(did=did).update(status=Repo.Status.ACTIVE)


def _filled(text: bytes, world: World) -> bytes:
    values = {b"$DID": world.did, b"$TOKEN": world.token, b"$REFRESH": world.refresh}
    values |= {b"$HEAD": world.head, b"$CAR": world.car, b"$STAFF": world.staff}
    values |= {b"$WEB": world.web, b"$ADMIN": _ADMIN, b"$CSRF": b"c" * 32}
    for name, value in values.items():
        text = text.replace(name, value)
    return text.replace(b"$NEW", secrets.token_hex(4).encode())


def _environ(request_line: str, headers: list[str], body: bytes) -> dict[str, object]:
    verb, _, target = request_line.partition(" ")
    path, _, query = target.partition("?")
    environ: dict[str, object] = {
        "REQUEST_METHOD": verb if verb.isalpha() and verb.isascii() else "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": path if path.startswith("/") else "/" + path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
    }
    for line in headers:
        name, colon, value = line.partition(":")
        if colon:
            key = name.strip().upper().replace("-", "_")
            bare = {"CONTENT_TYPE", "CONTENT_LENGTH"}
            environ[key if key in bare else f"HTTP_{key}"] = value.strip()
    return environ


def _nobody(*_args: object, **_limits: object) -> http_client.Answer:
    raise http_client.Unreachable("nobody is there")
