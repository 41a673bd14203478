"""Held sign-ups: no DID, no event; approved they are accounts, refused they are nothing."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.authentication import credentials
from accounts.authentication.credential_rules import EmailRefused
from accounts.authentication.credentials import SignUpWaits
from accounts.identity.handles.allocation import HandleTaken
from accounts.invites import codes
from accounts.models import Account, HeldSignUp, PlcOperation
from accounts.signup import approval_queue, sign_up
from accounts.signup.approval_queue import AlreadyDecided, Declined, QueueFull
from hosting.mail.models import OutgoingMail
from tests.factories import PASSWORD, account_row, wanted

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def host(ash):
    ash.admission = "approval"
    ash.save()
    return ash


def held(host, **changes) -> HeldSignUp:
    with pytest.raises(SignUpWaits):
        sign_up.sign_up(host, wanted(**changes))
    return HeldSignUp.objects.select_related("host__tenant").latest("id")


def approve(one: HeldSignUp) -> None:
    with transaction.atomic():
        approval_queue.approve(one)


def refuse(one: HeldSignUp) -> None:
    with transaction.atomic():
        approval_queue.refuse(one)


def test_nothing_is_made_of_a_held_sign_up(host, plc):
    held(host)
    assert (Account.objects.count(), PlcOperation.objects.count(), plc.posts) == (0, 0, [])


def test_the_password_is_not_kept_in_clear(host):
    assert PASSWORD not in held(host).password


def test_the_same_person_is_told_the_same_again(host):
    held(host)
    held(host)
    assert HeldSignUp.objects.count() == 1


def test_a_handle_is_kept_for_who_came_first(host):
    held(host)
    with pytest.raises(HandleTaken):
        sign_up.sign_up(host, wanted(email="other@example.com"))
    with pytest.raises(HandleTaken):
        sign_up.sign_up(host, wanted(password="not the same one"))


def test_it_is_kept_after_the_host_has_opened(host, plc):
    held(host)
    host.admission = "open"
    with pytest.raises(HandleTaken):
        sign_up.sign_up(host, wanted(email="other@example.com"))


def test_an_address_waits_once(host):
    held(host)
    with pytest.raises(EmailRefused):
        sign_up.sign_up(host, wanted(handle="other.test"))


def test_approved_it_becomes_an_account_with_its_own_password(host, plc):
    approve(held(host))
    account = credentials.authenticate(host, "alice.test", PASSWORD)
    assert (account.status, account.email) == ("active", "alice@example.com")
    assert plc.posts == [f"/{account.did}"]


def test_the_person_hears_of_it(host, plc):
    approve(held(host))
    email = OutgoingMail.objects.get()
    assert (email.recipient, email.kind) == ("alice@example.com", "sign_up_approved")
    assert "Ash has approved your account @alice.test" in email.text


def test_what_was_kept_for_it_is_gone_then(host, plc):
    one = held(host, address="203.0.113.9")
    approve(one)
    one.refresh_from_db()
    assert (one.state, one.password, one.address) == ("approved", "", "")


def test_a_recovery_key_comes_first_as_always(host, plc):
    key = "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme"
    approve(held(host, recovery_key=key))
    assert PlcOperation.objects.get().operation["rotationKeys"][0] == key


def test_a_handle_that_is_gone_by_then_leaves_it_waiting(host, plc):
    one = held(host)
    account_row(host, "alice", email="quicker@example.com")
    with pytest.raises(HandleTaken):
        approve(one)
    one.refresh_from_db()
    assert one.state == "waiting"


def test_two_who_decide_at_once_are_told(host, plc):
    one = held(host)
    approve(one)
    for verb in (approve, refuse):
        with pytest.raises(AlreadyDecided):
            verb(one)
    assert Account.objects.count() == 1


def test_refused_it_is_nothing_and_the_person_is_told(host, plc):
    refuse(held(host))
    assert Account.objects.count() == 0
    assert OutgoingMail.objects.get().kind == "sign_up_refused"


def test_a_flood_is_dropped_without_an_email(host, birch):
    ids = [held(host, handle=f"bot{n}.test", email=f"b{n}@example.com").pk for n in range(3)]
    with transaction.atomic():
        assert approval_queue.discard(birch, ids) == []
        assert len(approval_queue.discard(host, ids[:2])) == 2
    assert HeldSignUp.objects.waiting().count() == 1
    assert not OutgoingMail.objects.exists()


def test_a_queue_has_an_end(host, monkeypatch):
    monkeypatch.setattr(approval_queue, "WAITING_MAX", 1)
    held(host)
    with pytest.raises(QueueFull):
        sign_up.sign_up(host, wanted(handle="other.test", email="other@example.com"))


def test_an_approved_one_spends_its_code_when_it_is_still_good(host, plc):
    code = codes.give(host, codes_each=1, uses_each=1)["admin"][0]
    one = held(host, invite_code=code)
    host.admission = "invite"
    host.save()
    approve(HeldSignUp.objects.select_related("host__tenant").get(pk=one.pk))
    with pytest.raises(codes.InvalidInviteCode):
        codes.check(host, code)


def test_a_mover_who_was_refused_is_told_so(host):
    did = "did:plc:mmmmmmmmmmmmmmmmmmmmmmmm"
    HeldSignUp.objects.create(
        host=host, handle="m.test", did=did, reason="policy", state="refused",
        decided_at=timezone.now(),
    )  # fmt: skip
    with pytest.raises(Declined):
        approval_queue.check_not_waiting(host, did, sign_up.rules.check(host, wanted()))


def test_nobodys_data_is_kept_for_a_month(host):
    one = held(host)
    approval_queue.forget_old()
    assert HeldSignUp.objects.exists()
    HeldSignUp.objects.filter(pk=one.pk).update(created_at=timezone.now() - timedelta(days=31))
    approval_queue.forget_old()
    assert not HeldSignUp.objects.exists()
