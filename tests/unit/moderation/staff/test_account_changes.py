"""The admin's deeds stand in the audit log, and are undone with it."""

import pytest

from accounts.authentication.credential_rules import EmailRefused
from accounts.models import Account, InvitePermission
from hosting.mail.models import OutgoingMail
from moderation.audit import ADMIN
from moderation.models import AuditEntry
from moderation.staff import account_changes
from protocol.errors import InvalidRequest
from tests.factories import open_account

MOD = "did:web:mod.example"


def logged() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.order_by("id").values_list("action", "actor"))


def test_a_changed_address_is_logged(account):
    account_changes.change_email(ADMIN, account, "new@example.com", "asked by mail")
    assert logged() == [("account.change_email", "admin")]


def test_what_is_refused_is_not(account):
    other = open_account(account.host)
    with pytest.raises(EmailRefused):
        account_changes.change_email(ADMIN, account, other.email, "asked by mail")
    assert logged() == []


def test_a_password_is_not_in_the_log(account):
    account_changes.change_password(ADMIN, account, "a secret sentence", "asked by mail")
    entry = AuditEntry.objects.get()
    assert "secret" not in f"{entry.reason}{entry.ref}{entry}"


def test_an_email_is_logged_with_its_subject(account):
    account_changes.write_to(MOD, account, "About your post", "Hello", "case 7")
    assert AuditEntry.objects.get().reason == "case 7: About your post"
    assert OutgoingMail.objects.get().recipient == account.email


def test_nobody_without_an_address_is_written_to(account):
    account.email = ""
    with pytest.raises(InvalidRequest, match="account does not have an email address"):
        account_changes.write_to(MOD, account, "x", "Hello", "case 7")
    assert logged() == []


def test_inviting_is_forbidden_and_allowed_with_a_note(account):
    account_changes.forbid_invites(MOD, account, "too many bots")
    assert InvitePermission.objects.get().is_disabled
    account_changes.allow_invites(MOD, account, "")
    assert not InvitePermission.objects.get().is_disabled
    assert logged() == [("invites.forbid", MOD), ("invites.allow", MOD)]


def test_codes_given_and_taken_are_the_hosts_affair(account):
    given = account_changes.give_invites(ADMIN, account.host, [account.did], 2, 1)
    account_changes.disable_invites(ADMIN, account.host, given[account.did], [])
    assert logged() == [("invites.create", "admin"), ("invites.disable", "admin")]
    assert AuditEntry.objects.last().reason.endswith("1 uses each")


def test_a_deleted_account_leaves_its_entry(account):
    did = account.did
    account_changes.delete(ADMIN, account, "asked by mail")
    assert not Account.objects.filter(did=did).exists()
    assert AuditEntry.objects.get(subject_did=did).action == "account.delete"
