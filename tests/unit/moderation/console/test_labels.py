"""The console's pages about labels: the wizard, the editor, labels put and taken back."""

import pytest
from django.test import Client

from moderation.labels import changes, declarations, labelers, probes, retiring, setting_up
from moderation.models import Label, Labeler
from tests import factories
from tests.api import network

pytestmark = pytest.mark.django_db(transaction=True)
HOME = "/console/labels/"
POST = "at://did:plc:bob/app.bsky.feed.post/a"


@pytest.fixture(autouse=True)
def _directory(monkeypatch, settings):
    settings.VALKEY_URL = ""
    network.stand_in(monkeypatch, [])


def console(user, host="localhost") -> Client:
    client = Client(headers={"host": host})
    client.force_login(user)
    return client


@pytest.fixture
def owner(ash, staff_of) -> Client:
    return console(staff_of(ash, "owner"))


@pytest.fixture
def labeler(account) -> Labeler:
    return factories.labeler(account)


def value_form(**changed: str) -> dict[str, str]:
    return {
        "identifier": "spam",
        "severity": "inform",
        "blurs": "none",
        "default_setting": "warn",
        "locale-TOTAL_FORMS": "2",
        "locale-INITIAL_FORMS": "0",
        "locale-0-lang": "en",
        "locale-0-name": "Spam",
        "locale-0-description": "Unwanted.",
        "locale-1-lang": "",
    } | changed


def test_the_steps_lead_to_a_labeler(ash, owner):
    new = {"handle": "watchers.test", "email": "w@example.com", "password": factories.PASSWORD}
    assert owner.post(f"{HOME}open/", new).status_code == 302
    owner.post(f"{HOME}values/", value_form())
    for step in ("publish/", "declare/"):
        assert owner.post(HOME + step, follow=True).status_code == 200
    labeler = labelers.of_tenant(ash.tenant_id)
    assert labeler.state == Labeler.State.DECLARED
    assert declarations.values(labeler) == ["spam"]
    assert setting_up.updates.newest(labeler.account)[1].services["atproto_labeler"]


def test_the_steps_lead_out_again_and_back(ash, owner):
    new = {"handle": "watchers.test", "email": "w@example.com", "password": factories.PASSWORD}
    owner.post(f"{HOME}open/", new)
    owner.post(f"{HOME}publish/")
    changes.put(labelers.of_tenant(ash.tenant_id), POST, "spam", actor="admin", reason="seen")
    page = owner.post(f"{HOME}retire/", {"reason": "closing down"}, follow=True)
    assert "1 label is still to be taken back" in page.content.decode()
    retiring.take_back_labels()
    assert "Retired" in owner.post(f"{HOME}leave/", follow=True).content.decode()
    page = owner.post(f"{HOME}resume/", {"reason": "open again"}, follow=True)
    assert "The identity has to name this host" in page.content.decode()


def test_what_is_wrong_with_a_new_account_stands_at_its_field(owner):
    page = owner.post(f"{HOME}open/", {"handle": "a b", "email": "w@example.com", "password": "x"})
    assert page.status_code == 400
    assert 'role="alert"' in page.content.decode() or "console-error" in page.content.decode()
    assert not Labeler.objects.exists()


def test_an_account_of_another_tenant_is_none_to_take(owner, birch):
    theirs = factories.open_account(birch)
    assert owner.post(f"{HOME}take/", {"account": theirs.did}).status_code == 400
    assert not Labeler.objects.exists()


def test_a_value_without_a_title_is_refused(owner, labeler):
    page = owner.post(f"{HOME}values/", value_form(**{"locale-0-name": ""}))
    assert page.status_code == 400
    assert declarations.definitions(labelers.of_tenant(labeler.pk)) == []


