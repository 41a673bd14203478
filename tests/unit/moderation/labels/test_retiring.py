"""A labeler is retired: declaration, labels, identity, in the order in which nobody is misled."""

import pytest

from accounts.models import Account
from accounts.signup.rules import SignUp
from hosting.models import Host
from moderation.labels import changes, declarations, labelers, queries, retiring, setting_up
from moderation.labels.setting_up import LabelerRetired
from moderation.models import AuditEntry, Labeler
from moderation.permissions import NotAllowed, ReasonNeeded
from protocol.did.plc_data import PlcData
from repos.models import Record
from tests import factories
from tests.api import network

pytestmark = pytest.mark.django_db(transaction=True)
WHY = {"actor": "admin", "reason": "seen"}


@pytest.fixture
def owner(ash, staff_of):
    return staff_of(ash, "owner")


@pytest.fixture
def declared(ash, owner, monkeypatch, settings) -> Labeler:
    settings.VALKEY_URL = ""
    network.stand_in(monkeypatch, [])
    handle, email = "watchers.test", "watchers@example.com"
    setting_up.open_account(owner, ash, SignUp(handle, email, factories.PASSWORD))
    labeler = labelers.of_tenant(ash.tenant_id)
    setting_up.publish(owner, labeler)
    declarations.declare(owner, labeler)
    return labeler


def data_of(labeler: Labeler):
    return setting_up.updates.newest(labeler.account)[1]


def labels(labeler: Labeler) -> list[tuple[str, bool]]:
    page = queries.query(labeler.tenant_id, ["*"], None, 50)
    return [(each["val"], each.get("neg", False)) for each in page.labels]


def test_it_ends_step_by_step_and_each_may_be_repeated(declared, owner):
    for number in range(3):
        changes.put(declared, f"did:plc:{number:024}", "spam", **WHY)
    retiring.withdraw(owner, declared, "closing down")
    assert not Record.objects.filter(collection=declarations.COLLECTION).exists()
    with pytest.raises(retiring.LabelsHold):
        retiring.leave_identity(owner, declared)
    retiring.take_back_labels(), retiring.take_back_labels()
    assert labels(declared) == [("spam", True)] * 3
    assert retiring.leave_identity(owner, declared)
    assert not {"atproto_labeler"} & data_of(declared).services.keys()
    assert "atproto_label" not in data_of(declared).verification_methods
    assert (declared.state, labels(declared)) == ("retired", [])


def test_what_labels_took_down_stays_down(declared, owner, account):
    declared.hides = ["!hide"]
    declared.save()
    changes.put(declared, account.did, "!hide", **WHY)
    retiring.withdraw(owner, declared, "closing down")
    retiring.take_back_labels()
    assert Account.objects.get(pk=account.pk).taken_down_at is not None
    assert not retiring.standing(declared).exists()


def test_a_retired_one_labels_and_is_declared_no_more(declared, owner):
    retiring.withdraw(owner, declared, "closing down")
    for verb in (
        lambda: changes.put(declared, "did:plc:bob", "spam", **WHY),
        lambda: setting_up.publish(owner, declared),
        lambda: setting_up.begin_rotation(owner, declared),
        lambda: declarations.declare(owner, declared),
        lambda: retiring.withdraw(owner, declared, "again"),
    ):
        with pytest.raises(LabelerRetired):
            verb()
    assert labelers.at_work(declared.tenant_id) is None


def test_what_was_read_before_does_not_label_after_it(declared, owner):
    before = labelers.of_tenant(declared.tenant_id)
    retiring.withdraw(owner, declared, "closing down")
    assert before.is_at_work
    for verb in (
        lambda: changes.put(before, "did:plc:bob", "spam", **WHY),
        lambda: setting_up.begin_rotation(owner, before),
        lambda: retiring.withdraw(owner, before, "again"),
    ):
        with pytest.raises(LabelerRetired):
            verb()


def test_it_does_not_end_when_it_was_begun_anew_meanwhile(declared, owner, monkeypatch):
    retiring.withdraw(owner, declared, "closing down")

    def asked(account: Account) -> tuple[dict[str, object], PlcData]:
        retiring.resume(owner, labelers.of_tenant(declared.tenant_id), "open again")
        return {}, data

    data = data_of(declared)
    monkeypatch.setattr(retiring.updates, "newest", asked)
    monkeypatch.setattr(retiring.host_operations, "publish", lambda *_: True)
    with pytest.raises(retiring.LabelsHold):
        retiring.leave_identity(owner, declared)
    assert labelers.of_tenant(declared.tenant_id).is_at_work


def test_one_labelers_command_takes_back_its_own_alone(declared, owner, birch):
    other = factories.labeler(factories.open_account(birch))
    for each in (declared, other):
        changes.put(each, "did:plc:bob", "spam", **WHY)
    retiring.withdraw(owner, declared, "closing down")
    retiring.withdraw("admin", other, "closing down")
    retiring.take_back_labels_of(declared)
    assert not retiring.standing(declared).exists()
    assert retiring.standing(other).exists()


def test_it_is_set_up_again_with_the_same_account(declared, owner):
    retiring.withdraw(owner, declared, "closing down")
    retiring.leave_identity(owner, declared)
    retiring.resume(owner, declared, "open again")
    assert setting_up.publish(owner, declared)
    declarations.declare(owner, declared)
    assert changes.put(declared, "did:plc:bob", "spam", **WHY)
    said = AuditEntry.objects.filter(action=AuditEntry.Action.LABELER_RETIRE)
    assert list(said.order_by("pk").values_list("stage", flat=True)) == ["", "begun", "done"]


def test_an_identity_that_names_another_hosts_labeler_is_left_alone(declared, owner):
    retiring.withdraw(owner, declared, "moved on")
    before = data_of(declared)
    Host.objects.update(origin="https://elsewhere.example")
    declared = labelers.of_tenant(declared.tenant_id)
    assert retiring.leave_identity(owner, declared)
    assert data_of(declared) == before


def test_only_an_owner_retires_it_and_says_why(declared, owner, moderator):
    with pytest.raises(NotAllowed):
        retiring.withdraw(moderator, declared, "envy")
    with pytest.raises(ReasonNeeded):
        retiring.withdraw(owner, declared, " ")
    assert declared.is_at_work
