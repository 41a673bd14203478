"""A tenant leaves and comes by the REST API alone: export, download, upload, import."""

import io
import tarfile
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account
from hosting.models import Tenant
from hosting.tenancy import routing
from moderation.enforcement.legal import holds
from moderation.models import AuditEntry
from provider.jobs import running
from provider.models import Job, PlatformEntry
from provider.tenancy import suspensions
from provider.tenant_archive import kept_files
from server.encryption import keyring
from tests import factories, shortcuts
from tests.api.clients import sign_up

pytestmark = pytest.mark.django_db(transaction=True)
PHRASE = "a passphrase of some length"


@pytest.fixture(autouse=True)
def here(folder, settings, tmp_path):
    """A data folder of its own; another deployment's keys are forgotten."""
    settings.DATA_DIR = tmp_path
    yield
    keyring.ciphers.cache_clear()


def done(client, job: dict[str, Any]) -> dict[str, Any]:
    """A job that ended; nothing that opens an archive is left in it."""
    shown: dict[str, Any] = client.call("GET", f"jobs/{job['id']}")
    assert not {"passphrase", "private_key"} & Job.objects.get(pk=job["id"]).given.keys()
    return shown


def test_an_export_waits_while_some_process_may_still_take_a_write(ash, client_of, monkeypatch):
    monkeypatch.setattr(suspensions, "SETTLED_AFTER", timedelta(seconds=60))
    platform = client_of()
    platform.call("POST", "tenants/ash/suspend", {"reason": "It leaves."})
    begun = platform.call("POST", "tenants/ash/export", {"passphrase": PHRASE})
    assert Job.objects.get(pk=begun["id"]).state == Job.State.WAITING
    monkeypatch.setattr(suspensions, "SETTLED_AFTER", timedelta(0))
    Job.objects.make_due()
    running.queue.sweep()
    assert done(platform, begun)["state"] == "done"


def test_a_tenant_exports_itself_and_nobody_elses_archive_is_there(ash, birch, client_of):
    own, other = client_of(ash.tenant), client_of(birch.tenant, at=birch)
    asked = {"passphrase": PHRASE, "backup": True}
    archive = done(own, own.call("POST", "tenants/ash/export", asked))["result"]["archive"]
    assert b"manifest.json" in downloaded(own, archive)
    assert [each["id"] for each in own.call("GET", "archives")["items"]] == [archive]
    assert other.call("GET", "archives") == {"items": []}
    for path in (f"archives/{archive}", f"archives/{archive}/file"):
        other.call("GET", path)
        assert other.status == 404
    own.call("POST", "tenants/ash/export", {**asked, "leave_holds": True})
    assert own.status == 403
    said = AuditEntry.objects.filter(action=AuditEntry.Action.ACCOUNTS_EXPORT).get()
    assert (said.actor, said.reason) == ("api:token0", f"archive {archive} downloaded")


def test_a_tenant_stops_its_own_export_and_not_the_providers(ash, client_of, monkeypatch):
    monkeypatch.setattr(running.queue, "wake", lambda _: None)
    asked = {"passphrase": PHRASE, "backup": True}
    own, platform = client_of(ash.tenant), client_of()
    for whose, status in ((own, 200), (platform, 403)):
        begun = whose.call("POST", "tenants/ash/export", asked)
        own.call("POST", f"jobs/{begun['id']}/stop")
        assert own.status == status


def test_a_tenant_keeps_its_two_newest_archives(ash, client_of):
    own, asked = client_of(ash.tenant), {"passphrase": PHRASE, "backup": True}
    made = [own.call("POST", "tenants/ash/export", asked)["id"] for _ in range(3)]
    archives = [Job.objects.get(pk=each).result["archive"] for each in made]
    assert [each.id for each in kept_files.listed()] == archives[:0:-1]


def test_what_is_received_and_removed_is_on_the_platforms_record(ash, client_of):
    own, platform = client_of(ash.tenant), client_of()
    asked = {"passphrase": PHRASE, "backup": True}
    archive = done(own, own.call("POST", "tenants/ash/export", asked))["result"]["archive"]
    received = sent(platform, downloaded(own, archive)).json()["id"]
    assert own.call("GET", f"archives/{received}")["error"] == "NotFound"
    platform.call("DELETE", f"archives/{received}")
    said = PlatformEntry.objects.filter(about="archives").values_list("who", "what")
    assert [*said.order_by("pk")] == [
        ("platform-api:token1", f"archive {received} {what}") for what in ("received", "removed")
    ]


