"""Every page of one tenant, asked for by another tenant's people.

All requests go to birch: once by a browser that is signed in at ash, as Alice and as ash's staff
(`stranger`), once by birch's own staff asking about Alice (`staff`). A route without a row here
does not pass.
"""

import secrets
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from datetime import timedelta
from hashlib import sha256

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.utils import timezone

from accounts.authentication import email_codes, web_sessions
from accounts.models import Account, OpenIdIdentity, OpenIdProvider, SecurityChange
from accounts.oauth import devices
from accounts.oauth.openid import identities
from accounts.oauth.openid.people import Person
from accounts.pages.cookies import COOKIE
from accounts.pages.oauth.browsers import NAME_COOKIE, PROOF_COOKIE
from hosting.models import StaffInvite, StaffUser
from moderation import audit
from moderation.desk.reports import reports
from moderation.enforcement import actions, appeals
from moderation.enforcement.actions import ActionInput
from moderation.enforcement.legal import holds
from moderation.labels import changes
from moderation.models import AbuseNotice, BulkAction, CaseFilter, LegalHold, Policy, Report
from protocol import cid
from provider.api.base import HOSTNAME
from provider.api.resources.accounts import AccountViewSet
from provider.api.resources.archives import ArchiveViewSet
from provider.api.resources.jobs import JobViewSet
from provider.api.resources.staff import StaffViewSet
from provider.api.resources.tenants import TenantViewSet
from provider.api.resources.webhooks import WebhookViewSet
from provider.models import Job, TenantDraft, Webhook
from tests import openid_provider
from tests.api import shared_people
from tests.delegates import delegation
from tests.factories import labeler, staff_member
from tests.unit.accounts.pages.oauth.pages import query_of


@dataclass(frozen=True)
class Row:
    """A request; the status that ash's people and birch's staff get. 302 leads to signing in."""

    path: str
    stranger: int
    staff: int
    verb: str = "get"


def everyone(path: str, status: int, verb: str = "get") -> Row:
    return Row(path, status, status, verb)


def console(path: str, staff: int, verb: str = "get") -> Row:
    """The console opens for the tenant's own staff alone."""
    return Row(f"/console/{path}", 302, staff, verb)


pytestmark = pytest.mark.django_db
shared, directory = shared_people.shared, shared_people.directory
ash, birch, alice = shared_people.ash, shared_people.birch, shared_people.alice

