"""Who is written down as the one who acted."""

import pytest
from django.db import IntegrityError

from moderation import audit
from moderation.models import AuditEntry

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
