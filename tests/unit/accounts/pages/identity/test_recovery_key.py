"""Recovery keys on pages: brought, proven, confirmed by a mailed code, tested again, removed."""

import base64

import pytest
from django.conf import settings
from django.test import Client

from accounts.authentication import email_codes
from accounts.identity.plc import client, owner_operations, submit
from accounts.identity.recovery_keys import possession
from accounts.models import Account, PlcOperation, RecoveryKey, SecurityChange
from accounts.pages.centre import mailed_codes
from accounts.signup import sign_up
from hosting.limits import Budget, RateLimitExceeded
from hosting.mail.models import OutgoingMail
from protocol.keys import SigningKey
from tests.concurrency.test_writers import in_threads
from tests.factories import wanted
from tests.unit.accounts.pages.signed_in_browser import browser_of, code_of, forget_proof, text

NEW = "/account/identity/recovery-key"
CONFIRM = "/account/identity/confirm"
REMOVE = "/account/identity/keys/remove"
OWN = SigningKey.generate("p256")
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account(ash, plc) -> Account:
    return sign_up.sign_up(ash, wanted())


@pytest.fixture
def browser(account) -> Client:
    return browser_of(account)


def proof(account: Account, key: SigningKey = OWN) -> dict[str, str]:
    """What the page's script puts into the form."""
    challenge = possession.challenge(account)
    signature = base64.urlsafe_b64encode(key.sign(challenge.encode())).decode().rstrip("=")
    return {"challenge": challenge, "signature": signature}


def intention(response) -> str:
    assert response.status_code == 200, text(response)
    return response.context["form"]["intention"].value()


def begin(browser: Client, account: Account, **more: str) -> str:
    """A key is brought; what the next page sends along."""
    given = {"did_key": OWN.did_key, "name": "in the safe", **more}
    return intention(browser.post(NEW, given))


def confirm(browser: Client, account: Account, wanted: str, **more: str):
    code = code_of(account, owner_operations.PURPOSE)
    return browser.post(CONFIRM, {"intention": wanted, "code": code, **more})


def rotation_keys(account: Account) -> list[str]:
    return client.newest(account.did)["rotationKeys"]


def test_a_proven_key_goes_above_the_hosts(browser, account):
    wanted = begin(browser, account, **proof(account))
    assert rotation_keys(account) == [account.host.rotation_did_key]
    assert confirm(browser, account, wanted)["Location"] == "/account/identity"
    assert rotation_keys(account) == [OWN.did_key, account.host.rotation_did_key]
    assert RecoveryKey.objects.get().proven_at is not None


def test_without_scripts_a_public_half_will_do_and_is_said_to_be_untested(browser, account):
    page = browser.post(NEW, {"did_key": OWN.did_key})
    assert "It was not tested" in text(page)
    confirm(browser, account, intention(page))
    assert RecoveryKey.objects.get().proven_at is None


def test_the_code_is_mailed_and_the_owner_is_told_of_the_change(browser, account):
    confirm(browser, account, begin(browser, account))
    kinds = OutgoingMail.objects.values_list("kind", flat=True)
    assert {"plc_operation", "change_rotation_key_added"} <= set(kinds)
    assert SecurityChange.objects.get().detail == OWN.did_key


@pytest.mark.parametrize(
    "given",
    [
        {"did_key": ""},
        {"did_key": "did:key:z123"},
        {"did_key": "x" * 300},
        {"did_key": OWN.did_key, "signature": "x"},
        {"did_key": OWN.did_key, "signature": "A" * 86, "challenge": "nonsense"},
    ],
)
def test_nonsense_and_false_proofs_get_a_sentence(browser, account, given):
    response = browser.post(NEW, given)
    assert response.status_code == 422
    assert "<title>Error:" in text(response)
    assert not OutgoingMail.objects.filter(kind="plc_operation").exists()


def test_another_keys_proof_is_none(browser, account):
    given = {"did_key": OWN.did_key, **proof(account, SigningKey.generate("p256"))}
    response = browser.post(NEW, given)
    assert "That is not the private half of this key." in text(response)


def test_a_wrong_code_changes_nothing(browser, account):
    response = confirm(browser, account, begin(browser, account), code="AAAAA-BBBBB")
    assert response.status_code == 422
    assert rotation_keys(account) == [account.host.rotation_did_key]


def test_an_intention_of_another_account_or_of_nobody_is_none(browser, account, birch):
    other = sign_up.sign_up(birch, wanted(handle="bob.birch.test", email="bob@example.com"))
    theirs = begin(browser_of(other), other)
    for foreign in (theirs, "nonsense", ""):
        assert confirm(browser, account, foreign)["Location"] == "/account/identity"
    assert rotation_keys(account) == [account.host.rotation_did_key]


def test_a_stolen_cookie_alone_gets_nowhere(browser, account):
    wanted = begin(browser, account)
    forget_proof(account)
    for path, given in (
        (NEW, {"did_key": OWN.did_key}),
        (CONFIRM, {"intention": wanted, "code": code_of(account, owner_operations.PURPOSE)}),
        (REMOVE, {"did_key": OWN.did_key}),
    ):
        assert browser.post(path, given)["Location"].startswith("/account/prove")
    assert rotation_keys(account) == [account.host.rotation_did_key]


