"""Inviting people by link, by mail and by a list; and the list of everybody."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import InviteCode
from hosting.limits import Bucket, Budget, RateLimitExceeded
from hosting.mail.models import OutgoingMail
from hosting.models import Host, Tenant
from moderation.models import AuditEntry
from provider.jobs import running
from provider.jobs.work import Work
from provider.models import Job
from provider.tenancy.invites import mailed_invites, people_invites
from tests.factories import account_row, staff_member

PAGE = "/console/people/invite/"
TABLE = (
    "name;email\nAnna;Anna@example.com\nBert;bert@example.com\nCora;cora\n\nAnna;anna@example.com\n"
)


@pytest.fixture
def by_invite(ash) -> Host:
    """Ash, which takes people with an invite code alone."""
    Host.objects.filter(pk=ash.pk).update(admission="invite")
    ash.refresh_from_db()
    return ash


def mailed(host: Host) -> list[str]:
    letters = OutgoingMail.objects.filter(host=host, kind="account_invite")
    return sorted(letters.values_list("recipient", flat=True))


def test_a_link_admits_as_many_as_were_asked_for(owner, by_invite):
    shown = owner.post(f"{PAGE}link/", {"uses": "30"}).text
    code = InviteCode.objects.get(host=by_invite)
    assert code.available_count == 30
    assert f"/account/sign-up?invite={code.code}" in shown
    filled = Client(headers={"host": "localhost"}).get(f"/account/sign-up?invite={code.code}")
    assert f'value="{code.code}"' in filled.text


def test_one_person_gets_a_letter_once(owner, by_invite):
    for _turn in range(2):
        owner.post(f"{PAGE}mail/", {"email": "Anna@example.com"})
    assert mailed(by_invite) == ["anna@example.com"]
    assert InviteCode.objects.get(host=by_invite).code in OutgoingMail.objects.get().text
    assert AuditEntry.objects.filter(action="invites.create").count() == 1


def test_a_host_that_lets_nobody_in_invites_nobody(owner, ash):
    Host.objects.filter(pk=ash.pk).update(admission="closed")
    for way, sent in (("link", {"uses": 1}), ("preview", {"listed": "anna@example.com"})):
        answer = owner.post(f"{PAGE}{way}/", sent)
        assert answer.status_code == 422
        assert "Nobody can sign up at this host." in answer.text
    with pytest.raises(mailed_invites.SignUpsClosed):
        mailed_invites.invite("admin", Host.objects.get(pk=ash.pk), "anna@example.com")


def test_a_list_is_shown_before_anybody_is_written_to(owner, ash):
    account_row(ash, "bert")
    file = SimpleUploadedFile("people.csv", TABLE.encode("utf-8-sig"))
    shown = owner.post(f"{PAGE}preview/", {"file": file}).text
    assert "1 person would be invited." in shown
    assert "bert@example.com" in shown
    assert "1 line has no e-mail address:" in shown
    assert mailed(ash) == []
    assert not Job.objects.exists()


def test_a_file_that_is_too_long_is_refused_and_not_cut_off(owner, ash):
    long = b"name;email\n" + b"A;a@example.com\n" * 5_900
    answer = owner.post(f"{PAGE}preview/", {"file": SimpleUploadedFile("people.csv", long)})
    assert answer.status_code == 422
    assert "Give between 1 and 1000 e-mail addresses." in answer.text
    assert "would be invited" not in answer.text


def test_a_list_is_sent_by_a_job_that_keeps_no_address(owner, by_invite):
    sent = owner.post(f"{PAGE}send/", {"listed": TABLE})
    job = Job.objects.get()
    assert sent["location"] == f"{PAGE}{job.pk}/"
    running.run(job.pk)
    job.refresh_from_db()
    assert job.result == {"invited": 2, "known": 0, "left_out": 0}
    assert "addresses" not in job.given
    assert mailed(by_invite) == ["anna@example.com", "bert@example.com"]
    assert InviteCode.objects.filter(host=by_invite).count() == 2
    assert "Written to</dt><dd>2" in owner.get(sent["location"]).text


def test_a_job_that_was_killed_writes_to_nobody_twice(by_invite, monkeypatch):
    with transaction.atomic():
        job = people_invites.begin(
            "admin", by_invite, "a@example.com\nb@example.com\nc@example.com"
        )
    advance = Work.advance

    def die_at_two(work: Work, done: int, *rest: int, **place: object) -> None:
        if done == 2:
            raise SystemExit
        advance(work, done, *rest, **place)

    monkeypatch.setattr(Work, "advance", die_at_two)
    with pytest.raises(SystemExit):
        running.run(job.pk)
    assert mailed(by_invite) == ["a@example.com", "b@example.com"]
    monkeypatch.setattr(Work, "advance", advance)
    Job.objects.update(next_attempt_at=job.created_at)
    running.run(job.pk)
    job.refresh_from_db()
    assert job.result == {"invited": 3, "known": 0, "left_out": 0}
    assert mailed(by_invite) == ["a@example.com", "b@example.com", "c@example.com"]


def test_who_can_sign_up_no_more_is_left_out(by_invite):
    plan = {"mails-a-day": 1}
    Tenant.objects.filter(pk=by_invite.tenant_id).update(limits=plan)
    with transaction.atomic():
        job = people_invites.begin("admin", by_invite, "a@example.com\nb@example.com")
    running.run(job.pk)
    job.refresh_from_db()
    assert job.result == {"invited": 1, "known": 0, "left_out": 1}
    assert "addresses" not in job.given


def test_a_tenant_has_so_many_invitations_a_day(by_invite, settings, monkeypatch):
    settings.RATE_LIMITS = True
    few = Bucket("few-mailed-invites", (Budget(1, 86_400),))
    monkeypatch.setattr(mailed_invites, "MAILED", few)
    mailed_invites.invite("admin", by_invite, "a@example.com")
    with pytest.raises(RateLimitExceeded):
        mailed_invites.invite("admin", by_invite, "b@example.com")
    assert mailed(by_invite) == ["a@example.com"]


def test_a_suspended_host_invites_nobody(by_invite):
    by_invite.tenant.suspended_at = timezone.now()
    with pytest.raises(mailed_invites.SignUpsClosed):
        mailed_invites.invite("admin", by_invite, "anna@example.com")


@pytest.mark.parametrize(
    "listed", ["", "nobody\n", "\n".join(f"a{n}@example.com" for n in range(1_001)), "\n" * 3_000]
)
def test_a_list_of_nobody_or_of_too_many_is_refused_at_its_field(owner, listed):
    answer = owner.post(f"{PAGE}preview/", {"listed": listed})
    assert (answer.status_code, "<title>Error:" in answer.text) == (422, True)
    assert "Give between 1 and 1000 e-mail addresses." in answer.text


def test_a_job_of_another_tenant_is_unknown(owner, ash, birch):
    with transaction.atomic():
        job = people_invites.begin("admin", birch, "a@example.com")
    assert owner.get(f"{PAGE}{job.pk}/").status_code == 404


def test_the_list_of_everybody_is_for_owners_and_computes_nothing(owner, ash, birch):
    account_row(ash, "anna", email="=cmd@example.com")
    account_row(birch, "bert")
    answer = owner.post("/console/people/export/")
    lines = answer.getvalue().decode().splitlines()
    assert lines[1].startswith("anna.test,did:plc:")
    assert ",'=cmd@example.com,active,localhost," in lines[1]
    assert len(lines) == 2
    assert AuditEntry.objects.filter(action="accounts.export").exists()
    support = Client(headers={"host": ash.hostname})
    support.force_login(staff_member(ash, "support"))
    assert support.post("/console/people/export/").status_code == 403
    assert "people/export" not in support.get("/console/accounts/account/").text
