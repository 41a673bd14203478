"""Fill a database and time the console's pages: `python -m bench.console_pages N [N ...]`, beside a
running Grove (GROVE_DATA or DATABASE_URL says whose). `python -m bench.console` starts one.

Rows are copies of one of each kind, made by Postgres itself: whole enough for lists and searches,
not for anything else. The smaller tenant's accounts are the eldest, where no walk from the newest
finds them soon.
"""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import django

django.setup()

from django.db import connection  # noqa: E402 - needs django.setup()
from django.db.models import Model  # noqa: E402 - needs django.setup()
from django.test import Client  # noqa: E402 - needs django.setup()
from django.utils import timezone  # noqa: E402 - needs django.setup()

from accounts.models import (  # noqa: E402 - needs django.setup()
    Account,
    AccountMigration,
    HeldSignUp,
    InviteCode,
    InviteUse,
    OAuthSession,
)
from hosting.mail.models import OutgoingMail  # noqa: E402 - needs django.setup()
from hosting.models import Host, Member, StaffUser  # noqa: E402 - needs django.setup()
from moderation.models import AuditEntry, Case, Report  # noqa: E402 - needs django.setup()
from moderation.staff import account_search  # noqa: E402 - needs django.setup()

TIMES = 5
SMALL = 1_000  # accounts of the smaller tenant
PAGES = (
    "",
    "accounts/account/",
    "accounts/account/?status__exact=suspended",
    "accounts/account/?q={handle}",
    "accounts/account/?q={did}",
    "accounts/account/?q=person-1",
    "accounts/account/?q=nobody",
    "accounts/account/?p=20",
    "look-up/?q={handle}",
    "look-up/?q={email}",
    "moderation/auditentry/",
    "moderation/auditentry/?q={did}",
    "moderation/auditentry/?q=spam",
    "desk/",
    "desk/?kind=spam",
    "desk/?kind=violence",
    "desk/?subject=record",
    "desk/?assignee=me",
    "desk/?overdue=1",
    "desk/?state=closed",
    "desk/?about={did}",
    "desk/?after=2-{later}-1",
    "desk/cases/{case}/",
    "desk/cases/{case}/record/",
    "moderation/report/",
    "moderation/report/?q={did}",
    "moderation/report/?q=nothing",
    "accounts/invitecode/",
    "accounts/invitecode/?q={did}",
    "mail/outgoingmail/",
    "mail/outgoingmail/?q={email}",
    "sign-ups/",
    "moves/",
    "apps/",
    "accounts/{did}/",
)
SEARCHES: Mapping[str, str | None] = {
    "searchAccounts, all": None,
    "searchAccounts, an address": "{email}",
    "searchAccounts, a prefix": "person-77",
    "searchAccounts, a domain": "@d77.example",
    "searchAccounts, nobody": "zzz",
}


@dataclass(frozen=True)
class Kind:
    """Rows of one table: one to copy, and what is different in each copy (SQL, of `n`)."""

    first: Callable[[Host, Account], Model]
    each: Mapping[str, str] = field(default_factory=dict)
    share: float = 0.1  # of the accounts


