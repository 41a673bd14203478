"""Invite codes through HTTP, at a host that asks for them."""

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.models import Account
from hosting.tenancy import routing
from tests.api.clients import Api, sign_up
from tests.api.test_admin import Admin, done, refused

SERVER = "com.atproto.server."
ADMIN = "com.atproto.admin."


@pytest.fixture
def owner(ash):
    """An account of before the host asked for codes."""
    return sign_up(ash, "olivia")


@pytest.fixture
def admin(ash, owner) -> Admin:
    ash.admin_password = make_password("sesame")
    ash.admission, ash.invite_interval = "invite", timedelta(days=1)
    ash.save()
    routing.forget()
    return Admin(ash)


def new_code(admin, uses=1, **more) -> str:
    return done(admin.call(SERVER + "createInviteCode", useCount=uses, **more))["code"]


def come(host, label, code=None):
    asked = {"inviteCode": code} if code is not None else {}
    return Api(host).call(
        SERVER + "createAccount",
        handle=f"{label}.test",
        email=f"{label}@example.com",
        password="correct horse",
        **asked,
    )


def test_the_host_says_that_it_asks_for_codes(admin, anyone):
    assert done(anyone.query(SERVER + "describeServer"))["inviteCodeRequired"] is True


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (None, "No invite code provided"),
        ("", "No invite code provided"),
        ("localhost-aaaaa-aaaaa", "Provided invite code not available"),
    ],
)
def test_without_a_good_code_nobody_comes_in(admin, ash, code, message):
    assert refused(come(ash, "carol", code)) == (400, "InvalidInviteCode", message)
    assert not Account.objects.filter(handle="carol.test").exists()


def test_a_code_lets_in_as_often_as_it_is_good_for(admin, ash):
    code = new_code(admin, uses=2)
    assert [come(ash, f"guest{n}", code).status_code for n in range(3)] == [200, 200, 400]


def test_both_ends_of_an_invitation_are_shown(admin, ash, owner):
    code = new_code(admin, forAccount=owner.did)
    guest = done(come(ash, "carol", code))["did"]
    view = done(admin.query(ADMIN + "getAccountInfo", did=guest))
    assert (view["invitedBy"]["code"], view["invitedBy"]["forAccount"]) == (code, owner.did)
    shown = done(admin.query(ADMIN + "getAccountInfo", did=owner.did))["invites"][0]
    assert [use["usedBy"] for use in shown["uses"]] == [guest]


def test_many_codes_for_many(admin):
    dids = ["did:example:one", "did:example:two"]
    asked = {"codeCount": 2, "useCount": 3, "forAccounts": dids}
    given = done(admin.call(SERVER + "createInviteCodes", **asked))["codes"]
    assert [(one["account"], len(one["codes"])) for one in given] == [(did, 2) for did in dids]


def test_a_code_without_uses_is_refused(admin):
    assert refused(admin.call(SERVER + "createInviteCode", useCount=0))[1] == "InvalidRequest"


def test_an_account_earns_codes_and_is_shown_them(admin, owner):
    nsid = SERVER + "getAccountInviteCodes"
    assert done(owner.query(nsid)) == {"codes": []}
    earlier = timezone.now() - timedelta(days=2, hours=1)
    Account.objects.filter(did=owner.did).update(created_at=earlier)
    assert done(owner.query(nsid, createAvailable="false")) == {"codes": []}
    codes = done(owner.query(nsid))["codes"]
    assert [(code["createdBy"], code["available"]) for code in codes] == [(owner.did, 1)] * 2


def test_used_codes_can_be_left_out(admin, ash, owner):
    code = new_code(admin, forAccount=owner.did)
    done(come(ash, "carol", code))
    nsid = SERVER + "getAccountInviteCodes"
    assert len(done(owner.query(nsid))["codes"]) == 1
    assert done(owner.query(nsid, includeUsed="false")) == {"codes": []}


def test_disabled_codes_are_worth_and_show_nothing(admin, ash, owner):
    code, other = new_code(admin, forAccount=owner.did), new_code(admin)
    done(admin.call(ADMIN + "disableInviteCodes", codes=[other], accounts=[owner.did]))
    assert [come(ash, "carol", one).status_code for one in (code, other)] == [400, 400]
    assert done(owner.query(SERVER + "getAccountInviteCodes")) == {"codes": []}


def test_the_admins_codes_are_not_disabled_together(admin):
    answer = admin.call(ADMIN + "disableInviteCodes", accounts=["admin"])
    assert refused(answer)[2] == "cannot disable admin invite codes"


def test_an_account_is_forbidden_to_invite_with_a_note(admin, owner):
    done(admin.call(ADMIN + "disableAccountInvites", account=owner.did, note="too many"))
    view = done(admin.query(ADMIN + "getAccountInfo", did=owner.did))
    assert (view["invitesDisabled"], view["inviteNote"]) == (True, "too many")
    done(admin.call(ADMIN + "enableAccountInvites", account=owner.did))
    assert done(admin.query(ADMIN + "getAccountInfo", did=owner.did))["invitesDisabled"] is False


def test_all_codes_are_listed_page_by_page(admin):
    codes = [new_code(admin) for _ in range(3)]
    page = done(admin.query(ADMIN + "getInviteCodes", limit=2))
    rest = done(admin.query(ADMIN + "getInviteCodes", limit=2, cursor=page["cursor"]))
    assert [code["code"] for code in page["codes"] + rest["codes"]] == codes[::-1]
    assert "cursor" not in rest


def test_another_tenants_code_is_worth_nothing(admin, birch):
    birch.admission = "invite"
    birch.save()
    routing.forget()
    answer = Api(birch).call(
        SERVER + "createAccount", handle="carol.birch.test", email="c@example.com",
        password="correct horse", inviteCode=new_code(admin),
    )  # fmt: skip
    assert refused(answer)[1] == "InvalidInviteCode"
