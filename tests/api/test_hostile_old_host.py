"""An old host that wants to keep the account that leaves it, or harms the host that it goes to."""

from contextlib import suppress

import orjson
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.identity.keys import signing_keys
from accounts.models import WebSession
from protocol.did import plc
from protocol.keys import SigningKey
from repos.account_transfer.moves import copying, identity_change
from repos.account_transfer.moves.identity_change import OtherOperation
from repos.account_transfer.moves.old_host import OldHost
from repos.account_transfer.moves.old_host_calls import OldHostSilent
from repos.models import ImportJob, MoveIn
from server.encryption import keyring
from tests.api.test_import import folders
from tests.api.test_move_in_pages import MOVE, begin, moved, new_home
from tests.api.test_move_in_wizard import (
    begun,
    confirmed,
    move_of,
    network,
    own_key,
    proof,
    traveller,
    work,
)
from tests.api.test_moving import export

__all__ = ["folders", "network", "own_key", "traveller"]
pytestmark = pytest.mark.django_db(transaction=True)
THIEF = SigningKey.generate()


@pytest.fixture
def signed(monkeypatch, birch, directory):
    """What the old host says instead of what it was asked to sign, field by field."""
    lies: dict[str, object] = {}

    def sign(_old: OldHost, _code: str, asked: dict[str, object]) -> object:
        newest = orjson.loads(directory[-1][1])
        operation = plc.update(plc.data_of(newest), plc.cid_of(newest))
        return plc.sign({**operation, **asked, **lies}, signing_keys.rotation_key(birch))

    monkeypatch.setattr(OldHost, "sign", sign)
    return lies


def test_it_cannot_slip_a_key_of_its_own_above_ours(ash, traveller, signed, directory):
    account = begun(ash, traveller)
    work(account)
    said = len(directory)
    signed["rotationKeys"] = [THIEF.did_key, ash.rotation_did_key]
    with pytest.raises(OtherOperation):
        identity_change.confirm_with_code(account, move_of(account), "code")
    assert len(directory) == said
    assert move_of(account).confirmed_at is None


def test_it_cannot_add_what_nobody_asked_for(ash, traveller, signed, directory):
    account = begun(ash, traveller)
    work(account)
    said = len(directory)
    signed["alsoKnownAs"] = ["at://mallory.test", "https://elsewhere.example.com"]
    with pytest.raises(OtherOperation):
        identity_change.confirm_with_code(account, move_of(account), "code")
    assert len(directory) == said


def test_it_cannot_keep_its_key_by_hiding_that_it_is_its_own(
    ash, traveller, signed, network, directory
):
    account = begun(ash, traveller)
    work(account)
    said = len(directory)
    recommends = "com.atproto.identity.getRecommendedDidCredentials"
    network.answers[recommends] = (200, {"rotationKeys": []})
    with pytest.raises(OtherOperation):
        identity_change.confirm_with_code(account, move_of(account), "code")
    assert len(directory) == said


def test_words_that_no_column_takes_stop_a_move_like_others(ash, traveller, network):
    said = {"error": "Odd\0", "message": "no\0thing\nhere"}
    network.answers["com.atproto.sync.getRepo"] = (400, said)
    move = work(begun(ash, traveller))
    assert (move.state, move.last_error) == ("stopped", "The old host answered: no thing here")


def test_words_that_no_column_takes_do_not_keep_its_tokens_here(ash, traveller, network):
    network.answers["com.atproto.server.deactivateAccount"] = (
        400,
        {"error": "\0", "message": "\0"},
    )
    account = begun(ash, traveller)
    work(account)
    move = confirmed(account)
    assert (move.state, move.session) == ("done", None)


def test_a_repo_that_drips_in_holds_a_worker_longer_with_each_attempt_alone(
    ash, traveller, monkeypatch
):
    def drip(_old: OldHost, _into: object, _max_bytes: int, timeout_s: float) -> None:
        given.append(timeout_s)
        raise OldHostSilent("too slow")

    given: list[float] = []
    monkeypatch.setattr(OldHost, "repo", drip)
    begun(ash, traveller)
    for _ in range(copying.MAX_ATTEMPTS):
        MoveIn.objects.open().update(next_attempt_at=timezone.now())
        copying.sweep()
    assert given[0] <= 300
    assert given == sorted(given)
    assert given[-1] == 1_800


def test_a_fault_of_ours_in_each_attempt_ends_in_a_stop(ash, traveller, monkeypatch):
    def broken(_text: bytes) -> bytes:
        raise RuntimeError("a key that is gone")

    account = begun(ash, traveller)
    MoveIn.objects.update(import_job_id=None, records_at=None, state="waiting", decided_at=None)
    monkeypatch.setattr(keyring, "unwrap", broken)
    for _ in range(copying.MAX_ATTEMPTS + 1):
        MoveIn.objects.open().update(next_attempt_at=timezone.now())
        with suppress(RuntimeError):
            copying.sweep()
    assert move_of(account).state == "stopped"


# --- a thief in the browser of somebody who moved


@pytest.fixture
def browser(ash) -> Client:
    return Client(headers={"host": "localhost", "sec-fetch-site": "same-origin"})


def car_of(person) -> dict[str, SimpleUploadedFile]:
    return {"car": SimpleUploadedFile("repo.car", export(person))}


def test_after_a_move_nobody_puts_another_repo_in_place_of_the_one_that_lives_here(
    browser, traveller
):
    begin(browser, traveller)
    work(moved())
    confirmed(moved())
    assert browser.post(f"{MOVE}/upload", car_of(traveller)).status_code == 404
    assert not ImportJob.objects.filter(state="waiting").exists()


def test_a_repo_is_brought_with_a_fresh_proof_alone(browser, ash, traveller, own_key):
    browser.post("/account/move-in/key", new_home(traveller, proof=proof(ash, traveller, own_key)))
    WebSession.objects.update(proved_at=None)
    assert "/account/prove" in browser.post(f"{MOVE}/upload", car_of(traveller)).url
    assert not ImportJob.objects.exists()
