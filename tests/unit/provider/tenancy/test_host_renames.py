"""A host gets another name: looked at, moved DID by DID, killed and gone on with, refused."""

import orjson
import pytest
from django.test import Client

from accounts.models import Account, PlcOperation
from hosting.models import Host, StaffUser
from hosting.tenancy import routing
from moderation.audit import OPERATOR
from protocol.did import plc
from protocol.did.plc_data import PDS_SERVICE
from protocol.event_stream.frames import EventKind
from provider.api import tokens
from provider.errors import InUse, NameTaken
from provider.jobs import running
from provider.models import Job
from provider.tenancy import host_checks, host_renames
from repos.models import Event
from server.net import http_client
from tests.api import network
from tests.api.clients import Person, sign_up
from tests.unit.provider.api.conftest import RestClient
from tests.unit.provider.test_commands import data

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "pds.acme.example"
State = Job.State


@pytest.fixture
def posted(monkeypatch, settings):
    """What the directory was told; nobody else is out there."""
    settings.VALKEY_URL = "redis://none"  # a broker that does not answer: `turn` does the work
    settings.PLC_AWAIT_S, settings.CRAWLERS = 0.0, []
    monkeypatch.setattr("server.jobs.worker_tasks.send", lambda *_args, **_more: False)
    routing.forget()
    told: network.Posted = []
    network.stand_in(monkeypatch, told)
    monkeypatch.setattr(host_checks.check, "__defaults__", (answers,))
    return told


@pytest.fixture
def alice(ash, posted) -> Person:
    return sign_up(ash, "alice")


@pytest.fixture
def bob(ash, alice) -> Person:
    return sign_up(ash, "bob")


def answers(url: str) -> tuple[int, bytes]:
    """The new name leads here."""
    return 200, orjson.dumps({"did": f"did:web:{url.split('/')[2].replace(':', '%3A')}"})


def begun(ash: Host, to: str = NEW) -> Job:
    return host_renames.begin(Host.objects.get(pk=ash.pk), to, OPERATOR)


def turn(job: Job) -> Job:
    """One attempt."""
    Job.objects.make_due()
    running.run(job.pk)
    return Job.objects.get(pk=job.pk)


def endpoints(posted: network.Posted, did: str) -> list[str]:
    """Those that the DID was given, in their order."""
    said = [plc.data_of(orjson.loads(body)) for url, body in posted if url.endswith(did)]
    return [each.services[PDS_SERVICE].endpoint for each in said if each]


def test_every_did_names_the_new_name_and_the_firehose_tells_it(ash, posted, alice, bob):
    before = Event.objects.filter(kind=EventKind.IDENTITY).count()
    job = turn(begun(ash))
    assert (job.state, job.result["moved"], job.result["left"]) == (State.DONE, 2, 0)
    new = Host.objects.get(pk=ash.pk).origin
    assert NEW in new
    assert [endpoints(posted, each.did)[-1] for each in (alice, bob)] == [new, new]
    assert Event.objects.filter(kind=EventKind.IDENTITY).count() == before + 2
    assert Account.objects.filter(moved_away_at=None, deactivated_at=None).count() == 2


def test_both_names_answer_as_themselves_and_a_session_holds_at_both(ash, posted, alice):
    turn(begun(ash))
    routing.forget()
    for name in (ash.hostname, NEW):
        client = Client(headers={"host": name, "authorization": f"Bearer {alice.token}"})
        described = client.get("/xrpc/com.atproto.server.describeServer").json()
        assert name in described["did"]
        assert client.get("/xrpc/com.atproto.server.getSession").json()["did"] == alice.did


def test_a_look_says_how_many_and_how_long_and_changes_nothing(ash, alice, bob, settings):
    settings.PLC_UPDATES_PER_HOUR = 60
    Account.objects.filter(did=bob.did).update(has_rotation_key=False)
    found = host_renames.prepare(Host.objects.get(pk=ash.pk), NEW.upper())
    assert (found.accounts_count, found.minutes, found.foreign) == (2, 2, [bob.did])
    assert Host.objects.get(pk=ash.pk).other_hostname is None


@pytest.mark.parametrize(
    "step",
    ["_check_leads_here", "_switched", "_move_or_wait", "_move", "_written_down"],
)
def test_a_move_that_was_killed_goes_on_and_tells_nobody_twice(
    ash, posted, alice, bob, monkeypatch, step
):
    job = begun(ash)
    with monkeypatch.context() as killing:
        killing.setattr(host_renames, step, lambda *_: 1 / 0)
        assert turn(job).state == State.WAITING
    assert turn(job).state == State.DONE
    assert [len(endpoints(posted, each.did)) for each in (alice, bob)] == [2, 2]


