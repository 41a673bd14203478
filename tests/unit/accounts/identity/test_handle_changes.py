"""Another handle: in the DID first, then for the account; a refusal changes nothing."""

import threading
from dataclasses import replace

import pytest
from django.db import connections

from accounts.identity import handle_changes, incoming_handles, resolution
from accounts.identity.handles import allocation
from accounts.identity.plc import client, updates
from accounts.models import Account, AccountMigration, CustomHandle, PlcOperation
from accounts.signup import sign_up
from protocol.did import plc as operations
from protocol.did.did_document import DidDocument
from protocol.keys import SigningKey
from repos.models import Event
from server.net import dns as txt_records
from server.net import http_client
from tests.factories import account_row, wanted

pytestmark = pytest.mark.django_db(transaction=True)
IDENTITY = 3


@pytest.fixture
def account(ash, plc) -> Account:
    return sign_up.sign_up(ash, wanted())


@pytest.fixture
def dns(monkeypatch):
    """TXT records by name; no web server answers for any handle."""
    records = {}

    def nobody(*_args, **_bounds):
        raise http_client.Unreachable("there is no network here")

    monkeypatch.setattr(txt_records, "values", lambda name: records.get(name, []))
    monkeypatch.setattr(http_client, "request", nobody)
    return records


def change(account: Account, handle: str) -> None:
    handle_changes.change_handle(account, handle_changes.check(account, handle))


def listed(account: Account) -> list[str]:
    return client.newest(account.did)["alsoKnownAs"]


def identities() -> int:
    return Event.objects.filter(kind=IDENTITY).count()


def by_somebody_else(account: Account) -> None:
    """An update that comes in between, from another device of the owner."""
    newest, data = updates.newest(account)
    services = {**data.services, "other": operations.Service("Other", "https://other.example.com")}
    changed = replace(data, services=services)
    client.post(account.did, updates.signed(account, changed, newest))


def test_the_did_lists_the_new_handle_and_the_account_has_it(account):
    change(account, "New-Alice.test")
    account.refresh_from_db()
    assert account.handle == "new-alice.test"
    assert listed(account) == ["at://new-alice.test"]


def test_it_is_announced_once(account):
    before = identities()
    change(account, "new-alice.test")
    assert identities() == before + 1


def test_the_same_handle_again_is_announced_without_a_new_operation(account, plc):
    before, posts = identities(), len(plc.posts)
    change(account, account.handle)
    assert (identities(), len(plc.posts)) == (before + 1, posts)


def test_the_same_handle_again_is_announced_while_the_directory_is_down(account, plc):
    plc.down = True
    before = identities()
    change(account, account.handle)
    assert identities() == before + 1


def test_the_same_handle_again_mends_a_did_that_does_not_list_it(account):
    Account.objects.update(handle="better.test")
    account.refresh_from_db()
    change(account, "better.test")
    assert listed(account) == ["at://better.test"]


def test_the_old_handle_is_free_again(account):
    change(account, "new-alice.test")
    assert not allocation.is_taken("alice.test")


def test_what_we_remember_of_the_did_is_the_new_document(account):
    change(account, "new-alice.test")
    assert resolution.resolve_did(account.did).handle == "new-alice.test"


def test_a_taken_handle_leaves_the_did_alone(account, ash):
    account_row(ash, "bobby")
    with pytest.raises(handle_changes.HandleTaken, match=r"Handle already taken: bobby\.test"):
        change(account, "bobby.test")
    assert listed(account) == ["at://alice.test"]


def test_a_handle_that_another_account_is_about_to_get_is_taken(account, ash):
    other = account_row(ash, "bobby")
    updates.write_down(other, {"prev": None, "sig": ""}, new_handle="wanted.test")
    with pytest.raises(handle_changes.HandleTaken):
        change(account, "wanted.test")
    assert allocation.is_taken("wanted.test")