DID = "'did:plc:' || substr(md5(n::text), 1, 24)"
ACCOUNT = Kind(
    lambda host, _account: Account.objects.create(
        host=host,
        did="did:plc:" + "a" * 24,
        handle="first.test",
        email="first@example.com",
        signing_did_key="did:key:zFirst",
        opened_at=timezone.now(),
    ),
    {
        "did": DID,
        "handle": "'person-' || n || '.test'",
        "email": "'person-' || n || '@d' || n % 5000 || '.example'",
        "suspended_at": "CASE WHEN n % 20000 = 7 THEN now() END",
    },
    1,
)
KINDS = (
    Kind(
        lambda host, account: AuditEntry.objects.create(
            host=host,
            staff=StaffUser.objects.get(username="bench"),
            action=AuditEntry.Action.ACCOUNT_RESTORE,
            subject_did=account.did,
            reason="first",
        ),
        {"subject_did": DID, "reason": "'no ' || n || ' spam ' || n % 100"},
    ),
    Kind(
        lambda host, account: Case.objects.create(
            host=host,
            subject=account.did,
            subject_did=account.did,
            kind="other",
            due_at=timezone.now(),
            report_count=1,
        ),
        {
            "subject": DID,
            "subject_did": DID,
            "kind": "(ARRAY['spam', 'spam', 'harassment', 'other', 'sexual'])[1 + n % 5]",
            "state": "CASE n % 4 WHEN 0 THEN 'closed' ELSE 'open' END",
            "resolution": "CASE n % 4 WHEN 0 THEN 'dismissed' ELSE '' END",
            "closed_at": "CASE n % 4 WHEN 0 THEN now() - n * interval '1 second' END",
            "priority": "CASE WHEN n % 50 = 1 THEN 1 ELSE 2 END",
            "due_at": "now() + (CASE WHEN n % 50 = 1 THEN -n ELSE n END) * interval '1 second'",
        },
    ),
    Kind(
        lambda host, account: Report.objects.create(
            host=host,
            case=Case.objects.get(host=host),
            reported_by=account.did,
            reason_type="x#spam",
            subject_did=account.did,
        ),
        {
            "case_id": 't."case_id" + n',
            "reported_by": DID,
            "subject_did": DID,
            "reason": "'words ' || n",
        },
    ),
    Kind(
        lambda host, account: InviteCode.objects.create(
            host=host,
            code=f"{host}",
            for_account=account.did,
            created_by="admin",
            available_count=9,
        ),
        {"code": "'test-' || md5(n::text)", "for_account": DID},
        1,
    ),
    Kind(
        lambda host, _account: OutgoingMail.objects.create(
            host=host,
            recipient="first@example.com",
            subject="Hello",
            text="",
            html="",
            state="sent",
            decided_at=timezone.now(),
            expires_at=timezone.now(),
            message_id=f"{host}",
        ),
        {
            "recipient": "'person-' || n || '@d' || n % 5000 || '.example'",
            "message_id": "'message-' || n",
        },
    ),
    Kind(
        lambda host, _account: HeldSignUp.objects.create(
            host=host, handle=f"waits.{host}", email="waits@example.com", reason="policy"
        ),
        {"handle": "'waits-' || n || '.test'", "email": "'waits-' || n || '@example.com'"},
    ),
)


def main(sizes: list[int]) -> None:
    _sql("SET session_replication_role = replica")  # the signing keys and repos are left out
    hosts = list(Host.objects.order_by("pk")[:2])
    staff = StaffUser.objects.create_superuser("bench", password="bench at the console")
    staff.is_platform_staff = True
    staff.save()
    small = StaffUser.objects.create_user("small", password="bench at the console", is_staff=True)
    Member.objects.create(tenant=hosts[1].tenant, user=small, role=Member.Role.OWNER)
    accounts = [ACCOUNT.first(host, None) for host in hosts]  # type: ignore[arg-type]
    rows = [
        [kind.first(host, account) for kind in KINDS]
        for host, account in zip(hosts, accounts, strict=True)
    ]
    others = _others(hosts[0], accounts[0])
    table: dict[str, list[str]] = {}
    done = 0
    for size in sizes:
        if not done:
            _copy(ACCOUNT, accounts[1], 0, SMALL)
            for kind, row in zip(KINDS, rows[1], strict=True):
                _copy(kind, row, 0, int(SMALL * kind.share))
            done = SMALL
        _copy(ACCOUNT, accounts[0], done, size)
        for kind, row in zip(KINDS, rows[0], strict=True):
            _copy(kind, row, int(done * kind.share), int(size * kind.share))
        for fill in others:
            fill(done, size)
        _sql("ANALYZE")
        done = size
        for name, ms in _measured(hosts, staff, small).items():
            table.setdefault(name, []).append(f"{ms:.1f}")
        print(f"{size:,}", flush=True)
    print(f"| page, ms | {' | '.join(f'{size:,}' for size in sizes)} |")
    print("|---|" + "---|" * len(sizes))
    for name, figures in table.items():
        print(f"| {name} | {' | '.join(figures)} |")


