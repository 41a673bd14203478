"""Ten codes on paper, each good once."""

import re

from accounts.authentication.factors import changes, holders, recovery_codes
from accounts.models import RecoveryCode
from hosting.mail.models import OutgoingMail
from tests.factories import account_row


def test_there_are_ten_of_eighty_bits(holder):
    codes = recovery_codes.replace(holder)
    assert len(set(codes)) == recovery_codes.HOW_MANY == 10
    assert all(re.fullmatch("[a-z2-7]{4}(-[a-z2-7]{4}){3}", code) for code in codes)


def test_each_serves_once(holder):
    code = recovery_codes.replace(holder)[3]
    assert recovery_codes.spend(holder, code)
    assert not recovery_codes.spend(holder, code)
    assert recovery_codes.left(holder) == 9


def test_people_leave_out_dashes_and_write_capitals(holder):
    code = recovery_codes.replace(holder)[0]
    assert recovery_codes.spend(holder, f" {code.replace('-', ' ').upper()}")


def test_they_are_kept_as_hashes(holder):
    codes = recovery_codes.replace(holder)
    kept = " ".join(RecoveryCode.objects.values_list("code_sha256", flat=True))
    assert not any(code.replace("-", "") in kept for code in codes)


def test_new_ones_end_the_old_ones(app, holder):
    old = recovery_codes.replace(holder)
    new = changes.replace_recovery_codes(holder)
    assert not recovery_codes.spend(holder, old[0])
    assert recovery_codes.spend(holder, new[0])


def test_somebody_elses_are_nothing(holder, ash):
    bob = holders.of_account(account_row(ash, "bob"))
    code = recovery_codes.replace(bob)[0]
    assert not recovery_codes.spend(holder, code)
    assert recovery_codes.spend(bob, code)


def test_who_has_no_strong_factor_gets_none(holder):
    assert changes.replace_recovery_codes(holder) == []
    assert not OutgoingMail.objects.exists()
