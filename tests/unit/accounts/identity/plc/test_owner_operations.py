"""PLC operations of an owner's own: signed after a mailed code, submitted when they are safe."""

import pytest

from accounts.authentication import email_codes
from accounts.authentication.session_tokens import InvalidToken
from accounts.identity.plc import client, owner_operations, updates
from accounts.models import Account, PlcOperation
from accounts.signup import sign_up
from hosting.mail.models import OutgoingMail
from protocol.did import plc as operations
from protocol.keys import SigningKey
from repos.models import Event
from tests.factories import account_row, wanted

pytestmark = pytest.mark.django_db(transaction=True)
IDENTITY = 3
OWN = SigningKey.generate()


@pytest.fixture
def account(ash, plc) -> Account:
    return sign_up.sign_up(ash, wanted())


@pytest.fixture
def code(account) -> str:
    return email_codes.issue(account, owner_operations.PURPOSE)


def signed(account: Account, **changes) -> operations.Operation:
    """The account's next operation with these fields, signed by its host without any check."""
    newest, data = updates.newest(account)
    unsigned = operations.update(data, operations.cid_of(newest))
    host = account.host
    key = owner_operations.updates.signing_keys.rotation_key(host)
    return operations.sign({**unsigned, **changes}, key)


def keys_of(account: Account) -> list[str]:
    return [OWN.did_key, account.host.rotation_did_key]


def test_what_we_recommend_is_what_a_new_account_has(account):
    recommended = owner_operations.recommended(account)
    assert operations.data_of(client.newest(account.did)) == recommended


def test_a_did_web_gets_no_rotation_keys_recommended(ash):
    account = account_row(ash, did="did:web:example.com")
    assert owner_operations.recommended(account).rotation_keys == ()


def test_a_code_is_mailed(account):
    before = OutgoingMail.objects.count()
    owner_operations.request_signature(account)
    assert OutgoingMail.objects.count() == before + 1


def test_no_code_no_signature(account):
    with pytest.raises(owner_operations.CodeRequired, match="email confirmation token required"):
        owner_operations.sign(account, "", {})


def test_a_wrong_code_is_no_code(account, code):
    with pytest.raises(InvalidToken, match="Token is invalid"):
        owner_operations.sign(account, "AAAAA-BBBBB", {})


def test_the_signed_operation_follows_the_newest_and_changes_what_was_asked(account, code):
    newest = client.newest(account.did)
    signed = owner_operations.sign(account, code, {"rotationKeys": keys_of(account)})
    assert signed["prev"] == operations.cid_of(newest)
    assert signed["rotationKeys"] == keys_of(account)
    for name in ("alsoKnownAs", "verificationMethods", "services"):
        assert signed[name] == newest[name]
    assert operations.signer_of(signed, newest["rotationKeys"]) == account.host.rotation_did_key


def test_signing_hands_nothing_in(account, code, plc):
    owner_operations.sign(account, code, {"rotationKeys": keys_of(account)})
    assert len(plc.posts) == 1


def test_a_code_signs_once(account, code):
    owner_operations.sign(account, code, {})
    with pytest.raises(InvalidToken):
        owner_operations.sign(account, code, {})


def test_a_silent_directory_leaves_the_code_for_another_try(account, code, plc):
    plc.down = True
    with pytest.raises(updates.DirectoryUnavailable):
        owner_operations.sign(account, code, {})
    plc.down = False
    assert owner_operations.sign(account, code, {})["prev"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"rotationKeys": []},
        {"rotationKeys": ["nonsense"]},
        {"services": {"atproto_pds": "nonsense"}},
        {"services": ["nonsense"]},
        {"services": {"atproto_pds": {"type": 1, "endpoint": 2}}},
        {"verificationMethods": {"atproto": 7}},
        {"verificationMethods": "nonsense"},
        {"alsoKnownAs": ["x" * 300]},
    ],
)
def test_nonsense_is_not_signed_and_costs_no_code(account, code, wanted):
    with pytest.raises(owner_operations.ImproperOperation):
        owner_operations.sign(account, code, wanted)
    assert owner_operations.sign(account, code, {})


def test_the_way_out_is_signed(account, code):
    services = {
        "atproto_pds": {"type": "AtprotoPersonalDataServer", "endpoint": "https://new.example.com"}
    }
    signed = owner_operations.sign(account, code, {"services": services})
    assert signed["services"] == services


