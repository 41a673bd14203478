"""A reference PDS's data directory becomes a host of ours, and its people notice nothing."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import CommandError

from accounts.models import Account, AppPassword, InviteCode, InvitePermission, Preference
from hosting.models import Host, Tenant
from hosting.tenancy import routing
from moderation.audit import OPERATOR
from protocol.keys import SigningKey
from provider.adoption import adopting
from provider.adoption.adopting import Wanted
from provider.adoption.reference_directory import Directory, NotADirectory
from provider.tenancy import tenants
from repos.maintenance import check
from repos.maintenance.restore import STEP
from repos.models import Blob, Event, EventCounter, Repo
from tests import factories, shortcuts
from tests.api import network
from tests.api.clients import Api, Person, sign_up
from tests.unit.provider.adoption import data_directory
from tests.unit.provider.test_commands import data, say

pytestmark = pytest.mark.django_db(transaction=True)
POST, APP_PASSWORD, PICTURE = "app.bsky.feed.post", "abcd-efgh-ijkl-mnop", b"a picture"
THEIRS = SigningKey.generate("k256")
WANTED = Wanted("pds.acme.org", [".test"], THEIRS.secret, "http://pds.acme.org:2583")


@pytest.fixture
def alice(ash, monkeypatch, settings, folder) -> Person:
    settings.VALKEY_URL = ""
    routing.forget()
    network.stand_in(monkeypatch, [])
    person = sign_up(ash, "alice")
    picture = person.send("com.atproto.repo.uploadBlob", PICTURE, "image/png").json()["blob"]
    embed = {"$type": "app.bsky.embed.images", "images": [{"image": picture, "alt": ""}]}
    for text in ("one", "two"):
        person.create(POST, {"text": text, "createdAt": data_directory.AT, "embed": embed})
    return person


@pytest.fixture
def head(alice) -> bytes:
    """Where her repo stood at the old host."""
    return bytes(Repo.objects.get().head)


@pytest.fixture
def directory(alice, head, tmp_path: Path) -> Directory:
    """Her old host's, which is no more; here there is a tenant."""
    path = data_directory.make(tmp_path / "pds", alice, APP_PASSWORD, PICTURE)
    shortcuts.empty()
    tenants.create("acme", {"name": "Acme"}, OPERATOR)
    return Directory(path, path / "blocks")


def adopted(directory: Directory) -> Host:
    adopting.adopt(directory, Tenant.objects.get(), WANTED, OPERATOR)
    routing.forget()
    return Host.objects.select_related("tenant").get()


def session(host: Host, name: str, password: str):
    login = {"identifier": name, "password": password}
    return Api(host).call("com.atproto.server.createSession", **login)


def test_all_of_it_is_there(directory, head):
    report = adopting.adopt(directory, Tenant.objects.get(), WANTED, OPERATOR)
    assert (report.left, report.last_seq) == ([], 41)
    assert report.counts == {
        "accounts": 1, "records": 2, "blobs": 1, "preferences": 1, "app passwords": 1,
        "invite codes": 1,
    }  # fmt: skip
    assert bytes(Repo.objects.get().head) == head
    assert EventCounter.objects.get(pk=Host.objects.get().pk).last_seq == 41 + STEP
    assert Host.objects.get().rotation_did_key == THEIRS.did_key
    assert (Preference.objects.count(), InviteCode.objects.get().used_count) == (1, 1)
    assert Blob.objects.get().state == Blob.State.LIVE
    assert not Event.objects.exists()


def test_passwords_go_on_and_are_hashed_anew(directory, alice):
    host = adopted(directory)
    before = Account.objects.get().password
    assert session(host, alice.handle, "wrong").status_code == 401
    assert session(host, alice.handle, alice.password).status_code == 200
    assert before.startswith("scrypt$")
    assert Account.objects.get().password.startswith("argon2")
    for _ in range(2):
        assert session(host, alice.handle, APP_PASSWORD).status_code == 200
    assert not AppPassword.objects.get().password_hash.startswith("scrypt:")


def test_people_write_on_from_their_head(directory, alice, head):
    host = adopted(directory)
    token = session(host, alice.handle, alice.password).json()["accessJwt"]
    person = Person(host, token, did=alice.did, handle=alice.handle)
    person.create(POST, {"text": "three", "createdAt": data_directory.AT})
    report = check.check_repo(Repo.objects.get().pk, lambda _: None)
    assert report.damages == []
    assert Event.objects.count() == 1


