"""One moderation service for several hosts: it knows one address, and acts on all that trust it."""

import pytest
from django.contrib.auth.hashers import make_password

from accounts.identity import resolution
from accounts.models import Account
from hosting.mail.models import OutgoingMail
from hosting.tenancy import routing
from moderation.models import AuditEntry
from protocol.did.did_document import DidDocument
from protocol.keys import SigningKey
from tests.api.clients import Api, Person
from tests.api.test_admin import Admin
from tests.unit.xrpc.auth.test_staff import bearer

NS = "com.atproto.admin."
MOD, OTHER = "did:plc:mmmmmmmmmmmmmmmmmmmmmmmm", "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb"
KEY = SigningKey.generate()
NOBODY = "NotFound"


class Service(Api):
    """The moderation service, at ash's address: a fresh token a call."""

    count = 0

    def get(self, path, params=None, **headers):
        self.sign(path.rpartition("/")[2])
        return super().get(path, params, **headers)

    def send(self, nsid, data=b"", content_type="application/json", **headers):
        self.sign(nsid)
        return super().send(nsid, data, content_type, **headers)

    def sign(self, nsid: str) -> None:
        Service.count += 1
        signed = bearer(self.host, KEY, lxm=nsid, jti=f"one-service-{Service.count}")
        self.token = signed.removeprefix("Bearer ")


def trust(host, did: str) -> None:
    host.moderation_did = did
    host.save()
    routing.forget()


@pytest.fixture
def service(ash, monkeypatch) -> Service:
    method = {"type": "Multikey", "publicKeyMultibase": KEY.did_key[8:]}

    def resolve(did, *, fresh=False):
        return DidDocument({"id": did, "verificationMethod": [{"id": "#atproto", **method}]})

    monkeypatch.setattr(resolution, "resolve_did", resolve)
    trust(ash, MOD)
    return Service(ash)


@pytest.fixture
def carol(mallory: Person, birch) -> Person:
    """Somebody at birch, which trusts the same service."""
    trust(birch, MOD)
    return mallory


def down(service, subject):
    mark = {"applied": True, "ref": "case-1"}
    return service.call(NS + "updateSubjectStatus", subject=subject, takedown=mark)


def account_of(did: str) -> dict[str, str]:
    return {"$type": "com.atproto.admin.defs#repoRef", "did": did}


def test_an_account_at_another_host_is_taken_down_and_says_so(service, carol):
    assert down(service, account_of(carol.did)).status_code == 200
    account = Account.objects.get(did=carol.did)
    assert (account.status, account.takedown_ref) == ("takendown", "case-1")
    status = service.query(NS + "getSubjectStatus", did=carol.did).json()
    assert status["takedown"] == {"applied": True, "ref": "case-1"}


def test_the_deed_stands_in_the_log_of_the_accounts_own_host(service, carol, birch):
    down(service, account_of(carol.did))
    entry = AuditEntry.objects.get(subject_did=carol.did)
    assert (entry.host, entry.actor) == (birch, MOD)


def test_a_record_at_another_host_is_taken_down(service, carol):
    made = carol.create("com.example.grove.thing", {"n": 1}, rkey="k")
    subject = {"$type": "com.atproto.repo.strongRef", "uri": made["uri"], "cid": made["cid"]}
    assert down(service, subject).status_code == 200
    status = service.query(NS + "getSubjectStatus", uri=made["uri"]).json()
    assert status["takedown"]["applied"] is True


def test_a_blob_at_another_host_is_taken_down(service, carol):
    upload = carol.send("com.atproto.repo.uploadBlob", b"bytes", "text/plain").json()["blob"]
    carol.create("com.example.grove.thing", {"blob": upload}, rkey="k")
    link = upload["ref"]["$link"]
    subject = {"$type": "com.atproto.admin.defs#repoBlobRef", "did": carol.did, "cid": link}
    assert down(service, subject).status_code == 200
    status = service.query(NS + "getSubjectStatus", did=carol.did, blob=link).json()
    assert status["takedown"]["applied"] is True


def test_accounts_of_both_hosts_are_found(service, alice, carol):
    assert service.query(NS + "getAccountInfo", did=carol.did).json()["email"] == carol.email
    infos = service.query(NS + "getAccountInfos", dids=[carol.did, alice.did]).json()["infos"]
    assert [info["did"] for info in infos] == [carol.did, alice.did]
    found = service.query(NS + "searchAccounts").json()["accounts"]
    assert {one["did"] for one in found} == {alice.did, carol.did}


def test_an_email_goes_out_in_the_name_of_the_accounts_own_host(service, carol, birch):
    words = {"content": "hello", "senderDid": MOD}
    answer = service.call(NS + "sendEmail", recipientDid=carol.did, **words)
    assert answer.json() == {"sent": True}
    assert OutgoingMail.objects.filter(recipient=carol.email).latest("id").host == birch


def test_a_host_that_trusts_another_service_stays_a_stranger(service, carol, birch):
    trust(birch, OTHER)
    assert down(service, account_of(carol.did)).json()["error"] == NOBODY
    for name in ("getSubjectStatus", "getAccountInfo"):
        assert service.query(NS + name, did=carol.did).json()["error"] == NOBODY
    assert service.query(NS + "getAccountInfos", dids=[carol.did]).json() == {"infos": []}
    assert service.query(NS + "searchAccounts", email=carol.email).json() == {"accounts": []}
    email = service.call(NS + "sendEmail", recipientDid=carol.did, content="x", senderDid=MOD)
    assert email.status_code == 400
    assert Account.objects.get(did=carol.did).status == "active"


def test_a_host_that_trusts_nobody_stays_a_stranger(service, carol, birch):
    trust(birch, "")
    assert down(service, account_of(carol.did)).json()["error"] == NOBODY


def test_the_admins_password_opens_one_host_alone(ash, carol, service):
    ash.admin_password = make_password("sesame")
    ash.save()
    routing.forget()
    assert down(Admin(ash), account_of(carol.did)).json()["error"] == NOBODY