def test_a_did_web_has_no_operations(ash):
    account = account_row(ash, did="did:web:example.com")
    for attempt in (
        lambda: owner_operations.request_signature(account),
        lambda: owner_operations.sign(account, "AAAAA-BBBBB", {}),
        lambda: owner_operations.submit(account, {}),
    ):
        with pytest.raises(owner_operations.NoPlcDid):
            attempt()


def test_a_submitted_operation_is_in_the_directory_and_announced(account):
    before = Event.objects.filter(kind=IDENTITY).count()
    operation = signed(account, rotationKeys=keys_of(account))
    owner_operations.submit(account, operation)
    assert client.newest(account.did) == operation
    assert Event.objects.filter(kind=IDENTITY).count() == before + 1


def test_submitting_it_again_is_no_error(account):
    operation = signed(account, rotationKeys=keys_of(account))
    owner_operations.submit(account, operation)
    owner_operations.submit(account, operation)
    assert PlcOperation.objects.filter(kind="update").count() == 1


def test_one_that_its_owner_handed_in_already_is_announced_all_the_same(account):
    operation = signed(account, rotationKeys=keys_of(account))
    client.post(account.did, operation)
    before = Event.objects.filter(kind=IDENTITY).count()
    owner_operations.submit(account, operation)
    assert Event.objects.filter(kind=IDENTITY).count() == before + 1


PDS = {"type": "AtprotoPersonalDataServer", "endpoint": "http://localhost:2583"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rotationKeys": [OWN.did_key]}, "Rotation keys do not include server's rotation key"),
        ({"services": {}}, "Incorrect type on atproto_pds service"),
        (
            {"services": {"atproto_pds": {**PDS, "type": "Other"}}},
            "Incorrect type on atproto_pds service",
        ),
        (
            {"services": {"atproto_pds": {**PDS, "endpoint": "https://example.com"}}},
            "Incorrect endpoint on atproto_pds service",
        ),
        ({"verificationMethods": {"atproto": OWN.did_key}}, "Incorrect signing key"),
        ({"alsoKnownAs": ["at://other.test"]}, "Incorrect handle in alsoKnownAs"),
        ({"alsoKnownAs": []}, "Incorrect handle in alsoKnownAs"),
    ],
)
def test_operations_that_would_cut_the_account_off_are_refused(account, plc, changes, message):
    with pytest.raises(owner_operations.UnsafeOperation) as refused:
        owner_operations.submit(account, signed(account, **changes))
    assert refused.value.message == message
    assert len(plc.posts) == 1


@pytest.mark.parametrize("operation", [{"hello": "world"}, [], "text", None, {"type": []}])
def test_junk_is_no_operation(account, operation):
    with pytest.raises(owner_operations.ImproperOperation, match="Invalid operation"):
        owner_operations.submit(account, operation)


def test_a_tombstone_is_no_update(account):
    tombstone = operations.tombstone(operations.cid_of(client.newest(account.did)))
    key = owner_operations.updates.signing_keys.rotation_key(account.host)
    with pytest.raises(owner_operations.ImproperOperation):
        owner_operations.submit(account, operations.sign(tombstone, key))


def test_what_the_directory_refuses_is_refused_in_its_words(account):
    operation = signed(account, rotationKeys=keys_of(account))
    forged = operations.sign(operation, OWN)
    with pytest.raises(updates.UpdateRefused, match="Invalid signature"):
        owner_operations.submit(account, forged)


def test_a_refused_one_may_be_tried_again(account):
    first, second = (signed(account, rotationKeys=keys_of(account)) for _ in range(2))
    forged = operations.sign(first, OWN)
    for _ in range(2):
        with pytest.raises(updates.UpdateRefused):
            owner_operations.submit(account, forged)
    owner_operations.submit(account, second)
    assert client.newest(account.did) == second


@pytest.mark.long
def test_one_that_came_in_although_we_heard_nothing_is_found_in_the_log(account, plc):
    operation = signed(account, rotationKeys=keys_of(account))
    plc.fail_after = True
    with pytest.raises(updates.UpdateTimeout):
        owner_operations.submit(account, operation)
    plc.fail_after = False
    owner_operations.submit(account, operation)
    assert client.newest(account.did) == operation
