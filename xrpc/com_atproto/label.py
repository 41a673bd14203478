"""com.atproto.label.*: what the tenant's labeler says. Source: the lexicons of that namespace.

Every host of a tenant answers for its one labeler, to anybody. Where there is none nothing was
said, and a reader may wait for it. A question that names another service goes there
(xrpc.proxy.unknown_methods).
"""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from hosting.models import Host
from moderation.labels import events, queries
from xrpc import rate_limits
from xrpc.auth.declared import Auth
from xrpc.proxy.methods import QUERY_LABELS
from xrpc.registry import query, subscription
from xrpc.request.call import Answer, Call


@query(QUERY_LABELS, auth=Auth.none(), limits=(rate_limits.QUERY_LABELS,))
def query_labels(call: Call) -> Answer:
    asked = call.params
    page = queries.query(
        call.host.tenant_id,
        asked["uriPatterns"],
        asked.get("sources"),
        asked["limit"],
        asked.get("cursor"),
    )
    answer: dict[str, Any] = {"labels": page.labels}
    return answer if page.cursor is None else {**answer, "cursor": page.cursor}


@subscription("com.atproto.label.subscribeLabels")
async def subscribe_labels(
    host: Host, params: Mapping[str, Any]
) -> AsyncGenerator[list[bytes], None]:
    return await events.follow(host.tenant_id, params.get("cursor"))
