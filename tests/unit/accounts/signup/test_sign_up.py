"""Signing up, against a directory that behaves and one that does not."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts import signals
from accounts.authentication.credential_rules import EmailRefused
from accounts.identity.handles import allocation
from accounts.identity.handles.allocation import HandleTaken
from accounts.identity.plc import client
from accounts.models import Account, PlcOperation, SigningKey
from accounts.signup import await_directory, sign_up
from protocol.did import plc as did_plc
from protocol.errors import XrpcError
from protocol.keys import SigningKey as Key
from tests.factories import wanted

pytestmark = pytest.mark.django_db(transaction=True)


def sign_up_in_threads(host, wanted) -> list[object]:
    """What each of the racing sign-ups came to: an account, or the error."""
    outcomes: list[object] = []
    barrier = threading.Barrier(len(wanted))

    def run(one):
        barrier.wait()
        try:
            outcomes.append(sign_up.sign_up(host, one))
        except XrpcError as error:
            outcomes.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(one,)) for one in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def closed_port(settings):
    settings.PLC_URL = "http://127.0.0.1:9"


def test_a_sign_up_ends_with_an_active_account(ash, plc):
    account = sign_up.sign_up(ash, wanted())
    assert (account.status, account.handle, account.host) == ("active", "alice.test", ash)
    assert allocation.resolve(ash, "alice.test") == account.did


def test_the_directory_holds_what_was_signed(ash, plc):
    account = sign_up.sign_up(ash, wanted())
    operation = account.plc_operations.get()
    assert did_plc.did_of(operation.operation) == account.did
    assert client.newest_cid(account.did) == operation.cid
    assert operation.state == "published"


def test_the_operation_says_where_the_account_lives(ash, plc):
    account = sign_up.sign_up(ash, wanted())
    data = did_plc.data_of(account.plc_operations.get().operation)
    assert data.also_known_as == ("at://alice.test",)
    assert data.services["atproto_pds"].endpoint == ash.origin
    assert data.verification_methods == {"atproto": account.signing_did_key}
    assert data.rotation_keys == (ash.rotation_did_key,)


def test_a_recovery_key_ranks_first(ash, plc):
    key = Key.generate("p256").did_key
    account = sign_up.sign_up(ash, wanted(recovery_key=key))
    data = did_plc.data_of(account.plc_operations.get().operation)
    assert data.rotation_keys == (key, ash.rotation_did_key)


def test_the_hosts_own_key_as_recovery_key_is_not_listed_twice(ash, plc):
    account = sign_up.sign_up(ash, wanted(recovery_key=ash.rotation_did_key))
    data = did_plc.data_of(account.plc_operations.get().operation)
    assert data.rotation_keys == (ash.rotation_did_key,)


def test_nothing_is_announced_before_the_did_resolves(ash, plc):
    resolved = []

    def hear(account, **_):
        resolved.append(client.newest_cid(account.did) is not None)

    signals.account_opened.connect(hear)
    try:
        sign_up.sign_up(ash, wanted())
    finally:
        signals.account_opened.disconnect(hear)
    assert resolved == [True]


def test_a_handle_is_given_out_once(ash, plc):
    sign_up.sign_up(ash, wanted())
    with pytest.raises(HandleTaken):
        sign_up.sign_up(ash, wanted(email="other@example.com"))
    assert len(plc.posts) == 1


def test_an_email_is_taken_once_a_host(ash, birch, plc):
    sign_up.sign_up(ash, wanted())
    assert sign_up.sign_up(birch, wanted(handle="alice.birch.test")).host == birch
    with pytest.raises(EmailRefused):
        sign_up.sign_up(ash, wanted(handle="other.test"))


def test_of_six_racing_for_a_handle_one_wins(ash, plc):
    asked = [wanted(email=f"p{number}@example.com", password=f"pw-{number}") for number in range(6)]
    outcomes = sign_up_in_threads(ash, asked)
    winners = [outcome for outcome in outcomes if isinstance(outcome, Account)]
    assert len(winners) == 1
    assert allocation.resolve(ash, "alice.test") == winners[0].did
    losers = [outcome for outcome in outcomes if isinstance(outcome, HandleTaken)]
    assert len(losers) == 5


def test_of_three_racing_for_an_email_one_wins(ash, plc):
    outcomes = sign_up_in_threads(ash, [wanted(handle=f"racer{n}.test") for n in range(3)])
    assert sum(isinstance(outcome, Account) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, EmailRefused) for outcome in outcomes) == 2
    assert SigningKey.objects.count() == 1


def test_a_double_click_gives_one_account_to_both(ash, plc, settings):
    plc.delay_s = 0.5
    settings.PLC_TIMEOUT_S = settings.PLC_AWAIT_S = 10.0
    first = threading.Thread(target=lambda: (sign_up.sign_up(ash, wanted()), connection.close()))
    first.start()
    while not plc.posts:
        first.join(0.01)
    account = sign_up.sign_up(ash, wanted())
    first.join()
    assert Account.objects.get() == account
    assert len(plc.posts) == 1


@pytest.mark.long
def test_a_late_directory_gives_504_and_keeps_the_sign_up(ash, plc):
    plc.delay_s = 3.0
    with pytest.raises(await_directory.DirectoryTimeout) as late:
        sign_up.sign_up(ash, wanted())
    assert (late.value.status, late.value.name) == (504, "UpstreamTimeout")
    assert Account.objects.get().status == "pending"


@pytest.mark.long
def test_a_directory_that_is_down_gives_502_and_keeps_the_sign_up(ash, plc, settings):
    closed_port(settings)
    with pytest.raises(await_directory.DirectoryDown) as down:
        sign_up.sign_up(ash, wanted())
    assert (down.value.status, down.value.name) == (502, "UpstreamFailure")
    assert Account.objects.get().status == "pending"


@pytest.mark.long
def test_a_pending_sign_up_is_resumed_by_whoever_repeats_it(ash, plc):
    plc.fail_before = True
    with pytest.raises(await_directory.DirectoryTimeout):
        sign_up.sign_up(ash, wanted())
    pending = Account.objects.get()
    plc.fail_before = False
    assert sign_up.sign_up(ash, wanted()) == pending
    assert Account.objects.get().status == "active"


@pytest.mark.long
@pytest.mark.parametrize(
    "changes",
    [{"password": "another password"}, {"email": "other@example.com"},
     {"recovery_key": Key.generate().did_key}],
)  # fmt: skip
def test_a_pending_sign_up_is_nobody_elses(ash, plc, changes):
    plc.fail_before = True
    with pytest.raises(await_directory.DirectoryTimeout):
        sign_up.sign_up(ash, wanted())
    with pytest.raises(HandleTaken):
        sign_up.sign_up(ash, wanted(**changes))


@pytest.mark.long
def test_an_operation_accepted_in_silence_is_not_posted_twice(ash, plc):
    plc.fail_after = True
    with pytest.raises(await_directory.DirectoryTimeout):
        sign_up.sign_up(ash, wanted())
    posts = len(plc.posts)
    plc.fail_after = False
    PlcOperation.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    assert sign_up.sign_up(ash, wanted()).status == "active"
    assert len(plc.posts) == posts == 1


def test_a_refusal_leaves_nothing_behind(ash, plc):
    good_key = ash.rotation_did_key
    ash.rotation_did_key = Key.generate().did_key  # so the signer is no rotation key
    with pytest.raises(await_directory.DirectoryRefused) as refused:
        sign_up.sign_up(ash, wanted())
    assert (refused.value.status, refused.value.name) == (502, "UpstreamFailure")
    assert "rotation key" in refused.value.message
    assert not Account.objects.exists()
    assert not SigningKey.objects.exists()
    ash.rotation_did_key = good_key
    assert sign_up.sign_up(ash, wanted()).status == "active"


def test_sign_up_holds_no_transaction_while_it_waits(ash, plc, monkeypatch):
    in_transaction = []
    post = client.post

    def watched(*arguments):
        in_transaction.append(connection.in_atomic_block)
        post(*arguments)

    monkeypatch.setattr(client, "post", watched)
    sign_up.sign_up(ash, wanted())
    assert in_transaction == [False]