def test_a_directory_that_is_down_changes_nothing_and_leaves_no_row(account, plc):
    plc.down = True
    with pytest.raises(updates.DirectoryUnavailable) as away:
        change(account, "new-alice.test")
    account.refresh_from_db()
    assert (away.value.status, account.handle) == (502, "alice.test")
    assert not PlcOperation.objects.filter(kind="update").exists()


@pytest.mark.long
def test_a_directory_that_is_too_slow_changes_nothing(account, plc):
    plc.delay_s = 0.8
    with pytest.raises(updates.DirectoryUnavailable):
        change(account, "new-alice.test")
    account.refresh_from_db()
    assert account.handle == "alice.test"


@pytest.mark.long
def test_a_directory_that_fails_before_taking_it_keeps_the_handle_for_later(account, plc):
    plc.fail_before = True
    with pytest.raises(updates.UpdateTimeout) as late:
        change(account, "new-alice.test")
    account.refresh_from_db()
    assert (late.value.status, account.handle) == (504, "alice.test")
    assert allocation.is_taken("new-alice.test")


@pytest.mark.long
def test_repeating_the_wish_goes_on_with_it(account, plc):
    plc.fail_before = True
    with pytest.raises(updates.UpdateTimeout):
        change(account, "new-alice.test")
    plc.fail_before = False
    change(account, "new-alice.test")
    account.refresh_from_db()
    assert account.handle == "new-alice.test"
    assert PlcOperation.objects.filter(kind="update").count() == 1


@pytest.mark.long
def test_a_directory_that_fails_after_taking_it_is_believed_by_its_log(account, plc):
    plc.fail_after = True
    with pytest.raises(updates.UpdateTimeout):
        change(account, "new-alice.test")
    plc.fail_after = False
    change(account, "new-alice.test")
    account.refresh_from_db()
    assert account.handle == "new-alice.test"
    assert len(plc.posts) == 2  # the genesis and the one update


@pytest.mark.long
def test_another_wish_takes_the_place_of_one_that_waits(account, plc):
    plc.fail_before = True
    with pytest.raises(updates.UpdateTimeout):
        change(account, "first.test")
    plc.fail_before = False
    change(account, "second.test")
    assert listed(account) == ["at://second.test"]
    assert not allocation.is_taken("first.test")


@pytest.mark.long
def test_whoever_waits_for_the_first_wish_hears_of_the_second(account, plc):
    plc.fail_before = True
    with pytest.raises(updates.UpdateTimeout):
        change(account, "first.test")
    first = PlcOperation.objects.get(new_handle="first.test")
    plc.fail_before = False
    change(account, "second.test")
    with pytest.raises(updates.UpdateRefused, match="has replaced"):
        updates.await_publication(first)


@pytest.mark.long
def test_a_wish_that_came_in_late_after_all_is_overtaken_by_the_next(account, plc):
    plc.fail_after = True
    with pytest.raises(updates.UpdateTimeout):
        change(account, "first.test")
    plc.fail_after = False
    change(account, "second.test")
    assert listed(account) == ["at://second.test"]


def test_an_update_that_lost_a_race_is_made_anew(account, monkeypatch):
    write_down = updates.write_down

    def overtaken(*args, **more):
        by_somebody_else(account)
        return write_down(*args, **more)

    monkeypatch.setattr(updates, "write_down", overtaken)
    change(account, "new-alice.test")
    newest = client.newest(account.did)
    assert newest["alsoKnownAs"] == ["at://new-alice.test"]
    assert "other" in newest["services"]


def test_a_did_without_our_rotation_key_is_its_owners_to_change(account, ash):
    ash.rotation_did_key = SigningKey.generate().did_key
    ash.save()
    account.refresh_from_db()
    with pytest.raises(updates.NotOursToChange, match="rotation keys"):
        change(account, "new-alice.test")


@pytest.mark.long
def test_an_operation_too_many_is_refused_with_the_directorys_words(account):
    for number in range(9):
        change(account, f"alice-{number}.test")
    with pytest.raises(updates.UpdateRefused, match="Too many operations within last hour"):
        change(account, "once-more.test")
    assert not allocation.is_taken("once-more.test")