def test_an_operation_that_was_written_down_before_a_crash_is_not_made_twice(
    ash, posted, alice, monkeypatch
):
    job = begun(ash)
    with monkeypatch.context() as killing:
        killing.setattr(host_renames.updates, "await_publication", lambda *_: 1 / 0)
        turn(job)
    assert PlcOperation.objects.open().count() == 1
    assert turn(job).state == State.DONE
    assert len(endpoints(posted, alice.did)) == 2


@pytest.mark.parametrize("how", [429, 500, "silence"])
def test_while_the_directory_does_not_answer_the_job_waits(ash, posted, alice, monkeypatch, how):
    def answer(*_args, **_limits):
        if how == "silence":
            raise http_client.TimedOut("no answer")
        return http_client.Answer(how, {}, b"")

    job = begun(ash)
    with monkeypatch.context() as away:
        away.setattr(http_client, "request_configured", answer)
        waiting = turn(job)
    assert (waiting.state, waiting.done_count, waiting.place["waits"]) == (State.WAITING, 0, 1)
    assert waiting.step
    assert turn(job).state == State.DONE


def test_a_did_that_only_its_owner_can_change_is_listed(ash, posted, alice, bob):
    url = next(url for url, _ in posted if url.endswith(alice.did))
    newest = orjson.loads(next(body for at, body in posted if at == url))
    foreign = {
        **newest,
        "rotationKeys": ["did:key:zQ3shhCGUqDKjStzuDxPkTxN6ujddP4RkEKJJouJGRRkaLGbg"],
    }
    posted.append((url, orjson.dumps(foreign)))
    job = turn(begun(ash))
    assert (job.result["moved"], job.result["left"]) == (1, 1)
    left = job.remainders.get()
    assert (left.did, "rotation keys" in left.reason) == (alice.did, True)


def test_a_name_that_does_not_lead_here_changes_nothing(ash, posted, alice, monkeypatch):
    monkeypatch.setattr(host_checks.check, "__defaults__", (lambda url: (200, b"{}"),))
    job = turn(begun(ash))
    assert (job.state, "Nothing was changed." in job.last_error) == (State.FAILED, True)
    assert Host.objects.get(pk=ash.pk).hostname == ash.hostname
    assert len(endpoints(posted, alice.did)) == 1


def test_a_move_back_is_the_same_again(ash, posted, alice):
    turn(begun(ash))
    turn(begun(ash, ash.hostname))
    assert endpoints(posted, alice.did)[-1] == ash.origin
    assert Host.objects.get(pk=ash.pk).service_did == ash.service_did


def test_the_old_name_stays_while_a_did_names_it(ash, posted, alice):
    with pytest.raises(NameTaken):
        host_renames.prepare(Host.objects.get(pk=ash.pk), "alice.test")
    turn(begun(ash))
    host = Host.objects.get(pk=ash.pk)
    Account.objects.update(did_document=f'{{"x": "{ash.origin}"}}')
    with pytest.raises(InUse):
        host_renames.drop_name(host, OPERATOR)
    host_renames.drop_name(host, OPERATOR, is_forced=True)
    assert Host.objects.get(pk=ash.pk).other_hostname is None


def test_the_command_and_the_api_say_the_same_of_a_move(ash, posted, alice):
    said = data("host", "move-accounts", ash.hostname, "--to", NEW, "--dry-run")
    _, token = tokens.create("mover", None, [*tokens.Scope])
    client = RestClient(Host.objects.get(pk=ash.pk), token)
    given = {"to": NEW, "is_dry_run": True}
    assert client.call("POST", f"hosts/{ash.hostname}/move-accounts", given) == said
    client.call("POST", f"hosts/{ash.hostname}/move-accounts", {"to": NEW})
    assert (client.status, Job.objects.get().kind) == (202, host_renames.KIND)


def test_the_page_shows_a_move_before_it_is_begun(ash, posted, alice):
    staff = StaffUser.objects.create_user("provider", is_staff=True, is_platform_staff=True)
    browser = Client(headers={"host": ash.hostname})
    browser.force_login(staff)
    page = f"/console/hosts/{ash.pk}/name/"
    assert browser.post(page, {"to": "no name"}).status_code == 422
    assert NEW in browser.post(page, {"to": NEW}).text
    assert not Job.objects.exists()
    begun = browser.post(page, {"to": NEW, "begin": "on"})
    assert begun.headers["Location"] == f"/console/platform/jobs/{Job.objects.get().pk}/"
