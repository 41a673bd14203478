"""What the documents tell people to type, typed into a running Grove.

"The reverse proxy" and "Tenants and hosts" are in test_documented_production.py, what is not typed
and why in test_documents.py.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import upstreams
from tests.concurrency.client import Api
from tests.house.documents import block
from tests.running import RunningGrove, prepared_data

pytestmark = pytest.mark.slow
README, OPERATORS, NETWORK = "README.md", "docs/operators", "docs/network.md"
ALICE = {"identifier": "alice.test", "password": "a long password"}


@contextmanager
def running(grove: RunningGrove) -> Iterator[RunningGrove]:
    grove.start()
    try:
        yield grove
    finally:
        grove.stop()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Room for data folders, backups and secrets that are read from files."""
    made = Path(tempfile.mkdtemp(prefix="grove-documented-"))
    made.chmod(0o711)  # the database's user goes through it
    (made / "file").write_text("a secret of some length\n")
    (made / "admin-password").write_text("a password of the admin\n")
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def grove(folder: Path) -> Iterator[RunningGrove]:
    """One for all, with an account that has written a record."""
    (folder / "data").mkdir()
    with running(RunningGrove(prepared_data(folder / "data"))) as started:
        said = typed(started, "curl --fail", folder, README)
        assert '"text":"Hello from the grove"' in said.splitlines()[-1]
        yield started


def typed(
    grove: RunningGrove, words: str, folder: Path, document: str = OPERATORS, **changed: str
) -> str:
    """The output of a document's block, said of this Grove's first host and this folder's files."""
    script = block(document, words)
    for theirs, ours in {
        "https://pds.acme.example": grove.url,
        "pds.acme.example": "localhost",
        "pds.example.com": "localhost",
        "localhost:2583": f"localhost:{grove.port}",
        ".acme.example": ".test",
        ".grove/": f"{grove.data}/",
        "grove.dump": f"{folder}/grove.dump",
        "alice.car": f"{folder}/alice.car",
        "ash.jsonl": f"{folder}/ash.jsonl",
        "< file": f"< {folder}/file",
        "< admin-password": f"< {folder}/admin-password",
        "cat admin-password": f"cat {folder}/admin-password",
        "--by alice": "--by admin",
        "did:plc:…": "did:plc:ewvi7nxzyoun6zhxrhs64oiz",
        "key …": "key 10000000-ffff-ffff-ffff-000000000001",
        "bafkrei...": "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq",
    }.items():
        script = script.replace(theirs, ours)
    return grove.command(script, **changed)


def posts(grove: RunningGrove) -> list[str]:
    asked = {"repo": "alice.test", "collection": "app.bsky.feed.post"}
    listed = Api(grove.port).call("com.atproto.repo.listRecords", **asked)["records"]
    return [record["value"]["text"] for record in listed]


def test_an_account_and_a_record_are_made_with_curl(grove: RunningGrove) -> None:
    assert posts(grove) == ["Hello from the grove"]


def test_a_firehose_is_watched(grove: RunningGrove, folder: Path) -> None:
    # before a test gives the account a new key, under which its old commits are faults
    said = typed(grove, "firehose tail", folder)
    assert len(said.splitlines()) == 3
    assert "fault" not in said


def test_repos_are_checked_rebuilt_exported_and_imported(grove: RunningGrove, folder: Path) -> None:
    typed(grove, "repo rebuild", folder)
    assert posts(grove) == ["Hello from the grove"]
    assert (folder / "alice.car").stat().st_size > 0


def test_what_the_provider_sets_for_a_host(grove: RunningGrove, folder: Path) -> None:
    with upstreams.running() as relay:
        said = typed(grove, "--read-captcha-secret", folder, GROVE_CRAWLERS=relay.url)
    assert [seen.target for seen in relay.seen] == ["/xrpc/com.atproto.sync.requestCrawl"]
    assert "admin-password: set" in said
    assert "moderation-did: none -> did:plc:ewvi7nx" in said


def test_blobs_are_denied_and_allowed(grove: RunningGrove, folder: Path) -> None:
    typed(grove, "blob deny", folder)


def test_a_domain_is_given_checked_and_taken_away(grove: RunningGrove, folder: Path) -> None:
    said = typed(grove, "domain add", folder)
    assert "address" in said
    assert "removed" in said


