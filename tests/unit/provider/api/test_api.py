"""The REST API: a tenant's life by program, and what its tokens may not."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from accounts.models import Account
from hosting.limits import Bucket, Budget
from hosting.models import Tenant
from moderation.models import AuditEntry
from provider.api import base, documents, idempotency, tokens
from provider.api.base import ApiViewSet
from provider.api.resources import hosts
from provider.api.urls import router
from provider.errors import InvalidField, NameTaken
from provider.jobs import kinds, running
from provider.models import ApiToken, IdempotentRequest, Job
from provider.tenancy import suspensions
from tests.factories import account_row

pytestmark = pytest.mark.django_db
BAD, PEOPLE = "InvalidRequest", "hosts/localhost/accounts"
NEW = {"handle": "anna.test", "email": "anna@example.org", "password": "a long password"}


def test_a_tenant_is_made_gets_a_host_people_and_codes(platform):
    platform.call("POST", "tenants", {"slug": "acme", "name": "Acme"})
    assert platform.status == 201
    host = platform.call(
        "POST", "hosts",
        {"hostname": "pds.acme.org", "tenant": "acme", "domains": ["acme.org"],
         "settings": {"admission": "invite", "blob-quota-bytes": 1000}},
    )  # fmt: skip
    assert host["domains"] == [".acme.org"]
    assert host["settings"]["admission"] == {"value": "invite", "source": "host"}
    codes = platform.call("POST", "hosts/pds.acme.org/invites", {"count": 3})["codes"]
    assert len(codes) == 3
    new = {**NEW, "handle": "anna.acme.org"}
    account = platform.call("POST", "hosts/pds.acme.org/accounts", new)
    assert (platform.status, account["status"]) == (201, "active")
    listed = platform.call("GET", "hosts/pds.acme.org/accounts?email=anna")["items"]
    assert [each["did"] for each in listed] == [account["did"]]


def test_an_account_is_taken_down_and_restored_with_a_reason(ash, platform):
    account = account_row(ash, "anna")
    where = f"hosts/localhost/accounts/{account.did}"
    assert platform.call("POST", f"{where}/takedown", {"reason": "spam"})["status"] == "takendown"
    assert platform.call("POST", f"{where}/restore", {"reason": "sorry"})["status"] == "active"
    platform.call("POST", f"{where}/takedown", {"reason": " "})
    assert platform.status == 400
    entries = platform.call("GET", f"audit?did={account.did}")["items"]
    assert [(each["actor"], each["reason"]) for each in entries] == [
        ("platform-api:token0", "sorry"), ("platform-api:token0", "spam"),
    ]  # fmt: skip


def test_settings_and_domains_change_on_the_record(ash, platform):
    changed = {"settings": {"admission": "closed", "sign-in-alerts": False}}
    assert (
        platform.call("PATCH", "hosts/localhost", changed)["settings"]["admission"]["value"]
        == "closed"
    )
    platform.call("POST", "hosts/localhost/domains", {"domain": "acme.org"})
    platform.call("DELETE", "hosts/localhost/domains/acme.org")
    assert platform.status == 204
    actions = AuditEntry.objects.order_by("pk").values_list("action", "reason")
    assert [*actions] == [
        ("host.change_settings", "admission: open -> closed; sign-in-alerts: on -> off"),
        ("host.add_domain", ".acme.org"),
        ("host.remove_domain", ".acme.org, 0 handles lost"),
    ]


def test_a_deletion_needs_a_reason_and_is_final(ash, platform):
    account = account_row(ash, "anna")
    where = f"hosts/localhost/accounts/{account.did}"
    platform.call("DELETE", where)
    assert platform.status == 400
    platform.call("DELETE", f"{where}?reason=left")
    assert platform.status == 204
    assert not Account.objects.filter(did=account.did).exists()


@pytest.mark.parametrize(
    ("verb", "path", "body", "status", "error", "field"),
    [
        ("POST", "tenants", {"slug": "acme"}, 400, "InvalidRequest", "name"),
        ("POST", "tenants", {"slug": "ash", "name": "Ash"}, 409, "NameTaken", None),
        ("POST", "tenants", {"slug": "a b", "name": "A"}, 400, "InvalidRequest", "slug"),
        ("POST", "tenants", {"slug": "a", "name": "A", "x": 1}, 400, "InvalidRequest", "x"),
        ("POST", "tenants", [], 400, "InvalidRequest", None),
        ("PATCH", "tenants/ash", {"primary_colour": "x"}, 400, BAD, "primary-colour"),
        ("GET", "tenants/elm", None, 404, "NotFound", None),
        ("DELETE", "tenants/ash", None, 409, "InUse", None),
        ("PUT", "tenants", {}, 405, "MethodNotAllowed", None),
        ("GET", "tenants?limit=0", None, 400, "InvalidRequest", None),
        ("GET", f"tenants?limit={'9' * 5000}", None, 400, "InvalidRequest", None),
        ("GET", "tenants?cursor=x", None, 400, "InvalidRequest", None),
        ("GET", "audit?did=%00", None, 400, "InvalidRequest", None),
        ("GET", "nothing", None, 404, None, None),
        ("POST", "hosts", {"hostname": "a b", "tenant": "ash"}, 400, "InvalidRequest", "hostname"),
        ("PATCH", "hosts/localhost", {"settings": {"x": 1}}, 400, "InvalidRequest", "x"),
        ("PATCH", "hosts/localhost", {"settings": {"admission": "x"}}, 400, BAD, "admission"),
        ("POST", "hosts/localhost/domains", {"domain": "co.uk"}, 400, "InvalidRequest", "domain"),
        ("POST", "hosts/localhost/domains", {"domain": ".test"}, 409, "NameTaken", None),
        ("POST", "hosts/localhost/invites", {"count": 0}, 400, "InvalidRequest", "count"),
        ("POST", PEOPLE, {**NEW, "handle": "a.test"}, 400, "InvalidHandle", "handle"),
        ("GET", "hosts/localhost/accounts?status=odd", None, 400, "InvalidRequest", None),
        ("GET", "hosts/localhost/accounts/did:plc:nobody", None, 404, "NotFound", None),
    ],
)  # fmt: skip
def test_a_refusal_has_a_name_a_sentence_and_a_field(
    platform, verb, path, body, status, error, field
):
    told = platform.call(verb, path, body) if error else None
    if error is None:
        assert Client().get(f"/api/v1/{path}", headers={"Host": "localhost"}).status_code == status
        return
    assert (platform.status, told["error"], told.get("field")) == (status, error, field)
    assert told["message"]


def test_bytes_that_are_no_json_are_refused(ash, platform):
    headers = {"Host": "localhost", "Authorization": f"Bearer {platform.token}"}
    for body, kind, status in (
        (b"{", "application/json", 400),
        (b"[" * 50_000, "application/json", 400),
        (b'{"name": "' + b"a" * 200_000 + b'"}', "application/json", 413),
        (b"\xff", "application/json", 400),
        (b"a=1", "text/plain", 415),
    ):
        answer = Client().post("/api/v1/tenants", body, kind, headers=headers)
        assert answer.status_code == status
        assert set(answer.json()) == {"error", "message"}


def test_pages_are_followed_to_the_end(platform):
    for number in range(5):
        Tenant.objects.create(slug=f"tenant{number}", name="T")
    first = platform.call("GET", "tenants?limit=4")
    rest = platform.call("GET", f"tenants?limit=4&cursor={first['cursor']}")
    found = [each["slug"] for each in first["items"] + rest["items"]]
    assert found == ["tenant4", "tenant3", "tenant2", "tenant1", "tenant0", "ash"]
    assert "cursor" not in rest


def test_a_token_says_nothing_of_another_tenant(ash, birch, client_of):
    account = account_row(birch, "berta")
    ours = client_of(ash.tenant)
    assert [each["slug"] for each in ours.call("GET", "tenants")["items"]] == ["ash"]
    assert [each["hostname"] for each in ours.call("GET", "hosts")["items"]] == ["localhost"]
    theirs = "hosts/birch.localhost"
    for path in (
        *("tenants/birch", theirs, f"{theirs}/domains", f"{theirs}/accounts", f"{theirs}/invites"),
        *(f"{theirs}/accounts/{account.did}", "audit?host=birch.localhost"),
        f"{theirs}/domains/birch.test/check",
    ):
        assert ours.call("GET", path)["error"] == "NotFound", path
    assert ours.call("GET", f"hosts/localhost/accounts/{account.did}")["error"] == "NotFound"


def test_a_tenants_token_is_nobodys_at_another_tenants_host(ash, birch, client_of):
    astray = client_of(ash.tenant, at=birch)
    assert astray.call("GET", "tenants")["error"] == "AuthenticationRequired"
    assert astray.headers["WWW-Authenticate"] == "Bearer"


def test_what_the_provider_decides_is_not_a_tenants(ash, client_of):
    ours = client_of(ash.tenant)
    for verb, path, body in (
        ("POST", "tenants", {"slug": "elm", "name": "Elm"}),
        ("DELETE", "tenants/ash", None),
        ("POST", "hosts", {"hostname": "a.org", "tenant": "ash"}),
        ("PATCH", "hosts/localhost", {"settings": {"moderation-did": "did:web:evil.example"}}),
        ("DELETE", "hosts/localhost", None),
        ("POST", "hosts/localhost/domains", {"domain": "a.org"}),
        ("DELETE", "hosts/localhost/domains/test", None),
        ("GET", "plans", None),
        ("PATCH", "tenants/ash/plan", {"plan": None}),
    ):
        assert ours.call(verb, path, body)["error"] == "Forbidden", path


def test_every_action_needs_its_scope(ash, client_of):
    weak = client_of(None, "audit:read")
    for view_set in {each[1] for each in router.registry}:
        for action in view_set.scopes:
            assert hasattr(view_set, action)
    for path in ("tenants", "hosts", "hosts/localhost/accounts", "hosts/localhost/invites"):
        assert weak.call("GET", path)["error"] == "InsufficientScope"


def test_no_action_is_without_a_scope():
    for _, view_set, _ in router.registry:
        assert issubclass(view_set, ApiViewSet)
        mapped = [each.mapping.values() for each in view_set.get_extra_actions()]
        actions = {name for names in mapped for name in names}
        standard = {"list", "retrieve", "create", "update", "partial_update", "destroy"}
        offered = actions | {name for name in standard if hasattr(view_set, name)}
        assert offered == set(view_set.scopes)
        assert view_set.platform_only <= offered


@pytest.mark.parametrize("text", ["", "Bearer", "Bearer grove_", "Basic YWRt", "Bearer x\xff"])
def test_without_a_good_token_nothing_is_told(ash, text):
    answer = Client().get("/api/v1/tenants", headers={"Host": "localhost", "Authorization": text})
    assert (answer.status_code, answer.json()["error"]) == (401, "AuthenticationRequired")


def test_a_token_that_ended_is_refused(ash, client_of):
    client = client_of(ash.tenant)
    tokens.revoke("token0", ash.tenant)
    assert client.call("GET", "tenants")["error"] == "AuthenticationRequired"
    late = client_of(ash.tenant)
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert late.call("GET", "tenants")["error"] == "AuthenticationRequired"


def test_a_token_is_kept_as_a_hash_and_notes_its_use(ash, client_of):
    client = client_of()
    client.call("GET", "tenants")
    row = ApiToken.objects.get()
    assert client.token.encode() not in bytes(row.digest)
    assert row.last_used_at is not None


def test_names_of_tokens_are_a_tenants_own(ash, birch):
    for tenant in (None, ash.tenant, birch.tenant):
        tokens.create("billing", tenant, ["audit:read"])
        with pytest.raises(NameTaken):
            tokens.create("billing", tenant, ["audit:read"])
    tokens.revoke("billing", None)
    tokens.create("billing", None, ["audit:read"])


@pytest.mark.parametrize(("name", "scopes"), [("A b", ["audit:read"]), ("a", []), ("a", ["all"])])
def test_tokens_that_cannot_be_are_refused(db, name, scopes):
    with pytest.raises(InvalidField):
        tokens.create(name, None, scopes)


def test_a_write_under_a_key_is_done_once(platform):
    body = {"slug": "acme", "name": "Acme"}
    key = {"Idempotency-Key": "one"}
    first = platform.call("POST", "tenants", body, **key)
    again = platform.call("POST", "tenants", body, **key)
    assert (platform.status, again) == (201, first)
    assert platform.headers["Idempotent-Replayed"] == "true"
    assert (
        platform.call("POST", "tenants", {**body, "slug": "elm"}, **key)["error"]
        == "IdempotencyKeyReused"
    )


def test_a_202_that_is_answered_again_says_where_the_job_is(platform):
    key = {"Idempotency-Key": "one"}
    first = platform.call("POST", "hosts/localhost/relays/announce", **key)
    assert platform.headers["Location"] == f"/api/v1/jobs/{first['id']}"
    again = platform.call("POST", "hosts/localhost/relays/announce", **key)
    assert (platform.status, again) == (202, first)
    assert platform.headers["Location"] == f"/api/v1/jobs/{first['id']}"


def test_a_write_that_failed_may_be_tried_again_under_its_key(platform):
    key = {"Idempotency-Key": "one"}
    platform.call("POST", "tenants", {"slug": "a b", "name": "Acme"}, **key)
    platform.call("POST", "tenants", {"slug": "acme", "name": "Acme"}, **key)
    assert platform.status == 201


def test_a_write_that_is_being_done_is_not_begun_again(platform):
    body, key = {"slug": "acme", "name": "Acme"}, {"Idempotency-Key": "one"}
    platform.call("POST", "tenants", body, **key)
    IdempotentRequest.objects.update(status=None)
    assert platform.call("POST", "tenants", body, **key)["error"] == "RequestInProgress"
    IdempotentRequest.objects.update(created_at=timezone.now() - timedelta(minutes=30))
    assert platform.call("POST", "tenants", body, **key)["error"] == "RequestInProgress"


def test_keys_are_forgotten_after_a_day(platform):
    key = {"Idempotency-Key": "one"}
    platform.call("POST", "tenants", {"slug": "acme", "name": "Acme"}, **key)
    IdempotentRequest.objects.update(created_at=timezone.now() - timedelta(hours=25))
    idempotency.forget_old()
    assert not IdempotentRequest.objects.exists()


def test_calls_are_limited_by_token(platform, settings):
    settings.RATE_LIMITS = True
    platform.call("GET", "tenants")
    assert platform.headers["RateLimit-Limit"] == "1200"
    assert int(platform.headers["RateLimit-Remaining"]) < 1200


def test_checks_from_outside_have_a_budget_of_their_own(platform, settings, monkeypatch):
    settings.RATE_LIMITS = True
    monkeypatch.setattr(hosts, "CHECKS", Bucket("few-checks", (Budget(1, 3_600),)))
    monkeypatch.setattr(hosts.host_names, "check", lambda _host: [])
    for status in (200, 429):
        platform.call("POST", "hosts/localhost/check")
        assert platform.status == status


def test_calls_whose_answers_are_kept_have_a_budget_of_a_day(platform, settings, monkeypatch):
    settings.RATE_LIMITS = True
    monkeypatch.setattr(base, "KEYS", Bucket("few-keys", (Budget(1, 3_600),)))
    for slug, status in (("acme", 201), ("ajax", 429)):
        platform.call("POST", "tenants", {"slug": slug, "name": slug}, **{"Idempotency-Key": slug})
        assert platform.status == status
    platform.call("POST", "tenants", {"slug": "ajax", "name": "Ajax"})
    assert platform.status == 201


def test_the_document_names_every_route(ash):
    paths = documents.document()["paths"]
    assert documents.document()["openapi"].startswith("3.1")
    shown = {f"{method} {path}" for path, each in paths.items() for method in each}
    assert "post /api/v1/hosts/{hostname}/accounts/{did}/takedown" in shown
    assert len(shown) == sum(
        len(route.mapping) for _, view_set, _ in router.registry for route in routes(view_set)
    )
    page = Client().get("/api/v1/docs", headers={"Host": "localhost"})
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "/api/v1/tenants/{slug}" in page.content.decode()


@dataclass
class Routed:
    """A route, with the methods that it really has."""

    mapping: dict


def routes(view_set):
    """The routes that a view set really has."""
    found = []
    for route in router.get_routes(view_set):
        mapping = router.get_method_map(view_set, route.mapping)
        if mapping:
            found.append(Routed(mapping))
    return found


def test_lists_are_described_as_they_are(ash):
    schemas = documents.document()["components"]["schemas"]
    listed = documents.document()["paths"]["/api/v1/hosts"]["get"]["responses"]["200"]
    named = listed["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert set(schemas[named]["properties"]) == {"items", "cursor"}


def test_a_change_of_a_tenant_is_on_the_record(ash, client_of):
    client_of(ash.tenant).call("PATCH", "tenants/ash", {"name": "Ashes"})
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.reason) == ("api:token0", "name: Ash -> Ashes")


def test_a_change_of_a_webhook_is_on_the_record_without_its_path(ash, client_of):
    client = client_of(ash.tenant)
    made = client.call("POST", "webhooks", {"url": "https://a.org/s3cret"})
    for verb, path in (("POST", "/rotate"), ("DELETE", "")):
        client.call(verb, f"webhooks/{made['id']}{path}")
    said = [*AuditEntry.objects.order_by("pk").values_list("reason", flat=True)]
    assert [each.rpartition(": ")[2] for each in said] == ["added", "another secret", "removed"]
    assert "s3cret" not in "".join(said)


def test_an_answer_with_a_secret_is_kept_encrypted(ash, client_of):
    client, key = client_of(ash.tenant), {"Idempotency-Key": "k1"}
    made = client.call("POST", "webhooks", {"url": "https://a.org/hook"}, **key)
    assert made["secret"] not in str(IdempotentRequest.objects.get().body)
    assert client.call("POST", "webhooks", {"url": "https://a.org/hook"}, **key) == made


def test_the_api_is_at_hosts_alone(ash):
    account_row(ash, "anna")
    assert Client().get("/api/v1/docs", headers={"Host": "anna.test"}).status_code == 404
    assert get_resolver() is not None


def test_webhooks_are_a_tokens_own_and_their_secret_is_shown_once(ash, birch, client_of):
    ours, theirs = client_of(ash.tenant), client_of(birch.tenant, at=birch)
    made = ours.call("POST", "webhooks", {"url": "https://a.org/hook", "events": ["case.opened"]})
    assert made["secret"].startswith("whsec_")
    where = f"webhooks/{made['id']}"
    assert "secret" not in ours.call("GET", where)
    assert ours.call("POST", f"{where}/rotate")["secret"] != made["secret"]
    assert ours.call("GET", f"{where}/deliveries") == {"items": []}
    span = {"since": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z"}
    assert ours.call("POST", f"{where}/replay", span) == {"count": 0}
    assert ours.call("PATCH", where, {"is_enabled": False})["is_enabled"] is False
    for verb, path in (("GET", where), ("DELETE", where), ("GET", f"{where}/deliveries")):
        assert theirs.call(verb, path)["error"] == "NotFound"
    assert theirs.call("GET", "webhooks") == {"items": []}
    ours.call("DELETE", where)
    assert ours.status == 204


def test_long_work_is_looked_at_and_stopped_by_whose_it_is(ash, birch, client_of, monkeypatch):
    monkeypatch.setitem(kinds.KINDS, "test.wait", kinds.Kind("test.wait", print))
    monkeypatch.setattr(running.queue, "wake", lambda _pk: None)
    job = running.begin("test.wait", ash.tenant, "operator")
    ours, theirs, platform = client_of(ash.tenant), client_of(birch.tenant, at=birch), client_of()
    for client, seen in ((ours, [job.pk]), (theirs, []), (platform, [job.pk])):
        assert [each["id"] for each in client.call("GET", "jobs?kind=test.wait")["items"]] == seen
    for verb, path in (("GET", f"jobs/{job.pk}"), ("POST", f"jobs/{job.pk}/stop")):
        assert theirs.call(verb, path)["error"] == "NotFound"
    assert ours.call("GET", f"jobs/{job.pk}")["state"] == "waiting"
    assert ours.call("POST", f"jobs/{job.pk}/stop")["state"] == "stopped"
    assert ours.call("GET", "jobs?state=odd")["error"] == "InvalidRequest"


def test_a_tenant_stops_nothing_that_the_platform_does_to_it(ash, client_of, platform):
    suspensions.suspend(ash.tenant, "operator", reason="It does not pay.")
    job = Job.objects.get(tenant=ash.tenant)
    ours = client_of(ash.tenant)
    assert ours.call("POST", f"jobs/{job.pk}/stop")["error"] == "Forbidden"
    assert Job.objects.get(pk=job.pk).is_open
    assert platform.call("POST", f"jobs/{job.pk}/stop")["state"] == "stopped"