HELD = "console/legal/holds/<int:hold_id>/"
RULE = "the rule of another tenant"
PERSON = "console/^accounts/(?P<did>did:[^/]+)/"
BLOB = PERSON + "blobs/(?P<link>[a-z0-9]+)/"
LINK = cid.to_text(cid.of_raw(b"a picture"))
ACCOUNT = "console/accounts/account/"
MEMBER = "console/staff/<int:member_id>/"
REPORTS = "console/moderation/report/"
CASE = "console/desk/cases/<int:case_id>/"
MOVES = ["take", "assign", "release", "wait", "note", "reopen"]
MAIL = "console/mail/outgoingmail/"
AUDIT = "console/moderation/auditentry/"
LABELS = "console/moderation/label/"
DRAFT = "console/tenants/drafts/<int:draft_id>/"
TENANT = "console/tenant/<slug:slug>/"
MOVED = ["move-accounts", "drop-name"]
WEBHOOK = ["", "rotate/", "switch/", "remove/", "replay/"]
WEBHOOK += ["<int:delivery_id>/", "<int:delivery_id>/replay/"]
LABELER_STEPS = ["code", "publish", "key", "declare", "probe", "hiding", "reports", "values"]
LABELER_STEPS += ["put", "negate", "retire", "leave", "resume"]
# A sign-in that was begun at ash is unknown at birch, whoever opens it.
SIGN_IN_SHOWN = [
    "oauth/authorize/sign-in/openid",
    "oauth/authorize/sign-in/openid/enter",
    "oauth/authorize",
    "oauth/authorize/refuse",
    "oauth/authorize/reset-password/done",
]
SIGN_IN_SENT = [
    "oauth/authorize/account",
    "oauth/authorize/activate",
    "oauth/authorize/consent",
    "oauth/authorize/reset-password",
    "oauth/authorize/reset-password/code",
    "oauth/authorize/sign-in",
    "oauth/authorize/sign-in/code",
    "oauth/authorize/sign-in/passkey",
    "oauth/authorize/sign-up",
]
# Pages of an account, each with two addresses: all lead who is a stranger here to the sign-in page.
NAMED = "account/u/<str:who>/"
FACTORS = "security/second-factors"
PASSKEY = f"{FACTORS}/passkeys/<int:passkey_id>"
CENTRE_SHOWN = [
    "",
    "apps",
    "apps/passwords",
    "apps/passwords/new",
    "codes",
    "confirm-email",
    "handle",
    "handle/address",
    "handle/change",
    "handle/domain",
    "identity",
    "prove",
    "security",
    "security/devices",
    "security/history",
    "security/oauth-only",
    "security/password",
    "close",
    "close/deactivate",
    "close/delete",
    "identity/confirm",
    "identity/document",
    "identity/recovery-key",
    "identity/recovery-key/test",
    "move-out",
    "state",
    "state/appeal",
]
CENTRE_SHOWN += ["data", "data/archive.zip", "data/repo.car", "data/import", "data/blobs"]
CENTRE_SENT = [
    "activate",
    "confirm-email/send",
    "identity/keys/remove",
    "move-out/code",
    "sign-out",
]
CENTRE_SHOWN += ["move", "move/oauth", "decisions"]
MOVE_FORMS = ["again", "sign-in", "code", "confirm", "operation", "document", "upload"]
CENTRE_SENT += [f"move/{form}" for form in MOVE_FORMS]
CENTRE_SENT += ["data/archive", "data/import/upload", "data/blobs/upload", "data/blobs/fetch"]
CENTRE_SHOWN += [FACTORS, f"{FACTORS}/app", f"{FACTORS}/app/remove", f"{FACTORS}/passkeys/add"]
CENTRE_SHOWN += [f"{FACTORS}/recovery-codes", f"{FACTORS}/mail"]
CENTRE_SENT += [f"{FACTORS}/browsers"]
CENTRE_SHOWN += ["acting", "people", "people/invite", "people/log"]
API_HOST = f"^hosts/(?P<hostname>{HOSTNAME})"
API_DOMAIN = f"{API_HOST}/domains/(?P<domain>{HOSTNAME})"
API_ACCOUNT = f"{API_HOST}/accounts/(?P<did>{AccountViewSet.lookup_value_regex})"
API_TENANT = f"^tenants/(?P<slug>{TenantViewSet.lookup_value_regex})"
API_MEMBER = f"{API_TENANT}/staff/(?P<name>{StaffViewSet.lookup_value_regex})"
ID = "[0-9]{1,18}"
API_JOB = f"^jobs/(?P<job_id>{JobViewSet.lookup_value_regex})"
API_WEBHOOK = f"^webhooks/(?P<webhook_id>{WebhookViewSet.lookup_value_regex})"
API_ARCHIVE = f"^archives/(?P<archive_id>{ArchiveViewSet.lookup_value_regex})"
API = {
    "^tenants$": "tenants",
    f"{API_TENANT}$": "tenants/ash",
    **{f"{API_TENANT}/{each}$": f"tenants/ash/{each}" for each in ("suspend", "resume", "export")},
    "^archives$": "archives",
    f"{API_ARCHIVE}$": f"archives/{'0' * 32}",
    **{f"{API_ARCHIVE}/{each}$": f"archives/{'0' * 32}/{each}" for each in ("file", "import")},
    "^hosts$": "hosts",
    f"{API_HOST}$": "hosts/localhost",
    **{f"{API_HOST}/{each}$": f"hosts/localhost/{each}" for each in ("domains", "accounts")},
    **{
        f"{API_HOST}/{each}$": f"hosts/localhost/{each}"
        for each in ("relays", "relays/ask", "relays/announce", "check", *MOVED)
    },
    f"{API_HOST}/invites$": "hosts/localhost/invites",
    f"{API_HOST}/invites/disable$": "hosts/localhost/invites/disable",
    f"{API_HOST}/invites/mail$": "hosts/localhost/invites/mail",
    f"{API_DOMAIN}$": "hosts/localhost/domains/test",
    f"{API_DOMAIN}/check$": "hosts/localhost/domains/test/check",
    f"{API_ACCOUNT}$": "hosts/localhost/accounts/{did}",
    **{
        f"{API_ACCOUNT}/{each}$": f"hosts/localhost/accounts/{{did}}/{each}"
        for each in ("handle", "restore", "takedown", "suspend", "lift-suspension")
    },
    **{
        f"{API_ACCOUNT}/{each}$": f"hosts/localhost/accounts/{{did}}/{each}"
        for each in ("reset-password", "limits", "export", "export/file", "move")
    },
    **{
        f"{API_TENANT}/{each}$": f"tenants/ash/{each}"
        for each in ("staff", "staff-invites", "labels", "labels/negate")
    },
    f"{API_MEMBER}$": "tenants/ash/staff/ada",
    f"{API_MEMBER}/reset-factor$": "tenants/ash/staff/ada/reset-factor",
    f"{API_TENANT}/staff-invites/(?P<invite_id>{ID})$": "tenants/ash/staff-invites/1",
    "^reports$": "reports",
    "^cases$": "cases",
    f"^cases/(?P<case_id>{ID})$": "cases/1",
    **{
        f"^cases/(?P<case_id>{ID})/{each}$": f"cases/1/{each}"
        for each in ("actions", "events", "notes")
    },
    "^webhooks$": "webhooks",
    "^jobs$": "jobs",
    f"{API_JOB}$": "jobs/1",
    f"{API_JOB}/stop$": "jobs/1/stop",
    f"{API_JOB}/remainders$": "jobs/1/remainders",
    f"{API_WEBHOOK}$": "webhooks/1",
    **{
        f"{API_WEBHOOK}/{each}$": f"webhooks/1/{each}"
        for each in ("deliveries", "replay", "rotate")
    },
    f"{API_WEBHOOK}/deliveries/(?P<delivery_id>{ID})/replay$": "webhooks/1/deliveries/1/replay",
    "^audit$": "audit",
    "^plans$": "plans",
    f"^plans/(?P<slug>{TenantViewSet.lookup_value_regex})$": "plans/club",
    **{
        f"^plans/(?P<slug>{TenantViewSet.lookup_value_regex})/{each}$": f"plans/club/{each}"
        for each in ("retire", "offer")
    },
    f"^tenants/(?P<slug>{TenantViewSet.lookup_value_regex})/plan$": "tenants/ash/plan",
    **{
        f"^tenants/(?P<slug>{TenantViewSet.lookup_value_regex})/{each}$": f"tenants/ash/{each}"
        for each in ("usage", "usage/months", "usage/accounts")
    },
}
CENTRE_SHOWN += ["prove/openid", "prove/openid/done", "security/openid"]
CENTRE_SHOWN += ["security/openid/connect", "security/openid/connected"]
ROWS = {
    "": everyone("/", 200),
    "report": everyone("/report", 200),
    "robots.txt": everyone("/robots.txt", 200),
    "tls-check": everyone("/tls-check?domain=alice.test", 200),  # the platform's, for any name
    "metrics": everyone("/metrics", 404),  # the operator's, with a token
    "xrpc/_health": everyone("/xrpc/_health", 200),
    "xrpc/<path:nsid>": everyone("/xrpc/com.example.nothing", 501),  # see test_cross_tenant
    "xrpc/": everyone("/xrpc/", 404),
    ".well-known/atproto-did": everyone("/.well-known/atproto-did", 404),
    ".well-known/did.json": everyone("/.well-known/did.json", 200),
    ".well-known/oauth-protected-resource": everyone("/.well-known/oauth-protected-resource", 200),
    ".well-known/oauth-authorization-server": everyone(
        "/.well-known/oauth-authorization-server", 200
    ),
    "oauth/jwks": everyone("/oauth/jwks", 200),
    "oauth/client-metadata.json": everyone("/oauth/client-metadata.json", 200),
    "oauth/par": everyone("/oauth/par", 415, "post"),  # see test_cross_tenant_oauth
    "oauth/token": everyone("/oauth/token", 415, "post"),
    "oauth/revoke": everyone("/oauth/revoke", 415, "post"),
    "account/sign-up": everyone("/account/sign-up", 200),
    "account/sign-in": everyone("/account/sign-in", 200),
    "account/move-in": everyone("/account/move-in", 200),
    "account/move-in/password": everyone("/account/move-in/password", 422, "post"),
    "account/move-in/back": everyone("/account/move-in/back?code=c&state=s", 422),
    "account/move-in/session": everyone("/account/move-in/session", 422, "post"),
    "account/move-in/key": everyone("/account/move-in/key", 422, "post"),
    "account/sign-in/code": everyone("/account/sign-in/code", 302),
    "account/sign-in/openid": everyone("/account/sign-in/openid?provider={provider}", 422),
    "account/sign-in/openid/back/<int:provider_id>": everyone(
        "/account/sign-in/openid/back/{provider}?code=c&state=s", 422
    ),
    "account/sign-in/openid/enter": everyone("/account/sign-in/openid/enter", 422),
    "account/sign-in/passkey": everyone("/account/sign-in/passkey", 302),
    "account/passkey-options": everyone("/account/passkey-options", 200),
    f"account/{PASSKEY}": everyone(f"/account/{FACTORS}/passkeys/1", 302),
    "account/decisions/<int:decision_id>": everyone("/account/decisions/{decision}", 302),
    NAMED + "decisions/<int:decision_id>": everyone("/account/u/{did}/decisions/{decision}", 302),
    NAMED + PASSKEY: everyone(f"/account/u/{{did}}/{FACTORS}/passkeys/1", 302),
    "account/people/<int:delegation_id>": everyone("/account/people/{delegation}", 302),
    NAMED + "people/<int:delegation_id>": everyone("/account/u/{did}/people/{delegation}", 302),
    "account/visit": everyone("/account/visit", 200),
    "account/visit/back": everyone("/account/visit/back", 422),
    "account/visit/accounts": everyone("/account/visit/accounts", 302),
    "account/visit/end": everyone("/account/visit/end", 302, "post"),
    "account/reset-password": everyone("/account/reset-password", 200),
    "account/reset-password/code": everyone("/account/reset-password/code", 200),
    "account/reset-password/done": everyone("/account/reset-password/done", 200),
    ".well-known/change-password": everyone("/.well-known/change-password", 302),
    "dev/mail": everyone("/dev/mail", 200),
    "dev/mail/<int:mail_id>": everyone("/dev/mail/{mail}", 404),
    "account/deleted": everyone("/account/deleted", 200),
    "account/help": everyone("/account/help", 200),
    "account/undo/<str:token>": everyone("/account/undo/{undo}", 422),
    "account/confirm-address/<str:code>": everyone("/account/confirm-address/{code}", 422),
    **{f"account/{route}": everyone(f"/account/{route}", 302) for route in CENTRE_SHOWN},
    **{f"account/{route}": everyone(f"/account/{route}", 302, "post") for route in CENTRE_SENT},
    **{NAMED + route: everyone(f"/account/u/{{did}}/{route}", 302) for route in CENTRE_SHOWN},
    **{
        NAMED + route: everyone(f"/account/u/{{did}}/{route}", 302, "post") for route in CENTRE_SENT
    },
    "account/handle-available": everyone("/account/handle-available?handle=alice.test", 200),
    **{route: everyone(f"/{route}?{{request}}", 400) for route in SIGN_IN_SHOWN},
    **{route: everyone(f"/{route}?{{request}}", 400, "post") for route in SIGN_IN_SENT},
    # Cookies are nothing to programs: their tokens are in tests/unit/provider/api
    **{f"api/v1/{route}": everyone(f"/api/v1/{path}", 401) for route, path in API.items()},
    "about": everyone("/about", 200),
    **{f"status{each}": everyone(f"/status{each}", 200) for each in ("", ".json", ".rss")},
    "about.json": everyone("/about.json", 200),
    "api/v1/schema": everyone("/api/v1/schema", 200),
    "api/v1/docs": everyone("/api/v1/docs", 200),
    "gate/signup": everyone("/gate/signup", 404),  # birch asks for no captcha
    "account/language": everyone("/account/language", 302, "post"),
    "account/brand.css": everyone("/account/brand.css", 200),
    "console/": console("", 200),
    "console/login/": Row("/console/login/", 200, 302),
    "console/logout/": console("logout/", 200, "post"),
    "console/second-step/": console("second-step/", 302),
    "console/factors/": console("factors/", 200),
    "console/openid/enter/": everyone("/console/openid/enter/", 302),
    "console/openid/<int:provider_id>/": everyone("/console/openid/{provider}/", 302),
    "console/sign-in/": console("sign-in/", 200),
    "console/sign-in/new/": console("sign-in/new/", 200),
    "console/sign-in/<int:provider_id>/": console("sign-in/{provider}/", 404),
    "console/sign-in/<int:provider_id>/test/": console("sign-in/{provider}/test/", 404, "post"),
    "console/sign-in/<int:provider_id>/remove/": console("sign-in/{provider}/remove/", 404, "post"),
    "console/sign-in/people/<int:identity_id>/freeze/": console(
        "sign-in/people/{identity}/freeze/", 404, "post"
    ),
    "console/look-up/": console("look-up/?q=alice.test", 302),
    PERSON + "$": console("accounts/{did}/", 404),
    PERSON + "limits/$": console("accounts/{did}/limits/", 404),
    PERSON + "take-down/$": console("accounts/{did}/take-down/", 404, "post"),
    PERSON + "restore/$": console("accounts/{did}/restore/", 404, "post"),
    BLOB + "take-down/$": console(f"accounts/{{did}}/blobs/{LINK}/take-down/", 404, "post"),
    BLOB + "restore/$": console(f"accounts/{{did}}/blobs/{LINK}/restore/", 404, "post"),
    PERSON + "record/take-down/$": console("accounts/{did}/record/take-down/", 404, "post"),
    PERSON + "record/restore/$": console("accounts/{did}/record/restore/", 404, "post"),
    PERSON + "factors/reset/$": console("accounts/{did}/factors/reset/", 404, "post"),
    PERSON + "actions/(?P<name>[a-z0-9_]+)/$": console("accounts/{did}/actions/suspend/", 404),
    PERSON + "actions/(?P<name>[a-z0-9_]+)/undo/$": console(
        "accounts/{did}/actions/suspend/undo/", 404, "post"
    ),
    "console/policies/": console("policies/", 200),
    "console/policies/new/": console("policies/new/", 200),
    "console/policies/<int:policy_id>/": console("policies/{policy}/", 404),
    "console/policies/<int:policy_id>/retire/": console("policies/{policy}/retire/", 404, "post"),
    "console/policies/texts/<slug:name>/<slug:language>/": console("policies/texts/warn/de/", 200),
    "console/policies/networks/": console("policies/networks/", 302, "post"),
    "console/policies/networks/remove/": console("policies/networks/remove/", 302, "post"),
    "console/appeals/": console("appeals/", 200),
    PERSON + "hold/$": console("accounts/{did}/hold/", 404, "post"),
    PERSON + "evidence/$": console("accounts/{did}/evidence/", 404, "post"),
    "console/legal/": console("legal/", 200),
    HELD + "ask/": console("legal/holds/{hold}/ask/", 404, "post"),
    HELD + "release/": console("legal/holds/{hold}/release/", 404, "post"),
    HELD + "evidence/": console("legal/holds/{hold}/evidence/", 404, "post"),
    "console/legal/exports/<int:export_id>/evidence.zip": console(
        "legal/exports/{export}/evidence.zip", 404
    ),
    "console/legal/deny/": console("legal/deny/", 302, "post"),
    "console/abuse-notices/": console("abuse-notices/", 200),
    "console/abuse-notices/<int:notice_id>/acknowledge/": console(
        "abuse-notices/{notice}/acknowledge/", 404, "post"
    ),
    "console/abuse-notices/authorities/": console("abuse-notices/authorities/", 302, "post"),
    "console/abuse-notices/authorities/remove/": console(
        "abuse-notices/authorities/remove/", 302, "post"
    ),
    "console/figures/": console("figures/", 200),
    "console/figures/figures.csv": console("figures/figures.csv", 200),
    "console/appeals/<int:decision_id>/": console("appeals/{decision}/", 404),
    PERSON + "apps/revoke/$": console("accounts/{did}/apps/revoke/", 404, "post"),
    "console/apps/": console("apps/", 200),
    "console/apps/trust/": console("apps/trust/", 302, "post"),
    "console/apps/block/": console("apps/block/", 302, "post"),
    "console/apps/reset/": console("apps/reset/", 302, "post"),
    "console/sign-ups/": console("sign-ups/", 200),
    "console/sign-ups/admission/": console("sign-ups/admission/", 400, "post"),
    "console/sign-ups/discard/": console("sign-ups/discard/", 302, "post"),
    "console/sign-ups/reopen/": console("sign-ups/reopen/", 302, "post"),
    "console/sign-ups/<int:held_id>/approve/": console("sign-ups/1/approve/", 404, "post"),
    "console/sign-ups/<int:held_id>/refuse/": console("sign-ups/1/refuse/", 404, "post"),
    # Alice is the labeler of her tenant, and labelled; birch has none.
    "console/labels/": console("labels/", 200),
    "console/labels/open/": console("labels/open/", 400, "post"),
    "console/labels/take/": console("labels/take/", 400, "post"),
    **{
        f"console/labels/{step}/": console(f"labels/{step}/", 404, "post") for step in LABELER_STEPS
    },
    "console/labels/values/<slug:identifier>/": console("labels/values/rude/", 404),
    "console/labels/values/<slug:identifier>/remove/": console(
        "labels/values/rude/remove/", 404, "post"
    ),
    PERSON + "labels/put/$": console("accounts/{did}/labels/put/", 404, "post"),
    PERSON + "labels/negate/$": console("accounts/{did}/labels/negate/", 404, "post"),
    LABELS: console("moderation/label/?q=did:", 200),
    "console/moves/": console("moves/", 200),
    "console/moves/<int:account_id>/resume/": console("moves/{id}/resume/", 404, "post"),
    "console/reports/<int:report_id>/": console("reports/{report}/", 404),
    "console/reports/<int:report_id>/discard/": console("reports/{report}/discard/", 404, "post"),
    "console/reports/<int:report_id>/files/<slug:link>/": console(
        f"reports/{{report}}/files/{LINK}/", 404
    ),
    "console/desk/": console("desk/?about={did}", 200),
    "console/desk/next/": console("desk/next/", 302, "post"),
    "console/desk/open/": console("desk/open/", 302, "post"),
    "console/desk/export/": console("desk/export/", 200, "post"),
    "console/desk/filters/": console("desk/filters/", 302, "post"),
    "console/desk/filters/<int:filter_id>/drop/": console(
        "desk/filters/{filter}/drop/", 404, "post"
    ),
    "console/desk/deadlines/": console("desk/deadlines/", 200),
    "console/desk/limits/": console("desk/limits/", 200),
    "console/desk/bulk/preview/": console("desk/bulk/preview/", 302, "post"),
    "console/desk/bulk/start/": console("desk/bulk/start/", 302, "post"),
    "console/desk/bulk/<int:bulk_id>/": console("desk/bulk/{bulk}/", 404),
    "console/desk/bulk/<int:bulk_id>/stop/": console("desk/bulk/{bulk}/stop/", 404, "post"),
    CASE: console("desk/cases/{case}/", 404),
    f"{CASE}act/<slug:action>/": console("desk/cases/{case}/act/dismiss/", 404, "post"),
    **{f"{CASE}{move}/": console(f"desk/cases/{{case}}/{move}/", 404, "post") for move in MOVES},
    f"{CASE}reports/<int:report_id>/close/": console(
        "desk/cases/{case}/reports/{report}/close/", 404, "post"
    ),
    f"{CASE}viewers/": console("desk/cases/{case}/viewers/", 404),
    f"{CASE}record/": console("desk/cases/{case}/record/", 404),
    f"{CASE}images/<slug:link>/": console(f"desk/cases/{{case}}/images/{LINK}/", 404),
    f"{CASE}thread/": console("desk/cases/{case}/thread/", 404),
    "console/invites/": console("invites/", 200),
    "console/accounts/invitecode/": console("accounts/invitecode/?q=alice", 200),
    "console/search/": console("search/?s=alice", 404),
    "console/password_change/": console("password_change/", 200),
    "console/password_change/done/": console("password_change/done/", 200),
    "console/jsi18n/": console("jsi18n/", 200),
    "console/^(?P<app_label>accounts|moderation|mail)/$": console("accounts/", 200),
    "console/(?P<url>.*)$": console("nothing-here", 404),
    "console/settings/": console("settings/", 200),
    "console/settings/tenant/": console("settings/tenant/", 422, "post"),
    "console/settings/host/": console("settings/host/", 422, "post"),
    "console/sessions/": console("sessions/", 200),
    "console/access/": console("access/", 403),  # for platform staff
    "console/access/end/": console("access/end/", 403, "post"),
    "console/join/<slug:token>/": everyone("/console/join/nonsense/", 404),
    "console/staff/": console("staff/", 200),
    "console/staff/invite/": console("staff/invite/", 302, "post"),
    "console/staff/invites/<int:invite_id>/withdraw/": console(
        "staff/invites/{invite}/withdraw/", 404, "post"
    ),
    MEMBER: console("staff/{member}/", 404),
    MEMBER + "role/": console("staff/{member}/role/", 404, "post"),
    MEMBER + "remove/": console("staff/{member}/remove/", 404, "post"),
    MEMBER + "factors/reset/": console("staff/{member}/factors/reset/", 404, "post"),
    MEMBER + "sessions/end/": console("staff/{member}/sessions/end/", 404, "post"),
    "console/audit/export/": console("audit/export/", 200, "post"),
    ACCOUNT: console("accounts/account/?q=alice", 200),
    REPORTS: console("moderation/report/?q=alice", 200),
    MAIL: console("mail/outgoingmail/?q=alice", 200),
    AUDIT: console("moderation/auditentry/?q=alice", 200),
    # Plans, imports, all long work and the platform's webhooks are platform staff's alone
    "console/plans/": console("plans/", 403),
    "console/plans/new/": console("plans/new/", 403),
    "console/plans/<slug:slug>/": console("plans/club/", 403),
    "console/plans/<slug:slug>/retire/": console("plans/club/retire/", 403, "post"),
    "console/plans/<slug:slug>/remove/": console("plans/club/remove/", 403, "post"),
    "console/imports/": console("imports/", 403),
    "console/imports/upload": console("imports/upload", 403, "post"),
    "console/exports/": console("exports/", 200),
    "console/exports/<int:job_id>/file/": console("exports/{job}/file/", 404),
    "console/jobs/": console("jobs/", 200),
    "console/jobs/<int:job_id>/": console("jobs/{job}/", 404),
    "console/jobs/<int:job_id>/stop/": console("jobs/{job}/stop/", 404, "post"),
    "console/platform/jobs/": console("platform/jobs/", 403),
    "console/platform/jobs/<int:job_id>/": console("platform/jobs/{job}/", 403),
    "console/platform/jobs/<int:job_id>/stop/": console("platform/jobs/{job}/stop/", 403, "post"),
    "console/webhooks/": console("webhooks/", 200),
    "console/platform/webhooks/": console("platform/webhooks/", 403),
    **{
        f"console/{at}<int:webhook_id>/{more}": console(
            f"{at}{{webhook}}/{more.replace('<int:delivery_id>', '{delivery}')}",
            status,
            "get" if more in ("", "<int:delivery_id>/") else "post",
        )
        for at, status in (("webhooks/", 404), ("platform/webhooks/", 403))
        for more in WEBHOOK
    },
    # All tenants are platform staff's alone
    "console/tenants/": console("tenants/", 403),
    "console/tenants/new/": console("tenants/new/", 403, "post"),
    # The relay is the platform's.
    "console/relay/": console("relay/", 403),
    "console/relay/bans/": console("relay/bans/", 403, "post"),
    "console/relay/bans/lift/": console("relay/bans/lift/", 403, "post"),
    "console/relay/hosts/<int:host_id>/": console("relay/hosts/1/", 403),
    "console/relay/hosts/<int:host_id>/limit/": console("relay/hosts/1/limit/", 403, "post"),
    "console/relay/hosts/<int:host_id>/crawl/": console("relay/hosts/1/crawl/", 403, "post"),
    f"{DRAFT}step/<slug:name>/": console("tenants/drafts/{draft}/step/tenant/", 403),
    f"{DRAFT}checks/": console("tenants/drafts/{draft}/checks/", 403),
    **{
        f"{DRAFT}{verb}/": console(f"tenants/drafts/{{draft}}/{verb}/", 403, "post")
        for verb in ("look", "open", "remove")
    },
    TENANT: console("tenant/ash/", 403),
    f"{TENANT}check/": console("tenant/ash/check/", 403, "post"),
    f"{TENANT}hosts/<int:host_id>/domains/": console(
        "tenant/ash/hosts/{host}/domains/", 403, "post"
    ),
    f"{TENANT}domains/remove/": console("tenant/ash/domains/remove/", 403, "post"),
    f"{TENANT}plan/": console("tenant/ash/plan/", 403, "post"),
    f"{TENANT}suspend/": console("tenant/ash/suspend/", 403, "post"),
    f"{TENANT}resume/": console("tenant/ash/resume/", 403, "post"),
    f"{TENANT}delete/": console("tenant/ash/delete/", 403),
    f"{TENANT}staff/": console("tenant/ash/staff/", 403, "post"),
    "console/hosts/<int:host_id>/settings/": console("hosts/{host}/settings/", 403),
    "console/hosts/<int:host_id>/settings/<slug:name>/": console(
        "hosts/{host}/settings/admission/", 403
    ),
    "console/hosts/<int:host_id>/name/": console("hosts/{host}/name/", 403),
    "console/hosts/<int:host_id>/name/drop/": console("hosts/{host}/name/drop/", 403, "post"),
    "console/host-settings/": console("host-settings/", 200),
    "console/overview/": console("overview/", 200),
    "console/overview/relays/": console("overview/relays/", 302, "post"),
    "console/overview/accounts/": console("overview/accounts/", 302, "post"),
    "console/people/invite/": console("people/invite/", 200),
    "console/people/invite/link/": console("people/invite/link/", 422, "post"),
    "console/people/invite/mail/": console("people/invite/mail/", 302, "post"),
    "console/people/invite/preview/": console("people/invite/preview/", 422, "post"),
    "console/people/invite/send/": console("people/invite/send/", 302, "post"),
    "console/people/invite/<int:job_id>/": console("people/invite/{job}/", 404),
    "console/people/export/": console("people/export/", 200, "post"),
    "console/host-settings/<slug:name>/": console("host-settings/admission/", 200),
}