def _measured(hosts: list[Host], staff: StaffUser, small: StaffUser) -> dict[str, float]:
    someone = Account.objects.filter(host=hosts[0]).order_by("-pk")[500]
    words = {"handle": someone.handle, "did": someone.did, "email": someone.email}
    words["case"] = str(Case.objects.filter(host=hosts[0]).order_by("-pk")[500].pk)
    words["later"] = str(int((time.time() + 50_000) * 1_000_000))
    found = {}
    for user, host, who in ((staff, hosts[0], ""), (small, hosts[1], "smaller tenant: ")):
        browser = Client(headers={"host": host.hostname})
        browser.force_login(user)
        for page in PAGES:
            if not who or "{" not in page:
                found[f"{who}/{page}"] = _median(
                    partial(browser.get, "/console/" + page.format(**words))
                )
    of_host = Host.objects.filter(pk=hosts[0].pk)
    for name, text in SEARCHES.items():
        wanted = text and text.format(**words)
        found[name] = _median(partial(account_search.search, of_host, wanted, 50, None))
    return found


def _median(work: Callable[[], object]) -> float:
    work()
    taken = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        answer = work()
        taken.append((time.perf_counter() - begun) * 1000)
        status = getattr(answer, "status_code", 200)
        if status not in (200, 302):
            raise SystemExit(f"answered {status}")
    return sorted(taken)[TIMES // 2]


def _copy(kind: Kind, first: Model, start: int, end: int) -> None:
    """Copies number `start` to `end` of a row."""
    table = first._meta.db_table
    columns = [
        each.column
        for each in first._meta.concrete_fields
        if not each.primary_key and not each.generated
    ]
    values = ", ".join(kind.each.get(name, f'"{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    _sql(
        f'INSERT INTO "{table}" ({names}) SELECT {values} FROM "{table}" t, '
        f"generate_series({start + 1}, {end}) n WHERE t.id = {first.pk}"
    )


def _others(host: Host, account: Account) -> list[Callable[[int, int], None]]:
    """Rows that hang on an account or a code."""
    session = OAuthSession.objects.create(
        account=account,
        client_id="https://app.example/client.json",
        dpop_jkt="x",
        granted_scope="atproto",
        scope="atproto",
        refreshed_at=timezone.now(),
        code_sha256="first",
        refresh_until=timezone.now(),
        ends_at=timezone.now(),
    )
    migration = AccountMigration.objects.create(account=account, created_at=timezone.now())
    use = InviteUse.objects.create(code=InviteCode.objects.filter(host=host)[0], used_by="did:x")

    def fill(start: int, end: int) -> None:
        _hang(session, "account_id", "account", start, end, 1, {
            "id": "gen_random_uuid()", "code_sha256": "md5(a.id::text)",
            "client_id": "'https://app' || floor(300 * random() ^ 3) || '.example/client.json'",
        })  # fmt: skip
        _hang(migration, "account_id", "account", start, end, 10, {"activated_at": "now()"})
        _hang(use, "code_id", "invite_code", start, end, 2, {"used_by": "'did:plc:' || a.id"})

    return [fill]


def _hang(  # noqa: PLR0913, PLR0917 - a statement's parts
    first: Model, key: str, on: str, start: int, end: int, every: int, each: Mapping[str, str]
) -> None:
    fields = first._meta.concrete_fields
    columns = [f.column for f in fields if f.column != "id" or "id" in each]
    values = ", ".join("a.id" if name == key else each.get(name, f't."{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    pk = first._meta.pk.column
    _sql(
        f'INSERT INTO "{first._meta.db_table}" ({names}) SELECT {values} FROM '
        f'"{first._meta.db_table}" t, (SELECT id FROM "{on}" ORDER BY id OFFSET {start + 5} LIMIT '
        f"{end - start - 5}) a WHERE t.{pk} = %s AND a.id %% {every} = 0",
        (first.pk,),
    )


def _sql(statement: str, params: tuple[object, ...] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or [10_000, 200_000, 1_000_000])
