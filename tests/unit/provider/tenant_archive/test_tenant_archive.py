"""A tenant leaves one deployment and comes to another: the same heads, files and secrets."""

import tarfile
from io import BytesIO
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.models import Account, AppPassword
from hosting.models import Host, Member, StaffUser, Tenant
from hosting.tenancy import routing
from moderation import audit_chain
from moderation.audit import OPERATOR
from protocol import cid
from provider.api import tokens
from provider.errors import InUse, NameTaken
from provider.models import Job, Webhook
from provider.tenancy import suspensions, tenant_log
from provider.tenant_archive import exporting, keys, tables
from provider.tenant_archive.container import BrokenArchive
from provider.tenant_archive.exporting import NotSuspended, Receiver
from provider.tenant_archive.importing import import_tenant
from provider.tenant_archive.reading import Reader
from provider.webhooks import addresses
from repos.maintenance.restore import STEP
from repos.models import Blob, EventCounter, Node, Record, Repo
from repos.reads import exports
from server.encryption import keyring
from tests import factories, shortcuts
from tests.api import network
from tests.api.clients import Api, Person, sign_up
from tests.unit.provider.test_commands import data, say

pytestmark = pytest.mark.django_db(transaction=True)
POST, PHRASE = "app.bsky.feed.post", "a passphrase of some length"
WHOEVER_KNOWS = Receiver(PHRASE)


@pytest.fixture(autouse=True)
def here(monkeypatch, settings, folder):
    """A deployment without workers and without a network."""
    settings.VALKEY_URL = ""
    routing.forget()
    network.stand_in(monkeypatch, [])
    yield
    keyring.ciphers.cache_clear()


@pytest.fixture
def alice(ash) -> Person:
    """Somebody with records and a picture."""
    person = sign_up(ash, "alice")
    picture = person.send("com.atproto.repo.uploadBlob", b"a picture", "image/png").json()["blob"]
    for number in range(5):
        person.create(POST, {"text": f"{number}", "createdAt": "2026-01-01T00:00:00Z"})
    embed = {"$type": "app.bsky.embed.images", "images": [{"image": picture, "alt": ""}]}
    person.create(POST, {"text": "look", "createdAt": "2026-01-01T00:00:00Z", "embed": embed})
    person.call("com.atproto.server.createAppPassword", name="app")
    return person


def heads() -> dict[str, tuple[bytes, bytes]]:
    return {repo.did: (bytes(repo.head), bytes(repo.commit)) for repo in Repo.objects.all()}


def exported(tenant: Tenant, path: Path, receiver: Receiver = WHOEVER_KNOWS) -> Path:
    suspended = suspensions.suspend(tenant, OPERATOR, reason="It leaves.")
    exporting.export(suspended, path, receiver, OPERATOR)
    return path


def go_elsewhere(settings) -> None:
    """Another deployment: another database, other keys."""
    shortcuts.empty()
    settings.KEY_ENCRYPTION_KEYS = f"other:{'ab' * 32}"
    keyring.ciphers.cache_clear()
    routing.forget()


def test_a_tenant_is_the_same_elsewhere(ash, alice, tmp_path, settings):
    sent = EventCounter.objects.filter(pk=ash.pk).values_list("last_seq", flat=True).first() or 0
    before, path = heads(), exported(ash.tenant, tmp_path / "ash.tar")
    counted = (Record.objects.count(), Node.objects.count())
    go_elsewhere(settings)
    made = import_tenant(path, OPERATOR, passphrase=PHRASE)
    assert made == {
        "tenant": "ash", "hosts": ["localhost"], "accounts": 1, "records": 6, "blobs": 1,
        "unfinished": {"sign-ups": 0, "moves in": 0},
    }  # fmt: skip
    assert heads() == before
    assert (Record.objects.count(), Node.objects.count()) == counted
    assert EventCounter.objects.get(pk=Host.objects.get().pk).last_seq == sent + STEP
    assert AppPassword.objects.count() == 1
    assert audit_chain.verify(Tenant.objects.get()).fault == ""


def test_people_go_on_where_they_were(ash, alice, tmp_path, settings):
    path = exported(ash.tenant, tmp_path / "ash.tar")
    go_elsewhere(settings)
    import_tenant(path, OPERATOR, passphrase=PHRASE)
    suspensions.resume(Tenant.objects.get(), OPERATOR)
    routing.forget()
    host = Host.objects.select_related("tenant").get()
    login = {"identifier": alice.handle, "password": alice.password}
    session = Api(host).call("com.atproto.server.createSession", **login).json()
    again = Person(host, session["accessJwt"], did=alice.did, handle=alice.handle)
    again.create(POST, {"text": "here again", "createdAt": "2026-01-01T00:00:00Z"})
    link = cid.to_text(cid.of_raw(b"a picture"))
    blob = Api(host).query("com.atproto.sync.getBlob", did=alice.did, cid=link)
    assert b"".join(blob.streaming_content if blob.streaming else [blob.content]) == b"a picture"