def routes(patterns: list, prefix: str = "") -> Iterator[str]:
    """Every route of a host's own name, as its pattern."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


@pytest.fixture
def stranger(alice, ash) -> Client:
    """A browser that is signed in at ash, in every way."""
    browser = Client(HTTP_HOST="birch.localhost")
    browser.force_login(staff_member(ash, "owner"))
    account = Account.objects.get(did=alice.did)
    browser.cookies[COOKIE] = web_sessions.begin(account)
    seen = devices.create(ash, "here")
    devices.sign_in(seen.device, account, is_remembered=True)
    browser.cookies[NAME_COOKIE], browser.cookies[PROOF_COOKIE] = astuple(seen.cookies)
    return browser


@pytest.fixture
def staff(alice, birch) -> Client:
    """Birch's own staff, at work."""
    browser = Client(HTTP_HOST="birch.localhost")
    browser.force_login(staff_member(birch, "owner"))
    return browser


def undo_token(account: Account) -> str:
    """Of a link that takes a change back at her own host."""
    SecurityChange.objects.filter(account=account).delete()
    now = timezone.now()
    SecurityChange.objects.create(
        account=account,
        kind="password_changed",
        at=now,
        undo_sha256=sha256(b"a link").hexdigest(),
        undo_until=now + timedelta(hours=1),
    )
    return "a link"


