"""Our own hosts' events in the relay's stream: in order, their bytes kept, each once."""

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Account
from hosting.models import Host
from protocol.event_stream import frames
from protocol.event_stream.frames import EventKind
from relay import accounts
from relay.models import RelayAccount, RelayCounter, RelayEvent, RelayHost
from repos.events import append
from repos.models import Event
from repos.reads.repos import RepoRow
from server.database import connection
from tests import factories
from tests.unit.repos.events import numbering

pytestmark = pytest.mark.django_db


def take(limit: int = 500) -> int:
    found = connection.row("SELECT relay_take_inside(%s::int)", (limit,))
    assert found is not None
    return int(found[0])


def say(repo: RepoRow, body: frames.Body, kind: EventKind = EventKind.ACCOUNT) -> None:
    with transaction.atomic():
        append.append(repo.id, kind, body)
    numbering.number()


def account(repo: RepoRow, *, active: bool = True, status: str | None = None) -> frames.Body:
    now = append.time_text()
    return frames.account_body(did=repo.did, time=now, active=active, status=status)


def test_events_come_once_in_order_with_numbers_of_the_relays(repo: RepoRow) -> None:
    numbering.number()
    while take(2):
        pass
    ours = Event.objects.order_by("position").values_list("kind", "body", "seq_at")
    theirs = RelayEvent.objects.order_by("seq").values_list("kind", "body", "seq_at")
    assert [(k, bytes(b), at) for k, b, at in ours] == [(k, bytes(b), at) for k, b, at in theirs]
    counter = RelayCounter.objects.get(pk=1)
    assert (counter.last_seq, counter.inside_position) == (len(theirs), len(ours))


def test_each_host_shows_with_its_own_cursor(repo: RepoRow, ash: Host) -> None:
    numbering.number()
    take()
    host = RelayHost.objects.get()
    assert (host.hostname, host.inside_id) == ("localhost:2583", ash.pk)
    assert host.seq == Event.objects.order_by("-seq")[0].seq


def test_a_host_is_shown_by_its_new_name_once_an_account_has_it(repo: RepoRow, ash: Host) -> None:
    numbering.number()
    take()
    Host.objects.filter(pk=ash.pk).update(origin="https://pds.ash.example")
    say(repo, account(repo))
    take()
    assert RelayHost.objects.get().hostname == "pds.ash.example"


def test_a_deleted_accounts_past_goes_with_it(repo: RepoRow) -> None:
    numbering.number()
    take()
    say(repo, account(repo, active=False, status="deleted"))
    take()
    assert [e.kind for e in RelayEvent.objects.all()] == [EventKind.ACCOUNT]


def test_one_taken_down_at_the_relay_is_silent(repo: RepoRow) -> None:
    numbering.number()
    take()
    assert accounts.take_down(repo.did, "spam")
    say(repo, account(repo))
    assert take() == 1
    assert not RelayEvent.objects.exists()


def test_an_account_that_moves_in_is_ours_once_it_is_open_here(repo: RepoRow) -> None:
    old = RelayHost.objects.create(hostname="old.example", account_limit=9, account_count=1)
    RelayAccount.objects.create(did=repo.did, host=old, host_status="deactivated")
    numbering.number()
    take()
    moved = RelayAccount.objects.select_related("host").get()
    old.refresh_from_db()
    assert (moved.host.inside_id is not None, old.account_count) == (True, 0)
    assert RelayEvent.objects.filter(did=repo.did).exists()


@pytest.mark.parametrize("status", ["deactivated", "deleted"])
def test_the_copy_that_stays_behind_does_not_speak_for_one_who_moved_to_another_of_ours(
    repo: RepoRow, birch: Host, status: str
) -> None:
    numbering.number()
    take()
    before = RelayEvent.objects.count()
    here = factories.account_row(birch, did=repo.did, opened_at=timezone.now())
    assert here.status == Account.Status.ACTIVE
    Account.objects.filter(pk=repo.id).update(deactivated_at=timezone.now())
    say(repo, account(repo, active=False, status=status))
    take()
    assert RelayEvent.objects.count() == before


def test_one_whose_did_names_another_host_is_silent_but_for_their_identity(repo: RepoRow) -> None:
    numbering.number()
    take()
    Account.objects.filter(pk=repo.id).update(moved_away_at=timezone.now())
    before = RelayEvent.objects.count()
    say(repo, account(repo, active=False, status="deactivated"))
    say(repo, frames.identity_body(did=repo.did, time=append.time_text()), EventKind.IDENTITY)
    take()
    assert [e.kind for e in RelayEvent.objects.order_by("seq")[before:]] == [EventKind.IDENTITY]