def test_of_two_who_want_a_handle_at_once_one_gets_it(account, ash, plc):
    other = sign_up.sign_up(ash, wanted(handle="bobby.test", email="bob@example.com"))
    outcomes = []

    def attempt(person):
        try:
            change(person, "wanted.test")
            outcomes.append("got it")
        except handle_changes.HandleTaken:
            outcomes.append("taken")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=attempt, args=[person]) for person in (account, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["got it", "taken"]
    assert Account.objects.filter(handle="wanted.test").count() == 1


def test_a_handle_of_ones_own_domain_needs_its_proof(account, dns):
    dns["_atproto.alice.example.com"] = [f"did={account.did}"]
    change(account, "alice.example.com")
    account.refresh_from_db()
    assert account.handle == "alice.example.com"
    assert CustomHandle.objects.filter(account=account).exists()


def test_a_foreign_handle_that_leads_elsewhere_is_refused(account, dns):
    dns["_atproto.alice.example.com"] = ["did=did:plc:" + "b" * 24]
    with pytest.raises(incoming_handles.HandleLeadsElsewhere, match="did not resolve to DID"):
        change(account, "alice.example.com")
    assert listed(account) == ["at://alice.test"]


def test_silent_name_servers_prove_nothing(account, dns, monkeypatch):
    def silent(name):
        raise txt_records.NoAnswer(name)

    monkeypatch.setattr(txt_records, "values", silent)
    with pytest.raises(incoming_handles.HandleLeadsElsewhere):
        change(account, "alice.example.com")


def test_back_under_the_hosts_domain_nothing_is_looked_after(account, dns):
    dns["_atproto.alice.example.com"] = [f"did={account.did}"]
    change(account, "alice.example.com")
    account.refresh_from_db()
    change(account, "alice.test")
    assert not CustomHandle.objects.exists()


def test_a_reserved_word_is_the_staffs_to_give(account):
    handle_changes.change_handle(account, handle_changes.check_by_staff(account, "Support.test"))
    account.refresh_from_db()
    assert account.handle == "support.test"
    change(account, "support.test")  # its owner may say it again


def test_a_disallowed_top_level_is_an_invalid_handle(account):
    with pytest.raises(allocation.InvalidHandle, match="TLD"):
        handle_changes.check(account, "alice.local")


def web_document(did: str, handle: str) -> DidDocument:
    return DidDocument({"id": did, "alsoKnownAs": [f"at://{handle}"]})


def test_a_did_web_elsewhere_must_list_the_handle_first(ash, monkeypatch):
    account = account_row(ash, did="did:web:alice.example.com")
    document = web_document(account.did, "alice.test")
    monkeypatch.setattr(resolution, "resolve_did", lambda _did, fresh: document)
    with pytest.raises(handle_changes.DidDoesNotListIt, match="not properly configured"):
        change(account, "new-alice.test")


def test_a_did_web_elsewhere_that_lists_the_handle_gets_it(ash, monkeypatch):
    account = account_row(ash, did="did:web:alice.example.com")
    document = web_document(account.did, "new-alice.test")
    monkeypatch.setattr(resolution, "resolve_did", lambda _did, fresh: document)
    change(account, "new-alice.test")
    account.refresh_from_db()
    assert account.handle == "new-alice.test"


def test_who_still_moves_in_changes_the_handle_here_alone(account, plc):
    Account.objects.update(deactivated_at=account.opened_at)
    AccountMigration.objects.create(account=account, created_at=account.opened_at)
    newest, data = updates.newest(account)
    elsewhere = operations.Service("AtprotoPersonalDataServer", "https://old.example.com")
    moved = operations.PlcData(
        data.rotation_keys,
        data.verification_methods,
        data.also_known_as,
        {"atproto_pds": elsewhere},
    )
    client.post(account.did, updates.signed(account, moved, newest))
    account.refresh_from_db()
    change(account, "new-alice.test")
    account.refresh_from_db()
    assert account.handle == "new-alice.test"
    assert listed(account) == ["at://alice.test"]