def test_an_archive_is_opened_by_its_receiver_alone(ash, alice, tmp_path, settings):
    private, public = keys.new_receiver()
    path = exported(ash.tenant, tmp_path / "ash.tar", Receiver(public_key=public))
    go_elsewhere(settings)
    for wrong in ({"passphrase": PHRASE}, {"private_key": keys.new_receiver()[0]}):
        with pytest.raises(keys.WrongKey):
            import_tenant(path, OPERATOR, **wrong)
    assert not Tenant.objects.exists()
    assert import_tenant(path, OPERATOR, private_key=private)["accounts"] == 1


def test_what_is_here_already_is_in_the_way(ash, birch, alice, tmp_path):
    path = exported(ash.tenant, tmp_path / "ash.tar")
    with pytest.raises(NameTaken):
        import_tenant(path, OPERATOR, passphrase=PHRASE)
    Tenant.objects.filter(pk=ash.tenant_id).update(slug="elm")
    with pytest.raises(InUse, match="Host name is in use by localhost"):
        import_tenant(path, OPERATOR, passphrase=PHRASE)


def test_it_comes_beside_another_tenant(ash, birch, alice, tmp_path, settings):
    mallory = sign_up(birch, "mallory")
    birchs = exported(birch.tenant, tmp_path / "birch.tar")
    ashs = exported(ash.tenant, tmp_path / "ash.tar")
    before = heads()
    assert mallory.did.encode() not in ashs.read_bytes()
    assert alice.did.encode() not in birchs.read_bytes()
    go_elsewhere(settings)
    for path in (birchs, ashs):
        import_tenant(path, OPERATOR, passphrase=PHRASE)
    assert heads() == before
    owners = dict(Account.objects.values_list("did", "host__tenant__slug"))
    assert owners == {alice.did: "ash", mallory.did: "birch"}


