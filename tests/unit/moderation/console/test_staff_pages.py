"""The console's pages of the staff, and of sessions."""

import pytest
from django.test import Client

from hosting.models import Member, StaffInvite, StaffSession
from moderation.models import AuditEntry

pytestmark = pytest.mark.django_db
AGENT = "Mozilla/5.0 (an old phone)"
PASSWORD = "a long one for the console"


def signed_in(staff, host: str = "localhost") -> Client:
    """A browser that signed in on the page, and so tells where it is from."""
    if not staff.check_password(PASSWORD):
        staff.set_password(PASSWORD)
        staff.save()
    browser = Client(headers={"host": host, "user-agent": AGENT})
    browser.post("/console/login/", {"username": staff.username, "password": PASSWORD})
    return browser


def member_page(staff) -> str:
    return f"/console/staff/{Member.objects.get(user=staff).pk}/"


def test_an_owner_invites_and_withdraws(ash, staff_of):
    browser = signed_in(staff_of(ash, "owner"))
    sent = {"email": "new@example.com", "role": "support"}
    browser.post("/console/staff/invite/", sent)
    assert "new@example.com" in browser.get("/console/staff/").text
    pending = StaffInvite.objects.get()
    browser.post(f"/console/staff/invites/{pending.pk}/withdraw/")
    assert not StaffInvite.objects.exists()


def test_an_owner_changes_a_role_resets_factors_and_removes(ash, staff_of, moderator):
    browser, page = signed_in(staff_of(ash, "owner")), member_page(moderator)
    browser.post(f"{page}role/", {"role": "triage", "reason": "less to do"})
    assert 'console-status">Triage' in browser.get(page).text
    browser.post(f"{page}factors/reset/", {"reason": "lost phone"})
    browser.post(f"{page}remove/", {"reason": "left"})
    assert browser.get(page).status_code == 404
    done = AuditEntry.objects.filter(action__startswith="staff.").values_list("action", flat=True)
    assert {"staff.change_role", "staff.reset_factors", "staff.remove"} <= set(done)


def test_others_look_and_see_no_form(ash, staff_of, moderator):
    page = signed_in(staff_of(ash, "auditor")).get(member_page(moderator))
    assert (page.status_code, "console-button" in page.text) == (200, False)


def test_another_tenants_people_are_unknown(birch, staff_of, moderator):
    browser = signed_in(staff_of(birch, "owner"), "birch.localhost")
    assert browser.get(member_page(moderator)).status_code == 404
    assert moderator.username not in browser.get("/console/staff/").text


def test_an_owner_resets_no_factors_of_who_works_elsewhere_too(ash, birch, staff_of, moderator):
    Member.objects.create(tenant=birch.tenant, user=moderator, role="owner")
    browser = signed_in(staff_of(ash, "owner"))
    answer = browser.post(
        f"/console/staff/{Member.objects.get(user=moderator, tenant=ash.tenant).pk}/factors/reset/",
        {"reason": "lost phone"},
        follow=True,
    )
    assert "Your role does not allow this." in answer.text


def test_sessions_say_where_they_are_and_one_or_all_others_end(moderator):
    first, second, third = (signed_in(moderator) for _ in range(3))
    page = second.get("/console/sessions/").text
    assert page.count("an old phone") >= 3
    assert all(key not in page for key in StaffSession.objects.values_list("pk", flat=True))
    name = page.partition('name="session" value="')[2].partition('"')[0]
    second.post("/console/sessions/", {"session": name})
    assert StaffSession.objects.count() in {2}
    second.post("/console/sessions/")
    assert [browser.get("/console/").status_code for browser in (first, second, third)] == [
        302,
        200,
        302,
    ]


def test_an_owner_ends_their_peoples_sessions(ash, staff_of, moderator):
    theirs, owner = signed_in(moderator), signed_in(staff_of(ash, "owner"))
    assert "an old phone" in owner.get(member_page(moderator)).text
    owner.post(f"{member_page(moderator)}sessions/end/")
    assert (theirs.get("/console/").status_code, owner.get("/console/").status_code) == (302, 200)
    assert AuditEntry.objects.get(action="staff.end_sessions").reason == "moderator-ash: 1 ended"


def test_last_sign_ins_stand_on_their_page(ash, staff_of, moderator):
    signed_in(moderator)
    page = signed_in(staff_of(ash, "owner")).get(member_page(moderator)).text
    assert "Staff signed in" in page