def test_a_value_is_changed_and_removed(owner, labeler, monkeypatch):
    monkeypatch.setattr(declarations, "declare", lambda *_: None)
    owner.post(f"{HOME}values/", value_form())
    assert "Unwanted." in owner.get(f"{HOME}values/spam/").content.decode()
    owner.post(f"{HOME}values/spam/", value_form(identifier="junk"))
    assert declarations.values(labelers.of_tenant(labeler.pk)) == ["junk"]
    owner.post(f"{HOME}values/junk/remove/")
    assert declarations.values(labelers.of_tenant(labeler.pk)) == []


def test_the_reports_that_are_taken_are_chosen(owner, labeler, monkeypatch):
    monkeypatch.setattr(declarations, "declare", lambda *_: None)
    chosen = {"reasons": "none", "subjects": ["account"], "collections": "these"}
    owner.post(f"{HOME}reports/", {**chosen, "collection_list": "app.bsky.feed.post"})
    kept = labelers.of_tenant(labeler.pk).declaration
    assert (kept["reasonTypes"], kept["subjectTypes"]) == ([], ["account"])
    assert kept["subjectCollections"] == ["app.bsky.feed.post"]
    assert "selected" in owner.get(f"{HOME}reports/").content.decode()


def test_the_choice_of_labels_that_hide_is_kept(owner, labeler):
    owner.post(f"{HOME}hiding/", {"hides": ["!hide"]})
    assert labelers.of_tenant(labeler.pk).hides == ["!hide"]
    owner.post(f"{HOME}hiding/", {"hides": ["spam"]})
    assert labelers.of_tenant(labeler.pk).hides == ["!hide"]


def test_what_is_wrong_from_outside_is_shown(owner, labeler, monkeypatch):
    monkeypatch.setattr(probes, "faults", lambda _: ["stream"])
    owner.post(f"{HOME}probe/")
    assert str(probes.FAULTS["stream"]) in owner.get(HOME).content.decode()


def test_triage_labels_an_account_and_takes_it_back(ash, staff_of, labeler, account):
    page = f"/console/accounts/{account.did}/"
    triage = console(staff_of(ash, "triage"))
    triage.post(f"{page}labels/put/", {"val": "rude", "reason": "seen", "days": "3"})
    assert "rude" in triage.get(page).content.decode()
    assert Label.objects.get().expires_at is not None
    triage.post(f"{page}labels/negate/", {"val": "rude", "reason": "mended"})
    assert Label.objects.current().get().is_negation


def test_a_record_in_view_is_labelled(ash, staff_of, labeler, account):
    at = f"/console/accounts/{account.did}/labels/put/?record=com.example.thing/a"
    console(staff_of(ash, "moderator")).post(at, {"val": "rude", "reason": "seen"})
    assert Label.objects.get().uri == f"at://{account.did}/com.example.thing/a"


def test_anything_on_the_network_is_labelled(ash, staff_of, labeler):
    staff = console(staff_of(ash, "moderator"))
    staff.post(f"{HOME}put/", {"uri": POST, "val": "rude", "reason": "seen"})
    assert POST in staff.get("/console/moderation/label/").content.decode()
    assert POST in staff.get("/console/moderation/label/", {"q": POST[:20]}).content.decode()
    staff.post(f"{HOME}negate/", {"uri": POST, "val": "rude", "reason": "seen"})
    assert Label.objects.current().get().is_negation


@pytest.mark.parametrize("role", ["moderator", "triage", "support", "auditor"])
def test_only_an_owner_sees_the_forms_of_the_wizard(ash, staff_of, labeler, role):
    page = console(staff_of(ash, role)).get(HOME).content.decode()
    assert labeler.did in page
    assert "/console/labels/publish/" not in page
    assert "/console/labels/hiding/" not in page


def test_another_tenants_staff_sees_no_label(birch, staff_of, labeler):
    changes.put(labeler, POST, "rude", actor="admin", reason="seen")
    theirs = console(staff_of(birch, "owner"), "birch.localhost")
    for page in (HOME, "/console/moderation/label/"):
        text = theirs.get(page).content.decode()
        assert labeler.did not in text
        assert POST not in text
    assert theirs.post(f"{HOME}put/", {"uri": POST, "val": "x", "reason": "y"}).status_code == 404
