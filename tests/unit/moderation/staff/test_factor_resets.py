"""Second factors reset by support: with a reason, on the record, told to the person."""

import pytest
from django.test import Client

from accounts.authentication.factors import changes, passkeys
from accounts.authentication.factors.holders import of_account
from accounts.models import Account, Passkey, RecoveryCode
from hosting.mail.models import OutgoingMail
from moderation.models import AuditEntry
from moderation.permissions import FactorResetNotAllowed, ReasonNeeded
from moderation.staff import factor_resets
from tests.authenticator import Authenticator
from tests.factories import account_row


@pytest.fixture
def guarded(ash) -> Account:
    """An account with a passkey."""
    account = account_row(ash)
    holder = of_account(account)
    made = Authenticator().make(passkeys.options_to_add(holder))
    changes.add_passkey(holder, made, "key")
    OutgoingMail.objects.all().delete()
    return account


@pytest.mark.parametrize("role", ["owner", "moderator", "support"])
def test_support_resets_them_and_leaves_the_password(guarded, ash, staff_of, role):
    factor_resets.reset(staff_of(ash, role), guarded, "lost the phone, showed the passport")
    assert not Passkey.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert Account.objects.get().password == guarded.password


def test_it_is_on_the_record_and_told(guarded, moderator):
    factor_resets.reset(moderator, guarded, "lost the phone")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject_did) == ("account.reset_factors", guarded.did)
    assert "removed by the staff" in OutgoingMail.objects.get().text


def test_auditors_and_other_tenants_staff_may_not(guarded, ash, birch, staff_of):
    for staff in (staff_of(ash, "auditor"), staff_of(birch, "owner")):
        with pytest.raises(FactorResetNotAllowed):
            factor_resets.reset(staff, guarded, "why not")
    assert Passkey.objects.exists()


def test_a_reason_is_needed(guarded, moderator):
    with pytest.raises(ReasonNeeded):
        factor_resets.reset(moderator, guarded, " ")


def test_the_console_has_a_button_for_it(guarded, moderator):
    console = Client(headers={"host": "localhost"})
    console.force_login(moderator)
    page = f"/console/accounts/{guarded.did}/"
    assert "Reset second factors" in console.get(page).content.decode()
    console.post(f"{page}factors/reset/", {"reason": "lost the phone"})
    assert not Passkey.objects.exists()
    assert "This account has no second factor." in console.get(page).content.decode()