def test_another_code_is_sent_on_demand(browser, account):
    wanted = begin(browser, account)
    response = browser.post(CONFIRM, {"intention": wanted, "again": "yes"})
    assert intention(response)
    assert OutgoingMail.objects.filter(kind="plc_operation").count() == 2


def test_while_the_address_is_new_the_page_shows_the_code(browser, account):
    Account.objects.update(email_replaced_at=account.created_at)
    page = text(browser.post(NEW, {"did_key": OWN.did_key}))
    assert code_of(account, owner_operations.PURPOSE) in page
    assert not OutgoingMail.objects.filter(kind="plc_operation").exists()


def test_a_key_is_removed(browser, account):
    confirm(browser, account, begin(browser, account))
    wanted = intention(browser.post(REMOVE, {"did_key": OWN.did_key}))
    confirm(browser, account, wanted)
    assert rotation_keys(account) == [account.host.rotation_did_key]
    assert SecurityChange.objects.filter(kind="rotation_key_removed").exists()


def test_our_key_is_not_removed(browser, account):
    ours = account.host.rotation_did_key
    response = confirm(browser, account, intention(browser.post(REMOVE, {"did_key": ours})))
    assert "The key of this host stays" in text(response)


def test_a_directory_that_is_down_is_said_to_be_and_nothing_changes(browser, account, plc):
    wanted = begin(browser, account)
    plc.down = True
    response = confirm(browser, account, wanted)
    assert response.status_code == 503
    assert not PlcOperation.objects.open().exists()


def test_a_change_under_way_is_shown_as_such(browser, account, plc):
    wanted = begin(browser, account)
    plc.fail_before = True
    assert confirm(browser, account, wanted).status_code == 302
    assert "A change is on its way" in text(browser.get("/account/identity"))
    plc.fail_before = False
    PlcOperation.objects.open().make_due()
    submit.submit(PlcOperation.objects.open().get().pk)
    assert OWN.did_key in rotation_keys(account)


def test_two_devices_that_confirm_the_same_change_make_it_once(account, plc):
    devices = [browser_of(account), browser_of(account)]
    wanted = begin(devices[0], account)
    given = {"intention": wanted, "code": code_of(account, owner_operations.PURPOSE)}
    answers = []
    in_threads(2, lambda n: answers.append(devices[n].post(CONFIRM, given).status_code))
    assert sorted(answers) == [302, 422]
    assert len(plc.posts) == 2


def test_no_code_is_said_to_be_on_its_way_that_was_refused(browser, account, monkeypatch):
    wanted = begin(browser, account)

    def refuse(*_: object) -> None:
        raise RateLimitExceeded(Budget(1, 3_600), 4_000_000_000)

    monkeypatch.setattr(mailed_codes, "give", refuse)
    answer = browser.post(CONFIRM, {"intention": wanted, "again": "yes"})
    assert answer.status_code == 429
    assert "Too many attempts" in text(answer)
    assert "on its way" not in text(answer)


def test_a_key_in_the_drawer_is_tested_again(browser, account):
    confirm(browser, account, begin(browser, account))
    kept = RecoveryKey.objects.get()
    assert kept.proven_at is None
    page = f"{NEW}/test?key={OWN.did_key}"
    assert browser.get(page).status_code == 200
    assert browser.post(page, {"challenge": "x", "signature": "y"}).status_code == 422
    assert browser.post(page, proof(account)).status_code == 302
    kept.refresh_from_db()
    assert kept.proven_at is not None


def test_a_key_that_is_not_hers_is_not_tested(browser, account):
    assert browser.get(f"{NEW}/test?key={OWN.did_key}").status_code == 302
    assert browser.post(f"{NEW}/test?key={OWN.did_key}", proof(account)).status_code == 302
    assert not RecoveryKey.objects.exists()


def test_the_page_never_asks_for_the_private_half_in_a_field_that_is_sent(browser):
    page = text(browser.get(NEW))
    assert '<input id="secret" type="text"' in page
    assert 'name="secret"' not in page


def test_mails_have_a_limit_and_the_page_says_so(browser, account):
    last = None
    for _ in range(12):
        last = browser.post(NEW, {"did_key": OWN.did_key})
    assert last.status_code == 429
    assert email_codes.issue(account, owner_operations.PURPOSE)


def test_the_scripts_share_one_encoding_of_keys():
    """Two of them would drift apart, and a key that one made could fail at the other."""
    scripts = {path.name: path.read_text() for path in (settings.BASE_DIR / "static").glob("*.js")}
    assert [name for name, script in scripts.items() if "ABCDEFGHJKLMNPQRSTUVWXYZ" in script] == [
        "keys.js"
    ]
    for name in ("recovery_key.js", "sign_with_key.js"):
        assert "from './keys.js'" in scripts[name]