def decided(account: Account) -> dict[str, int]:
    """A policy of her tenant, and a decision by it that she was told of and has appealed."""
    policy = Policy.objects.create(
        tenant=account.host.tenant,
        name=f"rule {secrets.token_hex(4)}",
        public_text=RULE,
        severity="low",
        default_action="warn",
    )
    asked = ActionInput("rude words", policy=policy, words=RULE, is_told=True)
    decision = actions.perform("warn", audit.ADMIN, account, asked)
    appeals.appeal(account, decision, RULE)
    return {"policy": policy.pk, "decision": decision.pk}


def openid_of(account: Account) -> OpenIdIdentity:
    """Her identity at her tenant's provider."""
    OpenIdProvider.objects.filter(tenant=account.host.tenant).delete()
    provider = openid_provider.of_tenant(account.host.tenant)
    identities.connect(account, provider, Person("u1"))
    return OpenIdIdentity.objects.get(account=account)


def held(account: Account) -> dict[str, int]:
    """A legal hold on her account, the export that came with it, and an abuse notice about her."""
    hold = LegalHold.objects.open().filter(repo_id=account.pk).first()
    hold = hold or holds.place(audit.ADMIN, account, RULE)
    notice = AbuseNotice.objects.create(
        host=account.host,
        authority="did:web:notices.example.org",
        notice_id=secrets.randbits(40),
        kind="spam",
        comment=RULE,
        subjects=[{"accountDid": account.did}],
    )
    return {"hold": hold.pk, "export": hold.exports.all()[0].pk, "notice": notice.pk}


