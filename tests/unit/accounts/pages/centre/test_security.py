"""The security of an account: password, ways for apps, devices, history."""

import pytest
from django.utils import timezone

from accounts.authentication import credentials, sessions, sign_in_alerts, web_sessions
from accounts.authentication.sign_in_alerts import Client, Way
from accounts.models import Account, SecurityChange, Session, SignIn, WebSession
from accounts.oauth import devices
from server.encryption.digests import sha256
from tests.factories import account_row

SECURITY, NEW = "/account/security", "quite another horse"


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(credentials, "REFUSAL_TAKES_S", 0.0)


@pytest.fixture
def mine(signed_in) -> Account:
    return Account.objects.select_related("host").get()


def shown(browser, path) -> str:
    response = browser.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_each_matter_has_a_row_with_one_action(signed_in):
    page = shown(signed_in, SECURITY)
    for path in ("password", "devices", "history", "oauth-only"):
        assert f'href="{SECURITY}/{path}"' in page
    assert "1 device" in page


def test_a_new_password_signs_out_everybody_but_this_browser(signed_in, mine):
    other, _app = web_sessions.begin(mine), sessions.begin(mine)
    response = signed_in.post(SECURITY + "/password", {"password": NEW, "signs_out": "on"})
    assert response.url == SECURITY + "?saved=1"
    assert web_sessions.account_of(mine.host, other) is None
    assert not Session.objects.exists()
    assert "Saved." in shown(signed_in, response.url)
    assert "changed on" in shown(signed_in, SECURITY)


def test_whoever_likes_keeps_the_others_signed_in(signed_in, mine):
    other = web_sessions.begin(mine)
    signed_in.post(SECURITY + "/password", {"password": NEW})
    assert web_sessions.account_of(mine.host, other) == mine
    assert credentials.authenticate(mine.host, mine.did, NEW) == mine


@pytest.mark.parametrize(("new", "words"), [("short", "at least 8"), ("alice.test", "your handle")])
def test_a_bad_password_stands_beside_its_field(signed_in, mine, new, words):
    response = signed_in.post(SECURITY + "/password", {"password": new})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert Account.objects.get().password == mine.password


def test_without_a_fresh_proof_nothing_is_changed(signed_in, mine):
    WebSession.objects.update(proved_at=None)
    for path, sent in (("password", {"password": NEW}), ("oauth-only", {"on": "1"})):
        response = signed_in.post(f"{SECURITY}/{path}", sent)
        assert response.url.startswith("/account/prove?next=")
    after = Account.objects.get()
    assert (after.password, after.is_oauth_only) == (mine.password, False)


def test_apps_sign_in_by_oauth_alone_and_with_passwords_again(signed_in, mine):
    sessions.begin(mine)
    signed_in.post(SECURITY + "/oauth-only", {"on": "1"})
    assert Account.objects.get().is_oauth_only
    assert not Session.objects.exists()
    signed_in.post(SECURITY + "/oauth-only", {"off": "1"})
    assert not Account.objects.get().is_oauth_only
    kinds = list(SecurityChange.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["oauth_only_on", "oauth_only_off"]


def test_the_devices_say_what_and_where_they_are(signed_in, mine):
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"
    web_sessions.begin(mine, Client("203.0.113.7", firefox))
    page = shown(signed_in, SECURITY + "/devices")
    assert "This browser" in page
    assert "Firefox, Linux" in page
    assert "203.0.113.0/24" in page
    assert "203.0.113.7" not in page


def test_one_browser_and_one_app_are_ended_alone(signed_in, mine):
    other = web_sessions.begin(mine)
    sessions.begin(mine)
    sessions.begin(mine)
    lineage = Session.objects.first().lineage
    signed_in.post(SECURITY + "/devices", {"browser": sha256(other)})
    signed_in.post(SECURITY + "/devices", {"app": lineage.hex})
    assert WebSession.objects.count() == 1
    assert not Session.objects.filter(lineage=lineage).exists()
    assert Session.objects.count() == 1


def test_nobody_ends_what_is_somebody_elses(signed_in, mine, ash):
    bob = account_row(ash, "bob")
    theirs = web_sessions.begin(bob)
    sessions.begin(bob)
    for sent in ({"browser": sha256(theirs)}, {"app": Session.objects.get().lineage}):
        signed_in.post(SECURITY + "/devices", sent)
    signed_in.post(SECURITY + "/devices", {"app": "nonsense", "browser": ""})
    assert web_sessions.account_of(ash, theirs) == bob
    assert Session.objects.filter(account=bob).exists()


def test_a_browser_that_is_signed_in_for_apps_is_listed_and_ended_alone(signed_in, mine, ash):
    bob, device = account_row(ash, "bob"), devices.create(ash, "a browser").device
    for account in (mine, bob):
        devices.sign_in(device, account, is_remembered=True)
    his = devices.of_account(bob)[0].pk
    assert f'name="device" value="{his}"' not in shown(signed_in, SECURITY + "/devices")
    for pk in (his, devices.of_account(mine)[0].pk, "nonsense", "9" * 40):
        signed_in.post(SECURITY + "/devices", {"device": pk})
    assert devices.of_account(mine) == []
    assert len(devices.of_account(bob)) == 1


def test_all_others_are_ended_at_once(signed_in, mine):
    web_sessions.begin(mine)
    sessions.begin(mine)
    signed_in.post(SECURITY + "/devices", {"others": "1"})
    assert WebSession.objects.count() == 1
    assert not Session.objects.exists()
    assert "This browser" in shown(signed_in, SECURITY + "/devices")


def test_the_history_shows_who_signed_in_who_failed_and_what_changed(signed_in, mine):
    client = Client("203.0.113.7", "Skysail/2.0")
    sign_in_alerts.record(mine, client, Way.APP_PASSWORD, is_success=False)
    now = timezone.now()
    SecurityChange.objects.create(
        account=mine, kind="app_password_added", detail="my phone", at=now
    )
    app = Client("203.0.113.7", host_name="app.example.com")
    sign_in_alerts.record(mine, app, Way.TWO_STEPS, is_success=True)
    page = shown(signed_in, SECURITY + "/history")
    assert "with the password ·" in page
    assert "with the password and a second factor · for the app app.example.com" in page
    assert "<strong>Signed in</strong>" in page
    assert "<strong>Failed</strong> Skysail" in page
    assert "App password added</strong> my phone" in page


def test_the_last_sign_in_is_one_that_succeeded_and_all_devices_count(signed_in, mine):
    SignIn.objects.all().delete()
    sign_in_alerts.record(mine, Client("198.51.100.7"), Way.PASSWORD, is_success=False)
    assert "none yet" in shown(signed_in, SECURITY)
    devices.sign_in(devices.create(mine.host, "").device, mine, is_remembered=True)
    sign_in_alerts.record(mine, Client("198.51.100.7"), Way.PASSWORD, is_success=True)
    page = shown(signed_in, SECURITY)
    assert "none yet" not in page
    assert "2 devices" in page
