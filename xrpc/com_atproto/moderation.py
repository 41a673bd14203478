"""com.atproto.moderation.createReport: to a moderation service, or to the host's own staff.

Source: the lexicon of that method. A service that the caller names gets the report, else the
operator's; where there is none, the host keeps it for its staff.
"""

from typing import Any

from moderation.desk.reports import reports
from moderation.models import Report
from repos.events.append import time_text
from xrpc import rate_limits
from xrpc.auth.declared import LEAVING, STANDARD, Auth
from xrpc.auth.subjects import own_account_as_it_is
from xrpc.proxy.forwardable_methods import chosen_service, handed_on
from xrpc.proxy.methods import CREATE_REPORT
from xrpc.proxy.rpc_scopes import calling
from xrpc.registry import procedure
from xrpc.request.call import Answer, Call


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


def _shown(report: Report, subject: dict[str, Any]) -> dict[str, Any]:
    shown = {
        "id": report.pk,
        "reasonType": report.reason_type,
        "subject": subject,
        "reportedBy": report.reported_by,
        "createdAt": time_text(report.created_at),
    }
    return {**shown, "reason": report.reason} if report.reason else shown
