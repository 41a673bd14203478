"""Fills a database: `python -m bench.scale.fill TENANTS ACCOUNTS [LABELS]`, beside a running Grove.

GROVE_DATA or DATABASE_URL says whose. A fifth of the accounts are at the first host (`localhost`),
a thousand at its neighbour, the others spread over all tenants. Keys and trees are left out: nobody
can sign in or write there (bench.load_accounts makes accounts that can).
"""

import sys
from typing import Final

import django

django.setup()

from django.db import transaction  # noqa: E402 - needs django.setup()

from bench.scale.rows import copies, execute, fill, number  # noqa: E402 - needs django.setup()

SMALL: Final = 1_000
_DID: Final = "'did:plc:' || substr(md5(n::text), 1, 24)"
_BODY: Final = "decode(repeat('a1', 100), 'hex')"
_CID: Final = "decode('01711220' || md5(n::text) || md5(n::text), 'hex')"


def main(tenants: int, accounts: int, labels: int = 0) -> None:
    with transaction.atomic():
        _fill(tenants, accounts, labels)
    for statement in ("VACUUM ANALYZE", "CHECKPOINT"):
        execute(statement)


def _fill(tenants: int, accounts: int, labels: int) -> None:
    execute("SET LOCAL session_replication_role = replica")  # no triggers, no foreign keys
    _tenants(tenants)
    first = number("SELECT min(id) FROM host WHERE hostname LIKE 'pds1.%'")
    large, small = number("SELECT min(id) FROM host"), number("SELECT min(id) + 1 FROM host")
    host = (
        f"CASE WHEN n <= {SMALL} THEN {small} WHEN n % 5 = 0 THEN {large}"
        f" ELSE {first} + n % {tenants} END"
    )
    _accounts(accounts, host)
    _of_hosts(host, accounts)
    _of_tenants(tenants, first)
    _days(accounts, tenants)
    _desk(min(accounts // 10, 100_000), host)
    if labels:
        _labels(labels, large)


def _tenants(count: int) -> None:
    start = number("SELECT max(id) FROM tenant")
    fill("plan", 20, {"slug": "'plan-' || n", "name": "'Plan ' || n", "limits": _LIMITS})
    plan = number("SELECT min(id) FROM plan")
    fill(
        "tenant",
        count,
        {
            "id": f"{start} + n",
            "slug": "'tenant-' || n",
            "name": "'Tenant number ' || n",
            "plan_id": f"CASE WHEN n % 2 = 0 THEN {plan} + n % 20 END",
            "support_email": "'help@d' || n || '.example'",
            "primary_colour": "'#2f6b3a'",
        },
    )
    execute("SELECT setval(pg_get_serial_sequence('tenant', 'id'), max(id)) FROM tenant")
    copies(
        "host",
        number("SELECT min(id) FROM host"),
        count,
        {
            "tenant_id": f"{start} + n",
            "hostname": "'pds' || n || '.tenants.test'",
            "origin": "'http://pds' || n || '.tenants.test'",
            "service_did": "'did:web:pds' || n || '.tenants.test'",
        },
    )


_LIMITS: Final = """'{"accounts": 1000000, "account-records": 100000, "blob-bytes": 1000000000000,
    "account-blob-bytes": 1000000000, "account-repo-bytes": 1000000000}'::jsonb"""


def _accounts(count: int, host: str) -> None:
    start = number("SELECT nextval('account_id_seq')")
    account, signed = f"{start} + n", "now() - (n % 900) * interval '1 day'"
    common = {"id": account, "did": _DID, "host_id": host, "created_at": signed}
    fill(
        "account",
        count,
        {
            **common,
            "handle": "'person-' || n || '.test'",
            "email": "'person-' || n || '@d' || n % 5000 || '.example'",
            "opened_at": signed,
            "suspended_at": "CASE WHEN n % 20000 = 7 THEN now() END",
        },
    )
    execute("SELECT setval('account_id_seq', max(id)) FROM account")
    fill(
        "repo",
        count,
        {
            **common,
            "status": "'active'",
            "record_count": "n % 100",
            "record_bytes": "(n % 100) * 300",
            "counted_on": "current_date - n % 30",
            "commit": _BODY,
            "head": _CID,
            "data": _CID,
        },
    )
    fill(
        "blob_usage",
        count // 4,
        {
            "repo_id": f"{start} + n * 4",
            "used_bytes": "(n % 1000) * 1000000",
            "tenant_id": "n % 10000",
        },
    )
    fill(
        "invite_code",
        count // 5,
        {"host_id": host, "code": "'code-' || n", "for_account": _DID, "available_count": "9"},
    )
    fill(
        "oauth_session",
        count // 10,
        {
            "account_id": f"{start} + n * 10",
            "code_sha256": "md5(n::text)",
            "client_id": "'https://app' || n % 300 || '.example/client.json'",
            "refresh_until": "now() + interval '1 day'",
            "ends_at": "now() + interval '9 days'",
        },
    )
    fill("custom_handle", count // 100, {
        "account_id": f"{start} + n * 100",
        "next_check_at": "now() + (n % 86400) * interval '1 second'",
    })  # fmt: skip
    fill("account_migration", count // 100, {"account_id": f"{start} + n * 100 + 1"})


def _of_hosts(host: str, accounts: int) -> None:
    some = accounts // 10
    fill(
        "outgoing_mail",
        some,
        {
            "host_id": host,
            "recipient": "'person-' || n || '@d' || n % 5000 || '.example'",
            "message_id": "'message-' || n",
            "subject": "'Hello'",
            "state": "CASE WHEN n % 100 = 3 THEN 'failed' ELSE 'sent' END",
            "decided_at": "now()",
        },
    )
    fill(
        "held_sign_up",
        some // 10,
        {
            "host_id": host,
            "handle": "'waits-' || n || '.test'",
            "email": "'waits-' || n || '@example.com'",
            "reason": "'policy'",
            "state": "'waiting'",
        },
    )
    fill(
        "audit_entry",
        some * 2,
        {
            "host_id": host,
            "actor": "'admin'",
            "action": "'account.restore'",
            "subject_did": _DID,
            "reason": "'no ' || n || ' spam ' || n % 100",
        },
    )


def _of_tenants(tenants: int, first: int) -> None:
    """What there is for each tenant or host, ten thousand times."""
    host = f"{first} + n - 1"
    tenant = f"(SELECT h.tenant_id FROM host h WHERE h.id = {host})"
    fill("handle_domain", tenants * 10, {
        "host_id": f"{first} + n % {tenants}", "name": "'.d' || n || '.people.test'"
    })  # fmt: skip
    start = number("SELECT nextval(pg_get_serial_sequence('staff_user', 'id'))")
    fill("staff_user", tenants, {
        "id": f"{start} + n", "username": "'owner-' || n", "is_staff": "true", "is_active": "true"
    })  # fmt: skip
    execute("SELECT setval(pg_get_serial_sequence('staff_user', 'id'), max(id)) FROM staff_user")
    fill("member", tenants, {
        "tenant_id": tenant, "user_id": f"{start} + n", "role": "'owner'"
    })  # fmt: skip
    fill("tenant_storage", tenants, {"tenant_id": tenant, "blob_bytes": "n * 1000000::bigint"})
    fill("event_counter", tenants, {"host_id": host, "last_seq": "1000"})
    fill("crawl_ping", tenants, {
        "host_id": host, "relay": "'https://relay.example'", "state": "'asked'"
    })  # fmt: skip
    fill("relay_standing", tenants, {
        "host_id": host, "relay": "'https://relay.example'", "status": "'active'", "seq": "990"
    })  # fmt: skip
    fill("host_name", tenants, {
        "host_id": host, "token": "md5(n::text)",
        "checked_at": "now() - (n % 7) * '1 day'::interval",
    })  # fmt: skip
    fill("relay_host", tenants, {
        "hostname": "'pds' || n || '.tenants.test'", "inside_id": host, "status": "'active'"
    })  # fmt: skip
    fill("provider_job", tenants, {
        "kind": "'tenant.export'", "tenant_id": tenant, "actor": "'admin'", "state": "'done'",
        "decided_at": "now()",
    })  # fmt: skip
    hook = number("SELECT nextval(pg_get_serial_sequence('webhook', 'id'))")
    fill("webhook", tenants, {
        "id": f"{hook} + n", "tenant_id": tenant, "url": "'https://hook.example/' || n",
        "events": "'{account.opened}'",
        "collections": "CASE WHEN n % 100 = 0 THEN '{app.bsky.feed.post}'::text[] ELSE '{}' END",
    })  # fmt: skip
    execute("SELECT setval(pg_get_serial_sequence('webhook', 'id'), max(id)) FROM webhook")
    fill("webhook_delivery", tenants * 10, {
        "webhook_id": f"{hook} + 1 + n % {tenants}", "message_id": "'msg_' || n",
        "event": "'account.opened'", "body": "'{}'", "state": "'delivered'", "decided_at": "now()",
    })  # fmt: skip


def _days(accounts: int, tenants: int) -> None:
    """A month of every tenant, and ten days on which a tenth of the accounts wrote."""
    fill("tenant_day", tenants * 30, {
        "tenant_id": f"1 + n % {tenants}", "tenant_slug": f"'tenant-' || n % {tenants}",
        "day": f"current_date - 1 - n / {tenants}", "blob_bytes": "n", "accounts": "100",
    })  # fmt: skip
    fill("account_day", accounts, {
        "account_id": f"n % ({accounts} / 10)", "day": f"current_date - 1 - n / ({accounts} / 10)",
        "tenant_id": f"1 + n % {tenants}", "did": _DID, "writes": "3",
    })  # fmt: skip


def _desk(count: int, host: str) -> None:
    """Cases, three quarters of them open, and a report of each."""
    start = number("SELECT nextval(pg_get_serial_sequence('moderation_case', 'id'))")
    fill(
        "moderation_case",
        count,
        {
            "id": f"{start} + n",
            "host_id": host,
            "subject": _DID,
            "subject_did": _DID,
            "kind": "(ARRAY['spam', 'spam', 'harassment', 'other', 'sexual'])[1 + n % 5]",
            "state": "CASE n % 4 WHEN 0 THEN 'closed' ELSE 'open' END",
            "resolution": "CASE n % 4 WHEN 0 THEN 'dismissed' ELSE '' END",
            "closed_at": "CASE n % 4 WHEN 0 THEN now() - n * interval '1 second' END",
            "priority": "CASE WHEN n % 50 = 1 THEN 1 ELSE 2 END",
            "due_at": "now() + (CASE WHEN n % 50 = 1 THEN -n ELSE n END) * interval '1 second'",
            "report_count": "1",
        },
    )
    execute("SELECT setval(pg_get_serial_sequence('moderation_case', 'id'), max(id))"
            " FROM moderation_case")  # fmt: skip
    fill(
        "report",
        count,
        {
            "host_id": host,
            "case_id": f"{start} + n",
            "source": "'people'",
            "reported_by": _DID,
            "reason_type": "'com.atproto.moderation.defs#reasonSpam'",
            "subject_did": _DID,
            "reason": "'words ' || n",
        },
    )


def _labels(count: int, host: int) -> None:
    tenant = number(f"SELECT tenant_id FROM host WHERE id = {host}")
    fill("labeler", 1, {
        "tenant_id": str(tenant), "host_id": str(host), "did": "'did:plc:labels'",
        "signing_did_key": "'did:key:labels'", "declaration": "'{}'", "hides": "'[]'",
        "probe": "'[]'", "state": "'live'",
    })  # fmt: skip
    fill("label", count, {
        "labeler_id": str(tenant), "did_key": "'did:key:labels'", "src": "'did:plc:labels'",
        "uri": "'at://did:plc:' || substr(md5((n / 20)::text), 1, 24) || '/a.post/' || n",
        "val": "'spam'", "is_current": "true", "body": "decode('a0', 'hex')", "seq": "n",
        "position": "n",
    })  # fmt: skip


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
