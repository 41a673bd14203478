"""A new signing key: in the directory first, then in the account and its repo."""

import pytest
from django.utils import timezone

from accounts.identity import key_rotation
from accounts.identity.plc import client, submit
from accounts.identity.plc.updates import DirectoryUnavailable, NotOursToChange
from accounts.models import Account, PlcOperation, SigningKey
from accounts.signup import sign_up
from hosting.models import Host
from protocol.keys import PublicKey
from protocol.keys import SigningKey as Key
from protocol.repo import commit
from repos.models import Event, Repo
from tests.factories import wanted

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account(ash, plc) -> Account:
    return sign_up.sign_up(ash, wanted())


def named_by_directory(account: Account) -> str:
    return client.newest(account.did)["verificationMethods"]["atproto"]


def test_directory_account_and_head_have_the_new_key(account):
    did_key = key_rotation.rotate_key(account)
    assert named_by_directory(account) == did_key != account.signing_did_key
    account.refresh_from_db()
    repo = Repo.objects.get(pk=account.pk)
    assert account.signing_did_key == repo.signing_did_key == did_key
    assert commit.parse(bytes(repo.commit)).verify(PublicKey.from_did_key(did_key))


def test_the_network_hears_identity_then_sync(account):
    key_rotation.rotate_key(account)
    assert list(Event.objects.order_by("-id").values_list("kind", flat=True))[:2] == [2, 3]


def test_all_else_that_the_did_says_stays(account):
    before = client.newest(account.did)
    key_rotation.rotate_key(account)
    after = client.newest(account.did)
    for name in ("rotationKeys", "alsoKnownAs", "services"):
        assert after[name] == before[name]


def test_a_rotation_that_was_interrupted_goes_on_by_itself(account, plc):
    operation = key_rotation.write_down(account)
    submit.submit(operation.pk)  # what the sweep does
    account.refresh_from_db()
    assert account.signing_did_key == named_by_directory(account)


def test_a_rotation_under_way_is_not_begun_twice(account, plc):
    operation = key_rotation.write_down(account)
    key_rotation.rotate_key(account)
    operation.refresh_from_db()
    assert operation.state == "published"
    assert PlcOperation.objects.filter(kind="update").count() == 1


def test_a_did_that_another_host_rules_is_left_alone(account):
    Host.objects.update(rotation_did_key=Key.generate().did_key)
    account.host.refresh_from_db()
    with pytest.raises(NotOursToChange, match="do not include this host"):
        key_rotation.rotate_key(account)
    assert SigningKey.objects.count() == 1


def test_a_did_that_is_no_plc_cannot_rotate(account):
    account.did = "did:web:example.com"
    with pytest.raises(NotOursToChange, match="does not hold this DID"):
        key_rotation.rotate_key(account)


def test_a_directory_that_is_down_changes_nothing(account, settings):
    settings.PLC_URL = "http://127.0.0.1:1"
    with pytest.raises(DirectoryUnavailable):
        key_rotation.rotate_key(account)
    assert not PlcOperation.objects.filter(kind="update").exists()


def test_an_update_with_a_key_that_is_not_ours_changes_no_account(account):
    foreign = Key.generate().did_key
    operation = {**client.newest(account.did), "verificationMethods": {"atproto": foreign}}
    row = PlcOperation.objects.create(
        did=account.did,
        account=account,
        kind="update",
        operation=operation,
        cid="x",
        next_attempt_at=timezone.now(),
    )
    submit.confirm(PlcOperation.objects.claim(row.pk, submit.lease()))
    before = account.signing_did_key
    account.refresh_from_db()
    assert account.signing_did_key == before
