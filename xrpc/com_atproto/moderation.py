"""com.atproto.moderation.*: reports, to a moderation service or the host's staff; abuse notices.

Source: the lexicons of these methods; for notices proposal 0012. A service that the caller names
gets the report, else the operator's; where there is none, the host keeps it for its staff. Reports
to the labeler of the host's tenant stay here, too: those of people here, and those that other hosts
hand on for theirs, who show a service token.
"""

from typing import Any

import orjson

from accounts.identity import resolution
from accounts.models import Account
from accounts.service_auth import replay_guard, tokens
from accounts.service_auth.tokens import BadJwtAudience
from hosting import limits
from moderation.desk.reports import reports
from moderation.desk.reports.reports import Reporter
from moderation.enforcement.legal import abuse_notices
from moderation.labels import labelers, report_scope
from moderation.models import Labeler, Report
from repos.events.append import time_text
from xrpc import rate_limits
from xrpc.auth import service_callers
from xrpc.auth.declared import LEAVING, STANDARD, Auth
from xrpc.auth.subjects import own_account_as_it_is
from xrpc.proxy.destinations import LABELER_ID, Service
from xrpc.proxy.forwardable_methods import chosen_service, handed_on, relayed
from xrpc.proxy.methods import CREATE_REPORT
from xrpc.proxy.plans import Composed, PoolWork
from xrpc.proxy.rpc_scopes import calling
from xrpc.registry import procedure
from xrpc.request.call import Answer, Call
from xrpc.response.errors import AuthMissing


@procedure(
    CREATE_REPORT,
    auth=Auth.account_or_bearer(STANDARD | LEAVING),
    scope=calling(CREATE_REPORT),
    limits=(rate_limits.CREATE_REPORT, rate_limits.REPORT_FROM_ELSEWHERE),
)
def create_report(call: Call) -> Answer:
    if call.bearer:
        return relayed(PoolWork("lookup", lambda: _from_elsewhere(call)))
    service = chosen_service(call, CREATE_REPORT)
    labeler = _own_labeler(call, service)
    if service is not None and labeler is None:
        return handed_on(call, CREATE_REPORT, service)
    return _kept(call, Reporter.of(own_account_as_it_is(call)), labeler)


def _from_elsewhere(call: Call) -> Composed:
    """Somebody with an account anywhere reports to the tenant's labeler."""
    labeler = labelers.of_tenant(call.host.tenant_id)
    if labeler is None or not labeler.is_declared:
        raise BadJwtAudience("jwt audience does not match service did")
    names = {labeler.did, f"{labeler.did}#{LABELER_ID}"}
    claims = tokens.verify(call.bearer, names, CREATE_REPORT, document_of=resolution.resolve_did)
    limits.spend(rate_limits.CREATE_REPORT.bucket, call.host, claims.did)
    down = Account.objects.filter(did=claims.did, host__tenant_id=labeler.tenant_id)
    is_taken_down = down.filter(taken_down_at__isnull=False).exists()
    with replay_guard.use_once(call.host, claims):
        shown = _kept(call, Reporter(labeler.host, claims.did, is_taken_down), labeler)
    return Composed(orjson.dumps(shown))


def _own_labeler(call: Call, service: Service | None) -> Labeler | None:
    """The labeler of the host's tenant, where the report goes to it."""
    if service is None or service.id != LABELER_ID:
        return None
    return labelers.named(call.host, service.did)


def _kept(call: Call, reporter: Reporter, labeler: Labeler | None) -> dict[str, Any]:
    asked = call.input
    subject, reason_type = asked["subject"], asked["reasonType"]
    if labeler is not None:
        report_scope.check(labeler, reason_type, subject)
    reason, tool = asked.get("reason", ""), asked.get("modTool")
    report = reports.receive(reporter, subject, reason_type, reason, tool)
    return _shown(report, subject)


@procedure(
    "com.atproto.moderation.sendAbuseNotice",
    auth=Auth.user_service(),
    pool="lookup",
    limits=(rate_limits.PROVE_AUTHORITY,),
)
def send_abuse_notice(call: Call) -> Answer:
    """Whose notices the host takes is looked at before anybody is asked for a key."""
    if call.service is None:
        raise AuthMissing
    abuse_notices.check_authority(call.host, call.service.did)
    service_callers.prove(call)
    with service_callers.spending(call):
        notice = abuse_notices.receive(call.host, call.service.did, call.input)
    return {"receivedAt": time_text(notice.created_at)}


def _shown(report: Report, subject: dict[str, Any]) -> dict[str, Any]:
    shown = {
        "id": report.pk,
        "reasonType": report.reason_type,
        "subject": subject,
        "reportedBy": report.reported_by,
        "createdAt": time_text(report.created_at),
    }
    return {**shown, "reason": report.reason} if report.reason else shown
