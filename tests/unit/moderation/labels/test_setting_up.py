"""A labeler is set up step by step, and every step may be done again."""

import pytest

from accounts.authentication import email_codes
from accounts.models import Account
from accounts.signup import sign_up
from accounts.signup.rules import SignUp
from moderation.labels import (
    changes,
    declarations,
    labelers,
    older_signatures,
    queries,
    setting_up,
)
from moderation.labels.setting_up import LabelerThere, UnfitAccount
from moderation.models import AuditEntry, Label, Labeler
from moderation.permissions import NotAllowed
from protocol import atjson, cbor
from protocol.keys import PublicKey
from repos.reads import records
from tests import factories
from tests.api import network

pytestmark = pytest.mark.django_db(transaction=True)

WANTED = SignUp(handle="watchers.test", email="watchers@example.com", password=factories.PASSWORD)
SPAM = {
    "identifier": "spam",
    "severity": "inform",
    "blurs": "none",
    "locales": [{"lang": "en", "name": "Spam", "description": "Unwanted."}],
}


@pytest.fixture(autouse=True)
def directory(monkeypatch, settings):
    settings.VALKEY_URL = ""
    posted = []
    network.stand_in(monkeypatch, posted)
    return posted


@pytest.fixture
def owner(ash, staff_of):
    return staff_of(ash, "owner")


@pytest.fixture
def opened(ash, owner) -> Labeler:
    setting_up.open_account(owner, ash, WANTED)
    return labelers.of_tenant(ash.tenant_id)


def data_of(labeler: Labeler):
    return setting_up.updates.newest(labeler.account)[1]


def is_signed(label: dict, did_key: str) -> bool:
    fields = cbor.decode(atjson.to_cbor(label))
    signature = fields.pop("sig")
    return PublicKey.from_did_key(did_key).verify(cbor.encode(fields), signature)


def test_labels_are_served_before_anything_names_them(ash, opened):
    changes.put(opened, "did:plc:bob", "spam", actor="admin", reason="seen")
    assert len(queries.query(ash.tenant_id, ["*"], None, 1).labels) == 1
    assert opened.state == Labeler.State.SERVING
    assert setting_up.METHOD not in data_of(opened).verification_methods


def test_an_account_that_was_opened_for_it_is_published_without_a_letter(opened, owner, ash):
    assert setting_up.publish(owner, opened)
    data = data_of(opened)
    assert data.verification_methods["atproto_label"] == opened.signing_did_key
    service = data.services["atproto_labeler"]
    assert (service.type, service.endpoint) == ("AtprotoLabeler", ash.origin)
    assert opened.state == Labeler.State.PUBLISHED


def test_publishing_again_changes_nothing(opened, owner, directory):
    setting_up.publish(owner, opened)
    before = len(directory)
    assert setting_up.publish(owner, opened)
    assert len(directory) == before


def test_an_account_of_somebody_needs_the_code_from_its_mailbox(ash, owner):
    account = sign_up.sign_up(ash, factories.wanted())
    setting_up.take_account(owner, account)
    labeler = labelers.of_tenant(ash.tenant_id)
    with pytest.raises(setting_up.owner_operations.CodeRequired):
        setting_up.publish(owner, labeler)
    code = email_codes.issue(account, setting_up.owner_operations.PURPOSE)
    assert setting_up.publish(owner, labeler, code)


def test_a_tenant_has_one_labeler(ash, owner, opened, account):
    with pytest.raises(LabelerThere):
        setting_up.take_account(owner, account)
    with pytest.raises(LabelerThere):
        setting_up.open_account(owner, ash, WANTED)


def test_one_whose_account_came_to_nothing_makes_room(ash, owner, opened, account):
    Account.objects.filter(pk=opened.account_id).delete()
    assert setting_up.take_account(owner, account).did == account.did


def test_an_account_that_rests_is_no_labeler(owner, account):
    account.status = Account.Status.DEACTIVATED
    with pytest.raises(UnfitAccount):
        setting_up.take_account(owner, account)


@pytest.mark.parametrize("role", ["moderator", "triage", "support", "auditor"])
def test_only_an_owner_sets_it_up(ash, staff_of, account, role):
    staff = staff_of(ash, role)
    with pytest.raises(NotAllowed):
        setting_up.take_account(staff, account)
    with pytest.raises(NotAllowed):
        setting_up.open_account(staff, ash, WANTED)