def test_an_export_that_was_killed_is_gone_on_with(ash, alice, tmp_path, monkeypatch, settings):
    path = tmp_path / "ash.tar"
    with monkeypatch.context() as killing:
        killing.setattr(exports, "export_repo", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            exported(ash.tenant, path)
    part = tmp_path / "ash.tar.part"
    with part.open("r+b") as file:  # in the middle of a member
        file.truncate(part.stat().st_size - 700)
    begun = part.read_bytes()[:4096]
    exporting.export(Tenant.objects.get(), path, WHOEVER_KNOWS, OPERATOR)
    assert path.read_bytes()[:4096] == begun
    assert [each.name for each in tmp_path.glob("ash.tar*")] == ["ash.tar"]
    go_elsewhere(settings)
    assert import_tenant(path, OPERATOR, passphrase=PHRASE)["records"] == 6


def test_an_import_that_breaks_off_leaves_nothing(ash, alice, tmp_path, monkeypatch, settings):
    path = exported(ash.tenant, tmp_path / "ash.tar")
    go_elsewhere(settings)
    with monkeypatch.context() as killing:
        killing.setattr(tenant_log, "note", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            import_tenant(path, OPERATOR, passphrase=PHRASE)
    left = (Tenant, Host, Account, Repo, Record, Job)
    assert [model.__name__ for model in left if model.objects.exists()] == []
    assert import_tenant(path, OPERATOR, passphrase=PHRASE)["records"] == 6


def test_an_altered_archive_is_refused(ash, alice, tmp_path, settings):
    path = exported(ash.tenant, tmp_path / "ash.tar")
    altered = path.read_bytes().replace(b"alice", b"malic")
    path.write_bytes(altered)
    go_elsewhere(settings)
    with pytest.raises(BrokenArchive):
        import_tenant(path, OPERATOR, passphrase=PHRASE)


@pytest.mark.parametrize(
    ("label", "changed"),
    [
        ("provider.ApiToken", {"tenant_id": None}),
        ("hosting.Member", {"tenant_id": -1}),
        ("accounts.Account", {"host_id": 0}),
        ("hosting.Host", {"hostname": "LOCALHOST."}),
        ("hosting.Host", {"service_did": "did:web:birch.localhost%3A2583"}),
        ("hosting.Host", {"origin": "http://birch.localhost:2583"}),
    ],
)
def test_rows_of_others_are_refused(
    ash, birch, alice, tmp_path, monkeypatch, settings, label, changed
):
    make_token(ash.tenant)
    make_owner(ash.tenant)
    path = exported(ash.tenant, tmp_path / "ash.tar")
    go_elsewhere(settings)
    tell(monkeypatch, label, changed)
    with pytest.raises(BrokenArchive):
        import_tenant(path, OPERATOR, passphrase=PHRASE)
    assert not Tenant.objects.exists()


def test_nobody_becomes_staff_of_the_platform(ash, alice, tmp_path, monkeypatch, settings):
    make_owner(ash.tenant)
    path = exported(ash.tenant, tmp_path / "ash.tar")
    go_elsewhere(settings)
    tell(monkeypatch, "hosting.StaffUser", {"is_superuser": True, "is_platform_staff": True})
    import_tenant(path, OPERATOR, passphrase=PHRASE)
    olga = StaffUser.objects.get(username="olga")
    assert not olga.is_superuser
    assert not olga.is_platform_staff


def test_a_host_is_not_named_as_somebodys_handle(ash, alice, tmp_path, settings):
    path = exported(ash.tenant, tmp_path / "ash.tar")
    go_elsewhere(settings)
    factories.account_row(factories.birch(), handle="localhost")
    with pytest.raises(NameTaken, match="somebody's handle"):
        import_tenant(path, OPERATOR, passphrase=PHRASE, is_dry_run=True)


def test_a_handle_of_another_tenants_domain_is_in_the_way(
    ash, alice, tmp_path, monkeypatch, settings
):
    path = exported(ash.tenant, tmp_path / "ash.tar")
    go_elsewhere(settings)
    factories.birch()
    tell(monkeypatch, "accounts.Account", {"handle": "ceo.birch.test"})
    with pytest.raises(InUse, match=r"ceo\.birch\.test"):
        import_tenant(path, OPERATOR, passphrase=PHRASE, is_dry_run=True)


def test_no_archive_uses_up_the_numbers_of_a_table(db):
    accounts = next(each for each in tables.TABLES if each.label == "accounts.Account")
    with pytest.raises(BrokenArchive):
        tables.move(accounts, 1, 2**62)


def test_webhooks_are_told_of_records_from_now_on(ash, tmp_path, settings):
    Webhook.objects.create(
        tenant=ash.tenant, url="https://hook.example", events=[], collections=[POST],
        secret=keyring.wrap(b"secret"), record_position=10**12, disabled_at=timezone.now(),
    )  # fmt: skip
    path = exported(ash.tenant, tmp_path / "ash.tar")
    go_elsewhere(settings)
    import_tenant(path, OPERATOR, passphrase=PHRASE)
    assert Webhook.objects.get().record_position == addresses.newest_position()


def test_a_file_is_as_large_as_its_bytes(ash, alice, tmp_path, monkeypatch, settings):
    path = exported(ash.tenant, tmp_path / "ash.tar")
    go_elsewhere(settings)
    rows = Reader.rows
    lies = {"size": -(2**40), "mimeType": "text/html\r\nSet-Cookie: a=b"}
    monkeypatch.setattr(
        Reader,
        "rows",
        lambda self, name: (
            row | lies if name.startswith("blobs/") else row for row in rows(self, name)
        ),
    )
    import_tenant(path, OPERATOR, passphrase=PHRASE)
    blob = Blob.objects.get()
    assert (blob.size, blob.mime_type) == (len(b"a picture"), "application/octet-stream")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_a_member_is_a_file(tmp_path, kind):
    path = tmp_path / "ash.tar"
    with tarfile.open(path, "w:") as tar:
        manifest, link = tarfile.TarInfo("manifest.json"), tarfile.TarInfo("repos/1.car")
        manifest.size, link.type, link.linkname = 2, kind, "repos/1.car"
        tar.addfile(manifest, BytesIO(b"{}"))
        tar.addfile(link)
    with Reader(path) as reader:
        with pytest.raises(BrokenArchive):
            [*reader.pieces("repos/1.car")]
        with pytest.raises(BrokenArchive):
            reader.check()


def make_owner(tenant: Tenant) -> None:
    olga = StaffUser.objects.create_user("olga", password="a password of olga")
    Member.objects.create(tenant=tenant, user=olga, role=Member.Role.OWNER)


def make_token(tenant: Tenant) -> None:
    tokens.create("script", tenant, ["accounts:read"])


def tell(monkeypatch, label: str, changed: dict[str, object]) -> None:
    """An archive whose rows of a table say something else."""
    rows = Reader.rows

    def lying(self: Reader, member: str):
        for row in rows(self, member):
            yield row | changed if member == f"tables/{label}.jsonl" else row

    monkeypatch.setattr(Reader, "rows", lying)


def test_a_tenant_that_serves_its_people_is_a_backup_only(ash, tmp_path):
    with pytest.raises(NotSuspended):
        exporting.export(ash.tenant, tmp_path / "ash.tar", WHOEVER_KNOWS, OPERATOR)
    exporting.export(ash.tenant, tmp_path / "ash.tar", WHOEVER_KNOWS, OPERATOR, is_backup=True)


def test_a_tenant_is_exported_and_imported_by_command(ash, alice, tmp_path, settings):
    public = data("tenant", "receiver-key", "--to", str(tmp_path / "key"))["receiver-key"]
    say("tenant", "suspend", "ash", "--reason", "It leaves.")
    path = str(tmp_path / "ash.tar")
    done = data("tenant", "export", "ash", "--to", path, "--receiver-key", public)
    assert (done["accounts"], done["blobs"]) == (1, 1)
    go_elsewhere(settings)
    opened = ("import", path, "--key-file", str(tmp_path / "key"))
    assert data("tenant", *opened, "--dry-run")["accounts"] == 1
    assert not Tenant.objects.exists()
    assert data("tenant", *opened)["records"] == 6
