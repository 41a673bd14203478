"""com.atproto.moderation.*: reports, to a moderation service or the host's staff; abuse notices.

Source: the lexicons of these methods; for notices proposal 0012. A service that the caller names
gets the report, else the operator's; where there is none, the host keeps it for its staff.
"""

from typing import Any

from moderation.desk.reports import reports
from moderation.enforcement.legal import abuse_notices
from moderation.models import Report
from repos.events.append import time_text
from xrpc import rate_limits
from xrpc.auth import service_callers
from xrpc.auth.declared import LEAVING, STANDARD, Auth
from xrpc.auth.subjects import own_account_as_it_is
from xrpc.proxy.forwardable_methods import chosen_service, handed_on
from xrpc.proxy.methods import CREATE_REPORT
from xrpc.proxy.rpc_scopes import calling
from xrpc.registry import procedure
from xrpc.request.call import Answer, Call
from xrpc.response.errors import AuthMissing


@procedure(
    CREATE_REPORT,
    auth=Auth.account(STANDARD | LEAVING),
    scope=calling(CREATE_REPORT),
    limits=(rate_limits.CREATE_REPORT,),
)
def create_report(call: Call) -> Answer:
    if service := chosen_service(call, CREATE_REPORT):
        return handed_on(call, CREATE_REPORT, service)
    asked = call.input
    report = reports.file(
        own_account_as_it_is(call),
        asked["subject"],
        asked["reasonType"],
        asked.get("reason", ""),
        asked.get("modTool"),
    )
    return _shown(report, asked["subject"])


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