def desk_rows(report: Report) -> dict[str, int]:
    """What staff of her tenant made of the report about her."""
    staff = StaffUser.objects.create(username=f"desk-{report.pk}")
    tenant, given = report.host.tenant, {"reason": "rude"}
    bulk = BulkAction.objects.create(tenant=tenant, staff=staff, action="dismiss", given=given)
    kept = CaseFilter.objects.create(tenant=tenant, staff=staff, name="hers", query="kind=spam")
    return {"case": report.case_id, "bulk": bulk.pk, "filter": kept.pk}


def staffed(account: Account) -> dict[str, int]:
    """A member of ash's staff, and somebody who is invited to it."""
    invite = StaffInvite.objects.create(
        host=account.host,
        tenant=account.host.tenant,
        email="new@example.com",
        token_sha256="x",
        expires_at=timezone.now() + timedelta(days=1),
    )
    member = staff_member(account.host, "support").memberships.get()
    return {"invite": invite.pk, "member": member.pk}


def drafted(account: Account) -> TenantDraft:
    """A tenant that platform staff are setting up."""
    by, _is_new = StaffUser.objects.get_or_create(username="at-the-wizard")
    return TenantDraft.objects.create(staff=by, given={"name": RULE, "owner_email": account.email})


def job_of(account: Account) -> Job:
    """Her tenant writes to many people, her among them."""
    given = {"host": account.host_id, "addresses": [account.email]}
    return Job.objects.create(
        kind="people.invite", tenant=account.host.tenant, actor="admin", given=given
    )


