"""One table of roles and deeds; what it does not name, nobody may."""

import pytest

from hosting.models import PLATFORM, Member
from moderation import permissions
from moderation.permissions import TABLE, Deed, NotAllowed, may, require

pytestmark = pytest.mark.django_db
ROLES = Member.Role
ACTS_ON_SOMEBODY = [
    deed for deed in Deed if deed.partition(".")[0] in {"enforcement", "labels", "accounts"}
]
LOOKS = [Deed.ACCOUNTS_LOOK, Deed.CASES_LOOK, Deed.EVIDENCE_LOOK, Deed.MAIL_LOOK, Deed.AUDIT_LOOK]


def test_every_deed_is_in_the_table():
    assert set(Deed) == set(TABLE)


def test_the_table_names_roles_that_there_are():
    assert frozenset().union(*TABLE.values()) == {PLATFORM, *ROLES}


def test_an_owner_may_all_but_what_is_the_providers():
    others = [deed for deed in Deed if ROLES.OWNER not in TABLE[deed]]
    assert others == [Deed.BREAK_GLASS, Deed.TENANTS_RUN, Deed.RELAY_RUN]


def test_triage_may_label_and_not_take_down():
    assert ROLES.TRIAGE in TABLE[Deed.LABELS_PUT] & TABLE[Deed.CASES_CLOSE]
    assert ROLES.TRIAGE not in TABLE[Deed.TAKE_DOWN] | TABLE[Deed.SUSPEND] | TABLE[Deed.HOLD]


def test_an_auditor_acts_on_nobody():
    acts = [deed for deed in ACTS_ON_SOMEBODY if ROLES.AUDITOR in TABLE[deed]]
    assert acts == [Deed.ACCOUNTS_LOOK, Deed.TRANSPARENCY]


@pytest.mark.parametrize("deed", LOOKS)
def test_platform_staff_as_such_see_nothing_of_a_tenants_people(deed):
    assert PLATFORM not in TABLE[deed]


@pytest.mark.parametrize("role", ROLES)
def test_staff_may_what_the_table_says_at_their_own_tenant_alone(ash, birch, staff_of, role):
    somebody = staff_of(ash, role)
    allowed = {deed for deed in Deed if may(somebody, deed, ash.tenant_id)}
    assert allowed == {deed for deed, roles in TABLE.items() if role in roles}
    assert not any(may(somebody, deed, birch.tenant_id) for deed in Deed)


def test_who_may_not_is_told_so_in_words_of_the_deed(ash, staff_of):
    auditor = staff_of(ash, "auditor")
    for deed in (Deed.TAKE_DOWN, Deed.APPS_BLOCK, Deed.SUSPEND):
        with pytest.raises(permissions.refusal_of(deed)):
            require(auditor, deed, ash.tenant_id)
    assert issubclass(permissions.TakedownNotAllowed, NotAllowed)
