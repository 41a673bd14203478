"""PLC operations of an owner's own: signed after a mailed code, submitted when they are safe."""

import pytest

from accounts import directory, email_tokens, plc_operations, signup, updates
from accounts.models import Account, PlcOperation
from accounts.tokens import InvalidToken
from hosting.mail.models import OutgoingMail
from protocol.did import plc as operations
from protocol.keys import SigningKey
from repos.models import Event
from tests.unit.accounts.people import account_row, wish

pytestmark = pytest.mark.django_db(transaction=True)
IDENTITY = 3
OWN = SigningKey.generate()


@pytest.fixture
def account(ash, plc) -> Account:
    return signup.sign_up(ash, wish())


@pytest.fixture
def code(account) -> str:
    return email_tokens.issue(account, plc_operations.PURPOSE)


def signed(account: Account, **changes) -> operations.Operation:
    """The account's next operation with these fields, signed by its host without any check."""
    newest, data = updates.newest(account)
    unsigned = operations.update(data, operations.cid_of(newest))
    host = account.host
    key = plc_operations.updates.keys.rotation_key(host)
    return operations.sign({**unsigned, **changes}, key)


def keys_of(account: Account) -> list[str]:
    return [OWN.did_key, account.host.rotation_did_key]


def test_what_we_recommend_is_what_a_new_account_has(account):
    recommended = plc_operations.recommended(account)
    assert operations.data_of(directory.newest(account.did)) == recommended


def test_a_did_web_gets_no_rotation_keys_recommended(ash):
    account = account_row(ash, did="did:web:example.com")
    assert plc_operations.recommended(account).rotation_keys == ()


def test_a_code_is_mailed(account):
    before = OutgoingMail.objects.count()
    plc_operations.request_signature(account)
    assert OutgoingMail.objects.count() == before + 1


def test_no_code_no_signature(account):
    with pytest.raises(plc_operations.CodeRequired, match="email confirmation token required"):
        plc_operations.sign(account, "", {})


def test_a_wrong_code_is_no_code(account, code):
    with pytest.raises(InvalidToken, match="Token is invalid"):
        plc_operations.sign(account, "AAAAA-BBBBB", {})


def test_the_signed_operation_follows_the_newest_and_changes_what_was_asked(account, code):
    newest = directory.newest(account.did)
    signed = plc_operations.sign(account, code, {"rotationKeys": keys_of(account)})
    assert signed["prev"] == operations.cid_of(newest)
    assert signed["rotationKeys"] == keys_of(account)
    for name in ("alsoKnownAs", "verificationMethods", "services"):
        assert signed[name] == newest[name]
    assert operations.signer_of(signed, newest["rotationKeys"]) == account.host.rotation_did_key


def test_signing_hands_nothing_in(account, code, plc):
    plc_operations.sign(account, code, {"rotationKeys": keys_of(account)})
    assert len(plc.posts) == 1


def test_a_code_signs_once(account, code):
    plc_operations.sign(account, code, {})
    with pytest.raises(InvalidToken):
        plc_operations.sign(account, code, {})


def test_a_silent_directory_leaves_the_code_for_another_try(account, code, plc):
    plc.down = True
    with pytest.raises(updates.DirectoryAway):
        plc_operations.sign(account, code, {})
    plc.down = False
    assert plc_operations.sign(account, code, {})["prev"]


@pytest.mark.parametrize(
    "wishes",
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
def test_nonsense_is_not_signed_and_costs_no_code(account, code, wishes):
    with pytest.raises(plc_operations.ImproperOperation):
        plc_operations.sign(account, code, wishes)
    assert plc_operations.sign(account, code, {})


def test_the_way_out_is_signed(account, code):
    services = {
        "atproto_pds": {"type": "AtprotoPersonalDataServer", "endpoint": "https://new.example.com"}
    }
    signed = plc_operations.sign(account, code, {"services": services})
    assert signed["services"] == services


def test_a_did_web_has_no_operations(ash):
    account = account_row(ash, did="did:web:example.com")
    for attempt in (
        lambda: plc_operations.request_signature(account),
        lambda: plc_operations.sign(account, "AAAAA-BBBBB", {}),
        lambda: plc_operations.submit(account, {}),
    ):
        with pytest.raises(plc_operations.NoPlcDid):
            attempt()


def test_a_submitted_operation_is_in_the_directory_and_announced(account):
    before = Event.objects.filter(kind=IDENTITY).count()
    operation = signed(account, rotationKeys=keys_of(account))
    plc_operations.submit(account, operation)
    assert directory.newest(account.did) == operation
    assert Event.objects.filter(kind=IDENTITY).count() == before + 1


def test_submitting_it_again_is_no_error(account):
    operation = signed(account, rotationKeys=keys_of(account))
    plc_operations.submit(account, operation)
    plc_operations.submit(account, operation)
    assert PlcOperation.objects.filter(kind="update").count() == 1


def test_one_that_its_owner_handed_in_already_is_announced_all_the_same(account):
    operation = signed(account, rotationKeys=keys_of(account))
    directory.post(account.did, operation)
    before = Event.objects.filter(kind=IDENTITY).count()
    plc_operations.submit(account, operation)
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
    with pytest.raises(plc_operations.UnsafeOperation) as refused:
        plc_operations.submit(account, signed(account, **changes))
    assert refused.value.message == message
    assert len(plc.posts) == 1


@pytest.mark.parametrize("operation", [{"hello": "world"}, [], "text", None, {"type": []}])
def test_junk_is_no_operation(account, operation):
    with pytest.raises(plc_operations.ImproperOperation, match="Invalid operation"):
        plc_operations.submit(account, operation)


def test_a_tombstone_is_no_update(account):
    tombstone = operations.tombstone(operations.cid_of(directory.newest(account.did)))
    key = plc_operations.updates.keys.rotation_key(account.host)
    with pytest.raises(plc_operations.ImproperOperation):
        plc_operations.submit(account, operations.sign(tombstone, key))


def test_what_the_directory_refuses_is_refused_in_its_words(account):
    operation = signed(account, rotationKeys=keys_of(account))
    forged = operations.sign(operation, OWN)
    with pytest.raises(updates.UpdateRefused, match="Invalid signature"):
        plc_operations.submit(account, forged)


def test_a_refused_one_may_be_tried_again(account):
    first, second = (signed(account, rotationKeys=keys_of(account)) for _ in range(2))
    forged = operations.sign(first, OWN)
    for _ in range(2):
        with pytest.raises(updates.UpdateRefused):
            plc_operations.submit(account, forged)
    plc_operations.submit(account, second)
    assert directory.newest(account.did) == second


def test_one_that_came_in_although_we_heard_nothing_is_found_in_the_log(account, plc):
    operation = signed(account, rotationKeys=keys_of(account))
    plc.fail_after = True
    with pytest.raises(updates.UpdateLate):
        plc_operations.submit(account, operation)
    plc.fail_after = False
    plc_operations.submit(account, operation)
    assert directory.newest(account.did) == operation
