"""kill -9 between a refresh and its answer, and between consent and its code: nothing is lost,
nothing is there twice."""

import os
import random
import subprocess
import sys
import time

import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from accounts.models import OAuthRequest, OAuthSession
from accounts.oauth import authorization
from hosting.models import Host
from hosting.tenancy import routing
from tests.factories import account_row
from tests.oauth_app import App, code_in
from tests.running import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

KILLS = 4


@pytest.fixture
def app(ash: Host) -> App:
    routing.forget()
    return App(ash).signed_in(account_row(ash).did)


def test_the_last_token_that_arrived_goes_on_after_a_kill(app: App) -> None:
    chance = random.Random(1)
    token, steps = app.tokens["refresh_token"], 0
    for _ in range(KILLS):
        heard = refreshed_until_killed(app, token, after_s=chance.uniform(0.05, 0.4))
        token, steps = (heard or [token])[-1], steps + len(heard)
        answer = app.refresh(token)
        assert answer.status_code == 200, answer.content
        token = answer.json()["refresh_token"]
    assert steps > KILLS
    assert OAuthSession.objects.count() == 1


def refreshed_until_killed(app: App, token: str, after_s: float) -> list[str]:
    """Have another process refresh, and kill it some time after its first answer; the tokens of
    which it told."""
    database = make_conninfo(os.environ["DATABASE_URL"], dbname=connection.settings_dict["NAME"])
    known = [str(app.host.pk), app.client_id, app.key.jkt, token]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.concurrency.oauth_worker", *known],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database},
        stdout=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stdout is not None
        first = worker.stdout.readline()
        time.sleep(after_s)
        worker.kill()
        told = first + worker.stdout.read()
    return told.split("\n")[:-1]  # a line that was cut did not arrive


def test_consent_whose_answer_was_lost_is_given_again_and_leads_to_one_session(app: App) -> None:
    app.verifier = "v" * 43
    account = OAuthSession.objects.get().account
    opened = authorization.sign_in(app.opened(), account, is_remembered=True)
    authorization.decide(opened, account, {"atproto"})  # its answer never arrives
    again = authorization.decide(opened, account, {"atproto"})
    assert app.exchange(code_in(again)).status_code == 200
    assert not OAuthRequest.objects.exists()
    assert OAuthSession.objects.count() == 2  # that of before, and one