def downloaded(client, archive: str, **headers: str) -> bytes:
    named = {"Host": "localhost", "Authorization": f"Bearer {client.token}", **headers}
    answer = Client().get(f"/api/v1/archives/{archive}/file", headers=named)
    assert answer.status_code in (200, 206)
    return b"".join(answer.streaming_content)  # type: ignore[arg-type]


def sent(client, data: bytes) -> Any:
    named = {"Host": client.host.hostname, "Authorization": f"Bearer {client.token}"}
    return Client().post("/api/v1/archives", data, "application/x-tar", headers=named)


def test_a_tenant_is_exported_downloaded_sent_and_made_elsewhere(
    ash, birch, client_of, settings, tmp_path
):
    sign_up(ash, "alice")
    platform = client_of()
    platform.call("POST", "tenants/ash/suspend", {"reason": "It leaves."})
    job = done(platform, platform.call("POST", "tenants/ash/export", {"passphrase": PHRASE}))
    data = downloaded(platform, job["result"]["archive"])
    assert downloaded(platform, job["result"]["archive"], Range="bytes=512-1023") == data[512:1024]
    shortcuts.empty()
    settings.KEY_ENCRYPTION_KEYS = f"other:{'ab' * 32}"
    keyring.ciphers.cache_clear()
    routing.forget()
    there = client_of(at=factories.birch())
    archive = sent(there, data).json()
    assert (archive["tenant"], archive["size_bytes"]) == ("ash", len(data))
    kept_files.path_of("0" * 32).write_bytes(b"cut short")
    listed = [each["id"] for each in there.call("GET", "archives")["items"]]
    assert (listed[0], "0" * 32 in listed) == (archive["id"], False)
    where = f"archives/{archive['id']}/import"
    made = done(there, there.call("POST", where, {"passphrase": PHRASE}))
    assert (made["state"], made["result"]["accounts"]) == ("done", 1)
    assert Tenant.objects.get(slug="ash").suspended_at is not None


def test_what_is_no_archive_is_refused_and_leaves_nothing(client_of):
    platform = client_of()
    answer = sent(platform, b"no tar at all" * 100)
    assert (answer.status_code, answer.json()["error"]) == (400, "InvalidRequest")
    assert list(kept_files.folder().iterdir()) == []
    platform.call("POST", f"archives/{'0' * 32}/import", {"passphrase": PHRASE})
    assert platform.status == 404


def test_a_legal_hold_is_in_the_way_until_somebody_says_that_it_stays(ash, client_of):
    account = sign_up(ash, "alice")
    platform = client_of()
    platform.call("POST", "tenants/ash/suspend", {"reason": "It leaves."})
    holds.place("operator", Account.objects.get(did=account.did), "a court's order")
    refused = platform.call("POST", "tenants/ash/export", {"passphrase": PHRASE})
    assert (platform.status, refused["error"]) == (409, "HeldAccounts")
    assert account.did in refused["message"]
    platform.call("POST", "tenants/ash/export", {"passphrase": PHRASE, "leave_holds": True})
    assert platform.status == 202


def test_a_list_of_people_is_looked_at_and_written_to(ash, client_of):
    token = client_of(ash.tenant)
    where, listed = "hosts/localhost/invites/mail", "email;name\na@example.com;A\nnobody;B\n"
    looked = token.call("POST", where, {"listed": listed, "dry_run": True})
    assert looked["to_invite"] == ["a@example.com"]
    assert looked["faults"] == [{"line": 3, "text": "nobody"}]
    job = token.call("POST", where, {"listed": listed})
    assert done(token, job)["result"] == {"invited": 1, "known": 0, "left_out": 0}


def test_rows_that_nobody_can_read_are_one_sentence(ash, client_of):
    platform = client_of()
    broken = io.BytesIO()
    with tarfile.open(fileobj=broken, mode="w") as tar:
        manifest = b'{"format": "grove-tenant-archive", "version": 1, "key": 7}'
        about = tarfile.TarInfo("manifest.json")
        about.size = len(manifest)
        tar.addfile(about, io.BytesIO(manifest))
    archive = sent(platform, broken.getvalue()).json()["id"]
    job = done(platform, platform.call("POST", f"archives/{archive}/import", {}))
    assert (job["state"], "not whole" in job["error"]) == ("failed", True)
