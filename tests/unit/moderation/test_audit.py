"""Who is written down as the one who acted."""

import pytest
from django.db import DatabaseError, IntegrityError, connection

from accounts.identity import handle_changes, key_rotation
from moderation import audit
from moderation.models import AuditEntry
from moderation.staff import account_changes
from protocol.errors import InvalidRequest

Action = AuditEntry.Action


def test_staff_stand_as_themselves(account, moderator):
    entry = audit.record(moderator, account, Action.ACCOUNT_TAKE_DOWN, "spam")
    assert (entry.staff, entry.actor, entry.who) == (moderator, "", "moderator-ash")


def test_the_admin_api_stands_as_text(account):
    entry = audit.record("did:web:mod.example", account, Action.ACCOUNT_RESTORE, "appeal")
    assert (entry.staff, entry.who) == (None, "did:web:mod.example")


def test_a_hosts_own_affair_has_no_subject_but_a_name(account):
    entry = audit.record_at_host(
        audit.ADMIN, account.host, Action.SIGN_UP_REFUSE, "a bot", "bot1.test"
    )
    assert (entry.subject_did, entry.subject_handle) == ("", "bot1.test")


def test_nobody_cannot_have_acted(account):
    with pytest.raises(IntegrityError):
        audit.record("", account, Action.ACCOUNT_RESTORE, "appeal")


def test_a_reason_without_end_is_cut(account):
    entry = audit.record(audit.ADMIN, account, Action.ACCOUNT_RESTORE, "x" * 5000, ref="y" * 500)
    assert (len(entry.reason), len(entry.ref)) == (2000, 300)


def test_the_log_cannot_be_emptied(account):
    audit.record(audit.ADMIN, account, Action.ACCOUNT_RESTORE, "appeal")
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        with pytest.raises(DatabaseError, match="append-only"):
            cursor.execute("truncate audit_entry, audit_link")


def stages() -> list[tuple[str, str]]:
    return [(entry.action, entry.stage) for entry in AuditEntry.objects.order_by("id")]


def test_a_deed_that_asks_the_network_is_logged_before_it_begins(account, monkeypatch):
    seen = []
    monkeypatch.setattr(key_rotation, "take_key", lambda *_: seen.extend(stages()))
    account_changes.change_key(audit.ADMIN, account, "did:key:z", "a leak")
    assert seen == [("account.change_key", "begun")]
    assert stages() == [("account.change_key", "begun"), ("account.change_key", "done")]


def test_a_deed_that_fails_says_so(account, monkeypatch):
    def refuse(*_):
        raise InvalidRequest("no")

    monkeypatch.setattr(handle_changes, "check_by_staff", lambda _account, handle: handle)
    monkeypatch.setattr(handle_changes, "change_handle", refuse)
    with pytest.raises(InvalidRequest):
        account_changes.change_handle(audit.ADMIN, account, "other.test", "a wanted")
    assert stages() == [("account.change_handle", "begun"), ("account.change_handle", "failed")]