def test_tenants_are_made_as_a_file_says(grove: RunningGrove, folder: Path) -> None:
    tables = block(f"{OPERATORS}/install.md", "[tenants.acme]").replace("acme.example", "acme.org")
    (folder / "tenants.toml").write_text(tables)
    script = block(OPERATORS, "apply tenants.toml").replace(
        "tenants.toml", f"{folder}/tenants.toml"
    )
    assert grove.command(script).count("tenants.acme: made") == 2
    assert grove.command(script).count("Nothing differs") == 2


def test_a_tenant_is_suspended_exported_and_resumed(grove: RunningGrove, folder: Path) -> None:
    def told(script: str) -> str:
        script = script.replace("acme.tar", f"{folder}/birch.tar").replace("acme", "birch")
        return grove.command(script.replace("receiver.key", f"{folder}/receiver.key"))

    public = told(block(OPERATORS, "tenant receiver-key")).split()[-1]
    assert "blobs" in told(block(OPERATORS, "tenant export").replace("KEY", public))
    refused = told("(" + block(OPERATORS, "tenant import") + ") || true")
    assert "There is a tenant birch already" in refused
    assert "The contract has ended." in told(block(OPERATORS, "tenant resume"))


def test_the_audit_log_is_proved_and_written_out(grove: RunningGrove, folder: Path) -> None:
    assert "ash: whole, up to " in typed(grove, "audit verify", folder)
    typed(grove, "audit export", folder)
    assert (folder / "ash.jsonl").exists()


def test_tokens_of_the_api_are_made_listed_and_revoked(grove: RunningGrove, folder: Path) -> None:
    assert "revoked" in typed(grove, "token list", folder)
    hosts = json.loads(typed(grove, "token create script", folder).splitlines()[-1])["items"]
    assert "localhost" in [each["hostname"] for each in hosts]


def test_letters_get_a_sender_and_a_language(grove: RunningGrove, folder: Path) -> None:
    typed(grove, "--sender-address", folder)


def test_a_postgres_of_ones_own_is_told_to_log_no_values(grove: RunningGrove, folder: Path) -> None:
    services = json.loads((grove.data / "services.json").read_text())
    told = block(OPERATORS, "log_parameter_max_length ").replace('psql "$', '$PG/psql "$')
    where = block(OPERATORS, "pg_dump").splitlines()[0]
    said = grove.command(f"{where}\n{told}", DATABASE_URL=services["DATABASE_URL"])
    assert said.count("ALTER DATABASE") == 6


def test_the_labelers_account_gets_its_reserved_name_and_the_hosts_trust(
    grove: RunningGrove, folder: Path
) -> None:
    did = json.loads(typed(grove, "server.createAccount", folder, NETWORK))["did"]
    typed(grove, "admin.updateAccountHandle", folder, NETWORK, LABELER=did)
    said = typed(grove, "--moderation-did", folder, NETWORK, LABELER=did)
    found = Api(grove.port).call("com.atproto.identity.resolveHandle", handle="moderation.test")
    assert found == {"did": did}
    assert f"-> {did}" in said


def test_a_dump_of_a_running_grove_comes_back_in_a_fresh_one(
    grove: RunningGrove, folder: Path
) -> None:
    before = Api(grove.port).call("com.atproto.server.createSession", ALICE)
    typed(grove, "pg_dump", folder)
    for name in ("secrets", "blobs"):
        shutil.copytree(grove.data / name, folder / "new" / name)
    fresh = RunningGrove(folder / "new")
    with running(fresh):
        typed(fresh, "pg_restore", folder)
    with running(fresh):
        assert "accounts announced" in typed(fresh, "manage.py firehose restore  ", folder)
        session = Api(fresh.port).call("com.atproto.server.createSession", ALICE)
        assert session["did"] == before["did"]
        writer = Api(fresh.port, session["accessJwt"])
        writer.call("com.atproto.repo.createRecord", _post(session["did"]))
        assert posts(fresh) == ["Back again", "Hello from the grove"]


def _post(did: str) -> dict[str, object]:
    kind = "app.bsky.feed.post"
    record = {"$type": kind, "text": "Back again", "createdAt": "2026-12-02T12:00:00Z"}
    return {"repo": did, "collection": kind, "record": record}