def webhook_of(account: Account) -> dict[str, int]:
    """Her tenant is told what she does."""
    webhook = Webhook.objects.create(
        tenant=account.host.tenant, url="https://x", events=[], secret=b""
    )
    told = webhook.deliveries.create(message_id="x", event="x", body=account.did)
    return {"webhook": webhook.pk, "delivery": told.pk}


def ask(browser: Client, row: Row, alice) -> int:
    """The status of the answer, which tells nothing of Alice that was not asked."""
    account = Account.objects.get(did=alice.did)
    email = email_codes.mail(account, email_codes.Purpose.CONFIRM_EMAIL)
    about = {"$type": reports.REPO_REF, "did": account.did}
    report = reports.file(account, about, "com.example.rude", "rude words")
    changes.put(labeler(account), account.did, "rude", actor="admin", reason="rude words")
    ids = {"id": account.pk, "mail": email.pk, "report": report.pk, "undo": undo_token(account)}
    ids |= decided(account) | held(account) | staffed(account)
    ids |= desk_rows(report)
    ids |= {"host": account.host_id, "draft": drafted(account).pk, "job": job_of(account).pk}
    ids |= webhook_of(account)
    ids["delegation"] = delegation(account, account).pk
    ids["code"] = email_codes.issue(account, email_codes.Purpose.CONFIRM_EMAIL)
    identity = openid_of(account)
    ids |= {"identity": identity.pk, "provider": identity.provider_id}
    path = row.path.format(did=account.did, request=query_of(account.host), **ids)
    response = getattr(browser, row.verb)(path)
    text = response.getvalue().decode(errors="replace")
    assert account.email not in text
    assert report.reason not in text
    assert RULE not in text
    assert account.did not in text or account.did in path
    return response.status_code


def test_every_page_has_a_row():
    assert ROWS.keys() == set(routes(get_resolver("hosting.urls").url_patterns))


@pytest.mark.parametrize("route", ROWS)
def test_a_browser_of_another_tenant_is_a_stranger(route, stranger, alice, birch):
    assert ask(stranger, ROWS[route], alice) == ROWS[route].stranger


@pytest.mark.parametrize("route", ROWS)
def test_another_tenants_staff_cannot_see_her(route, staff, alice):
    assert ask(staff, ROWS[route], alice) == ROWS[route].staff
