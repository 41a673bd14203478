"""The audit log is a chain: what is changed, left out or slipped in is named."""

import hashlib
import io
import threading

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client

from moderation import audit, audit_chain
from moderation.audit_chain import Place
from moderation.models import AuditEntry, AuditLink

pytestmark = pytest.mark.django_db
Action = AuditEntry.Action


def logged(host, count: int = 1) -> list[AuditEntry]:
    """So many entries, committed as far as their links are concerned."""
    entries = [
        audit.record_at_host(audit.ADMIN, host, Action.SIGN_UP_REFUSE, f"bot {n} ü", "bot.test")
        for n in range(count)
    ]
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate; set constraints all deferred")
    return entries


def unguarded(statement: str) -> None:
    """As somebody would who rules the database: without its triggers."""
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute(statement)
        cursor.execute("set local session_replication_role = origin")


def test_each_entry_is_a_link_of_its_tenants_chain(ash, birch):
    logged(ash, 2), logged(birch), logged(ash)
    numbers = AuditLink.objects.filter(tenant=ash.tenant).order_by("entry_id")
    assert [link.number for link in numbers] == [1, 2, 3]
    assert audit_chain.verify(ash.tenant).fault == audit_chain.verify(birch.tenant).fault == ""
    assert audit_chain.verify(ash.tenant).last.number == 3


def test_an_empty_log_is_whole(ash):
    assert audit_chain.verify(ash.tenant) == audit_chain.Proof(Place(0, b""))


@pytest.mark.parametrize(
    "column", ["actor", "reason", "subject_handle", "action", "stage", "ref", "created_at"]
)
def test_an_entry_that_was_changed_is_named(ash, column):
    entries = logged(ash, 3)
    value = "2020-01-01" if column == "created_at" else "x"
    unguarded(f"update audit_entry set {column} = '{value}' where id = {entries[1].pk}")
    proof = audit_chain.verify(ash.tenant)
    assert proof.fault == f"entry {entries[1].pk}, number 2, was changed"
    assert proof.last.number == 1


def test_a_hole_in_the_middle_and_a_cut_at_the_end_are_seen(ash):
    entries = logged(ash, 3)
    for gone, fault in ((2, "number 3 is missing"), (1, "number 2 is missing")):
        unguarded(f"delete from audit_link where entry_id = {entries[gone].pk}")
        assert audit_chain.verify(ash.tenant).fault == fault


def test_an_entry_that_was_slipped_in_beside_the_chain_is_seen(ash):
    logged(ash)
    unguarded("insert into audit_entry (host_id, actor, action, stage, subject_did, subject_handle,"
        f" subject_cid, subject_record, ref, reason, created_at) select {ash.pk}, 'admin', 'x', '',"
        " '', '', '', '', '', 'never happened', now()")  # fmt: skip
    assert audit_chain.verify(ash.tenant).fault.endswith("is not in the chain")


def test_a_chain_that_was_written_anew_is_not_the_one_that_was_kept(ash):
    logged(ash)
    kept = audit_chain.verify(ash.tenant).last
    assert audit_chain.verify(ash.tenant, kept).fault == ""
    forged = Place(kept.number, hashlib.sha256(b"another").digest())
    assert "written down" in audit_chain.verify(ash.tenant, forged).fault
    assert audit_chain.verify(ash.tenant, Place(9, b"")).fault == "number 2 is missing"


@pytest.mark.django_db(transaction=True)
def test_writers_side_by_side_make_one_chain(ash):
    def write() -> None:
        for _ in range(5):
            with transaction.atomic():
                audit.record_at_host(audit.ADMIN, ash, Action.SIGN_UP_REFUSE, "bot")
        connection.close()

    writers = [threading.Thread(target=write) for _ in range(4)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert audit_chain.verify(ash.tenant).last.number == 20
    assert audit_chain.verify(ash.tenant).fault == ""


def test_the_command_proves_and_fails_with_the_entrys_name(ash):
    entries, said = logged(ash, 2), io.StringIO()
    call_command("audit", "verify", stdout=said)
    assert said.getvalue().startswith("ash: whole, up to 2:")
    unguarded(f"update audit_entry set reason = 'x' where id = {entries[0].pk}")
    with pytest.raises(CommandError, match="Not whole: 1 of 1"):
        call_command("audit", "verify", "--tenant", "ash", stdout=said)
    assert f"entry {entries[0].pk}, number 1, was changed" in said.getvalue()


def test_an_auditor_downloads_the_log_page_by_page_and_that_is_logged(ash, staff_of, monkeypatch):
    monkeypatch.setattr(audit_chain, "PAGE_ROWS", 2)
    logged(ash, 5)
    browser = Client(headers={"host": "localhost"})
    browser.force_login(staff_of(ash, "auditor"))
    lines = browser.post("/console/audit/export/").getvalue().splitlines()
    assert [orjson.loads(line)["number"] for line in lines] == [1, 2, 3, 4, 5]
    assert AuditEntry.objects.first().action == Action.AUDIT_EXPORT
    assert "Download as JSON lines" in browser.get("/console/moderation/auditentry/").text


def test_links_are_never_changed(ash):
    logged(ash)
    with pytest.raises(Exception, match="append-only"):
        AuditLink.objects.update(number=7)
