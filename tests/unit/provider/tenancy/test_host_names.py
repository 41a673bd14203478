"""Custom host names: proved, looked at, and warned of once when they lapse."""

from datetime import timedelta

import orjson
import pytest
from django.utils import timezone

from hosting.mail.models import OutgoingMail
from hosting.models import Tenant
from provider.models import HostName, WebhookDelivery
from provider.tenancy.host_checks import host_names
from provider.webhooks import addresses, events
from server.net import dns
from server.net.http_client import NoSuchHost, Unreachable

pytestmark = pytest.mark.django_db


def look(host, texts: list[str] | Exception, answer: int | bytes | Exception = 200) -> list[str]:
    """The verdicts of one look."""

    def said(_what: str):
        if isinstance(texts, Exception):
            raise texts
        return texts

    def asked(_url: str) -> tuple[int, bytes]:
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, bytes):
            return 200, answer
        return answer, orjson.dumps({"did": host.service_did})

    return [str(each.verdict) for each in host_names.check(host, said, asked)]


def test_a_name_is_proved_by_its_token(ash):
    where, what = host_names.wanted_record(ash)
    assert where == "_grove-host.localhost"
    assert look(ash, []) == ["failed", "ok", "ok", "ok"]
    assert HostName.objects.get().fault == ""  # never proved: nothing lapsed
    assert look(ash, ["other", what]) == ["ok"] * 4
    assert HostName.objects.get().proved_at is not None
    assert look(ash, dns.NoAnswer())[0] == "not looked at"
    assert HostName.objects.get().failing_since is None


@pytest.mark.parametrize(
    ("answer", "verdicts"),
    [
        (NoSuchHost(), ["failed", "not looked at", "not looked at"]),
        (Unreachable(), ["ok", "failed", "not looked at"]),
        (404, ["ok", "ok", "failed"]),
        (b"<h1>This name is for sale</h1>", ["ok", "ok", "failed"]),
    ],
)
def test_address_certificate_and_answer_are_three_results(ash, answer, verdicts):
    assert look(ash, [], answer)[1:] == verdicts


def test_a_lapsed_name_is_told_once_after_some_looks(ash, settings):
    settings.VALKEY_URL = ""
    ash.tenant.support_email = "support@a.org"
    ash.tenant.save()
    events.forget()
    addresses.create(ash.tenant, "https://hook.example", ["host.name_lapsed"])
    look(ash, [], NoSuchHost())
    assert not WebhookDelivery.objects.exists()
    HostName.objects.update(failing_since=timezone.now() - timedelta(hours=3))
    for _ in range(2):
        look(ash, [], NoSuchHost())
    assert (
        "Add a DNS record for localhost"
        in orjson.loads(WebhookDelivery.objects.get().body)["data"]["fault"]
    )
    assert OutgoingMail.objects.count() == 1
    look(ash, [])
    assert HostName.objects.get().warned_at is None


def test_names_are_looked_at_every_week_and_failing_ones_every_hour(ash, monkeypatch):
    seen = []
    monkeypatch.setattr(host_names, "check", lambda host: seen.append(host.hostname))
    assert host_names.check_due() == 0  # nobody asked for it
    host_names.wanted_record(ash)
    for age, failing, due in ((6 * 24, False, 0), (8 * 24, False, 1), (2, True, 1), (0, True, 0)):
        then = timezone.now() - timedelta(hours=age)
        HostName.objects.update(checked_at=then, failing_since=then if failing else None)
        assert host_names.check_due() == due, (age, failing)
    HostName.objects.update(checked_at=None)
    Tenant.objects.filter(pk=ash.tenant_id).update(deleted_at=timezone.now())
    assert host_names.check_due() == 0