def test_a_dry_run_says_what_a_run_says_and_changes_nothing(directory):
    tenant = Tenant.objects.get()
    said = adopting.adopt(directory, tenant, WANTED, OPERATOR, is_dry_run=True)
    left = (Host, Account, Repo, Blob, EventCounter)
    assert [model.__name__ for model in left if model.objects.exists()] == []
    assert adopting.adopt(directory, tenant, WANTED, OPERATOR) == said


def test_who_is_not_whole_is_left_and_named(directory, alice):
    (store,) = (directory.path / "actors").glob("*/*")
    (store / "key").unlink()
    report = adopting.adopt(directory, Tenant.objects.get(), WANTED, OPERATOR)
    assert report.counts["accounts"] == 0
    assert report.left == [f"{alice.did}: its store or its key is not there"]


def test_another_key_is_found_out(directory, alice):
    (store,) = (directory.path / "actors").glob("*/*")
    (store / "key").write_bytes(SigningKey.generate("k256").secret)
    report = adopting.adopt(directory, Tenant.objects.get(), WANTED, OPERATOR)
    assert "not signed with its key" in report.left[0]


def test_what_is_no_data_directory_is_refused(directory, tmp_path):
    with pytest.raises(NotADirectory):
        adopting.adopt(Directory(tmp_path, tmp_path), Tenant.objects.get(), WANTED, OPERATOR)


def test_a_host_is_adopted_by_command(directory, alice, tmp_path):
    (tmp_path / "rotation-key").write_text(THEIRS.secret.hex())
    (tmp_path / "short").write_text("abcd")
    name = ("host", "adopt", str(directory.path), "--name", "pds.acme.org", "--tenant", "acme")
    more = ("--domain", ".test", "--rotation-key-file")
    with pytest.raises(CommandError, match="--rotation-key-file"):
        say(*name, *more, str(tmp_path / "short"))
    said = data(*name, *more, str(tmp_path / "rotation-key"))
    assert (said["accounts"], said["left"]) == (1, [])


def lie(path: Path, change: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(change, values)


@pytest.mark.parametrize("is_disabled", [0, 1])
def test_who_was_to_invite_nobody_invites_nobody(directory, is_disabled):
    lie(directory.path / "account.sqlite", "UPDATE account SET invitesDisabled = ?", is_disabled)
    adopted(directory)
    assert InvitePermission.objects.filter(is_disabled=True).count() == is_disabled


def test_a_file_is_as_large_as_its_bytes(directory):
    (store,) = (directory.path / "actors").glob("*/*")
    lie(store / "store.sqlite", "UPDATE blob SET size = -1, mimeType = 'a\r\nb: c'")
    adopted(directory)
    blob = Blob.objects.get()
    assert (blob.size, blob.mime_type) == (len(PICTURE), "application/octet-stream")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE repo_block SET content = 1099511627776",
        "UPDATE repo_root SET cid = 7",
        "UPDATE account_pref SET valueJson = char(0)",
        "DROP TABLE repo_block",
    ],
)
def test_a_store_that_lies_is_left_and_named(directory, alice, change):
    (store,) = (directory.path / "actors").glob("*/*")
    lie(store / "store.sqlite", change)
    report = adopting.adopt(directory, Tenant.objects.get(), WANTED, OPERATOR)
    assert set(report.counts.values()) <= {0, 1}
    assert report.counts["accounts"] == 0
    assert report.left[0].startswith(f"{alice.did}: ")
    assert not Repo.objects.exists()


def test_a_did_is_no_way_out_of_the_directory(directory):
    did = "../../../other"
    for table in ("actor", "account"):
        lie(directory.path / "account.sqlite", f"UPDATE {table} SET did = ?", did)
    report = adopting.adopt(directory, Tenant.objects.get(), WANTED, OPERATOR)
    assert report.left == [f"{did}: that is no DID"]


@pytest.mark.parametrize("seq", [2**62, -1, "many"])
def test_numbers_that_no_firehose_reaches_are_refused(directory, seq):
    lie(directory.path / "sequencer.sqlite", "UPDATE sqlite_sequence SET seq = ?", seq)
    with pytest.raises(NotADirectory):
        adopting.adopt(directory, Tenant.objects.get(), WANTED, OPERATOR)


def test_a_handle_of_another_tenants_domain_is_not_taken(directory, alice):
    factories.birch()
    lie(directory.path / "account.sqlite", "UPDATE actor SET handle = 'Ceo.birch.test'")
    acme = Tenant.objects.get(slug="acme")
    report = adopting.adopt(directory, acme, WANTED, OPERATOR)
    said = "its handle ceo.birch.test is under another host's domain"
    assert (report.left, report.counts["accounts"]) == ([f"{alice.did}: {said}"], 0)
