"""The wizard of a move in a browser without scripts; the old host is another tenant's."""

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Account
from protocol.did import plc
from repos.account_transfer.moves import identity_change
from repos.models import MoveIn
from tests.api.test_import import folders
from tests.api.test_move_in_wizard import (
    NEW,
    mailed_code,
    network,
    own_key,
    proof,
    traveller,
    work,
)
from tests.api.test_moving import export

__all__ = ["folders", "network", "own_key", "traveller"]
pytestmark = pytest.mark.django_db(transaction=True)
MOVE = "/account/move"


@pytest.fixture
def browser(ash) -> Client:
    return Client(headers={"host": "localhost", "sec-fetch-site": "same-origin"})


def new_home(person, **more: str) -> dict[str, str]:
    home = {"did": person.did, "handle": "mallory", "domain": ".test"}
    return {**home, "email": "m@example.com", "password": NEW, **more}


def begin(browser: Client, person, **more: str):
    given = new_home(person, old_password=person.password, **more)
    return browser.post("/account/move-in/password", given)


def shown(browser: Client) -> str:
    return browser.get(MOVE).content.decode()


def moved() -> Account:
    return Account.objects.get(pk=MoveIn.objects.get().pk)


def test_a_handle_leads_to_the_question_for_the_old_password(browser, traveller):
    page = browser.post("/account/move-in", {"identifier": f"@{traveller.handle}"}).content.decode()
    assert traveller.did in page
    assert "Password at your old host" in page


def test_somebody_nobody_knows_is_told_so_at_the_field(browser):
    response = browser.post("/account/move-in", {"identifier": "nobody.birch.test"})
    assert response.status_code == 422
    assert "Nobody in the network has this handle." in response.content.decode()


def test_the_whole_way_by_forms_alone(browser, traveller):
    assert begin(browser, traveller).url == MOVE
    work(moved())
    assert "6 are here" in shown(browser)
    assert browser.post(f"{MOVE}/code").url == f"{MOVE}?step=code"
    browser.post(f"{MOVE}/confirm", {"code": mailed_code()})
    work(moved())
    assert "Your account lives here now." in shown(browser)


def test_a_wrong_password_stands_at_its_field(browser, traveller):
    response = browser.post(
        "/account/move-in/password", new_home(traveller, old_password="wrong one")
    )
    assert response.status_code == 422
    assert "Your old host does not take this password." in response.content.decode()
    assert "<title>Error:" in response.content.decode()


def test_a_wrong_code_stands_on_the_page_and_changes_nothing(browser, traveller):
    begin(browser, traveller)
    work(moved())
    response = browser.post(f"{MOVE}/confirm", {"code": "WRONG-WRONG"})
    assert response.status_code == 422
    assert "Your old host answered:" in response.content.decode()
    assert MoveIn.objects.get().confirmed_at is None


def test_a_closed_browser_finds_its_move_by_signing_in(browser, traveller):
    begin(browser, traveller)
    work(moved())
    fresh = Client(headers={"host": "localhost"})
    fresh.post("/account/sign-in", {"identifier": "mallory.test", "password": NEW})
    assert "Your move here is not finished." in fresh.get("/account/").content.decode()
    assert "6 are here" in shown(fresh)


def test_a_forgotten_session_is_begun_anew(browser, traveller):
    begin(browser, traveller)
    work(moved())
    MoveIn.objects.update(session=None, session_until=None)
    assert "Sign in at your old host once more" in shown(browser)
    browser.post(f"{MOVE}/sign-in", {"old_password": traveller.password})
    assert MoveIn.objects.get().session is not None


def test_without_a_move_there_is_no_page(browser, alice):
    browser.post("/account/sign-in", {"identifier": alice.handle, "password": alice.password})
    assert browser.get(MOVE).status_code == 404


def test_from_a_dead_host_with_a_key_that_stays_in_the_browser(
    browser, ash, traveller, own_key, network
):
    car = export(traveller)
    given = new_home(traveller, proof=proof(ash, traveller, own_key))
    assert browser.post("/account/move-in/key", given).url == MOVE
    file = SimpleUploadedFile("repo.car", car)
    assert browser.post(f"{MOVE}/upload", {"car": file}).url == MOVE
    work(moved())
    assert re.search(r'<script id="operation" type="application/json">', shown(browser))
    signed = plc.sign(identity_change.unsigned(moved()), own_key)
    operation = json.dumps(signed)
    assert browser.post(f"{MOVE}/operation", {"operation": operation}).url == MOVE
    work(moved())
    assert "Your account lives here now." in shown(browser)


def test_a_form_without_a_proof_is_refused_at_the_key(browser, traveller):
    response = browser.post("/account/move-in/key", new_home(traveller))
    assert "Enter your recovery key." in response.content.decode()


def test_passwords_are_tried_a_few_times_an_hour(browser, traveller, settings):
    settings.RATE_LIMITS = True
    given = new_home(traveller, old_password="wrong one")
    answers = [browser.post("/account/move-in/password", given).status_code for _ in range(22)]
    assert answers[0] == 422
    assert answers[-1] == 429
