"""A moderator's day at the desk, in Chromium, and the evening of the one who comes after."""

from tests.browser.stories import MARKS, tell
from tests.running import running_grove

pytestmark = MARKS
# What is not the matter of a page: somebody joins the staff, somebody appeals, a week goes by.
MEANWHILE = """
.venv/bin/python manage.py shell -v 0 -c '
from django.utils import timezone
from accounts.models import Account
from hosting.models import Host, Member, StaffUser
from moderation.enforcement import appeals, suspensions
from moderation.models import Decision
late = StaffUser.objects.create_user("late", "", "correct horse late", is_staff=True)
ash = Host.objects.get(hostname="localhost").tenant
Member.objects.create(tenant=ash, user=late, role="moderator")
decision = Decision.objects.filter(action="take_down").latest("pk")
appeals.appeal(Account.objects.get(did=decision.did), decision, "It was a quotation.")
Account.objects.filter(suspended_at__isnull=False).update(suspended_until=timezone.now())
print("back:", suspensions.lift_due())
'
"""


def test_a_moderator_works_through_a_wave_of_reports_and_another_decides_the_appeal() -> None:
    with running_grove(GROVE_RATE_LIMITS="off") as grove:
        admin = ("--admin-password", grove.admin_password)
        told = tell("desk.mjs", grove, *admin)
        meanwhile = grove.command(MEANWHILE)
        evening = tell("desk_evening.mjs", grove, *admin)
    assert "the day at the desk held" in told
    assert "back: 1" in meanwhile
    assert "the evening at the desk held" in evening