def test_another_tenants_owner_sets_up_nothing(birch, staff_of, account):
    with pytest.raises(NotAllowed):
        setting_up.take_account(staff_of(birch, "owner"), account)


def test_the_declaration_waits_for_the_identity(opened, owner):
    declarations.define(owner, opened, SPAM)
    with pytest.raises(declarations.NotPublishedYet):
        declarations.declare(owner, opened)


def test_the_declaration_is_a_record_of_the_labelers_repo(ash, opened, owner):
    declarations.define(owner, opened, SPAM)
    setting_up.publish(owner, opened)
    declarations.declare(owner, opened)
    text = records.get_record(ash, opened.did, declarations.COLLECTION, "self").decode()
    assert '"labelValues":["spam"]' in text
    assert opened.state == Labeler.State.DECLARED


def test_what_is_changed_later_is_declared_at_once(ash, opened, owner):
    setting_up.publish(owner, opened)
    declarations.declare(owner, opened)
    declarations.define(owner, opened, SPAM)
    declarations.define(owner, opened, {**SPAM, "identifier": "junk"}, instead_of="spam")
    declarations.change(owner, opened, ["porn"], {"reasonTypes": [], "subjectTypes": None})
    text = records.get_record(ash, opened.did, declarations.COLLECTION, "self").decode()
    assert '"labelValues":["porn","junk"]' in text
    assert '"reasonTypes":[]' in text
    assert "subjectTypes" not in text


def test_two_who_edit_at_once_lose_nothing_of_each_other(opened, owner):
    as_read_before = labelers.of_tenant(opened.pk)
    declarations.define(owner, opened, SPAM)
    declarations.define(owner, as_read_before, {**SPAM, "identifier": "junk"})
    assert declarations.values(labelers.of_tenant(opened.pk)) == ["spam", "junk"]


def test_a_definition_that_does_not_fit_is_refused(opened, owner):
    with pytest.raises(Exception, match="locales"):
        declarations.define(owner, opened, {**SPAM, "locales": [{"lang": "en"}]})
    assert declarations.definitions(labelers.of_tenant(opened.pk)) == []


def test_another_key_signs_all_that_was_said(opened, owner):
    setting_up.publish(owner, opened)
    changes.put(opened, "did:plc:bob", "spam", actor="admin", reason="seen")
    before = opened.signing_did_key
    setting_up.begin_rotation(owner, opened)
    setting_up.begin_rotation(owner, opened)
    assert setting_up.publish(owner, opened)
    assert data_of(opened).verification_methods["atproto_label"] == opened.signing_did_key != before
    assert is_signed(queries.query(opened.pk, ["*"], None, 1).labels[0], opened.signing_did_key)
    assert opened.keys.count() == 2


def test_what_an_older_key_signed_is_signed_anew_for_good(opened, owner):
    changes.put(opened, "did:plc:bob", "spam", actor="admin", reason="seen")
    setting_up.begin_rotation(owner, opened)
    setting_up.publish(owner, opened)
    older_signatures.sign_anew()
    label = Label.objects.get()
    assert is_signed(atjson.plain(bytes(label.body)), opened.signing_did_key)
    assert not labelers.of_tenant(opened.pk).has_older_signatures


def test_a_key_that_reaches_the_identity_later_is_found(opened, owner, monkeypatch):
    setting_up.publish(owner, opened)
    setting_up.begin_rotation(owner, opened)
    with monkeypatch.context() as cut_off:
        cut_off.setattr(setting_up, "take_published", lambda *_: None)
        setting_up.publish(owner, opened)
    older_signatures.take_next_keys()
    assert labelers.of_tenant(opened.pk).signing_did_key == opened.next_did_key


def test_each_step_is_in_the_log(opened, owner):
    setting_up.publish(owner, opened)
    declarations.declare(owner, opened)
    logged = AuditEntry.objects.order_by("id").values_list("action", "stage")
    assert list(logged) == [
        ("labeler.open", ""),
        ("labeler.publish", "begun"),
        ("labeler.publish", "done"),
        ("labeler.declare", ""),
    ]
