"""app.bsky.actor.getPreferences and putPreferences: kept here, for every app of the account.

Source: the lexicons of those methods. A caller who names another app view than the operator's
means the preferences that are kept there.
"""

from collections.abc import Sequence
from urllib.parse import parse_qs

import orjson

from accounts.lifecycle import preferences
from accounts.models import Account
from protocol.errors import InvalidRequest
from server.database.prepared import Question, Row
from xrpc import rate_limits
from xrpc.auth import staff
from xrpc.auth.declared import FULL, LEAVING, STANDARD, Auth
from xrpc.auth.subjects import own_account, own_account_as_it_is
from xrpc.proxy import destinations
from xrpc.proxy.destinations import Service
from xrpc.proxy.forwardable_methods import chosen_service, handed_on, relayed
from xrpc.proxy.plans import Composed, PoolWork
from xrpc.proxy.rpc_scopes import calling
from xrpc.registry import procedure, query
from xrpc.request.call import Answer, Call
from xrpc.request.small_read import SmallCall, SmallRead

GET = "app.bsky.actor.getPreferences"
PUT = "app.bsky.actor.putPreferences"


def _ask(call: SmallCall) -> Question | None:
    if call.caller is None or _other(destinations.chosen(call.host, call.proxy or None, GET)):
        return None
    return preferences.ask(call.host, call.caller.did, call.caller.session)


def _own(call: SmallCall, rows: Sequence[Row]) -> bytes | None:
    is_main = call.caller is not None and call.caller.scope in FULL
    text = preferences.text_for(rows, is_main=is_main)
    return None if text is None else b'{"preferences":%b}' % text


@query(
    GET,
    auth=Auth.account_or_bearer(STANDARD | LEAVING),
    scope=calling(GET),
    small=SmallRead(_ask, _own),
)
def get_preferences(call: Call) -> Answer:
    if call.bearer:
        return relayed(PoolWork("moderation", lambda: _for_moderator(call)))
    if elsewhere := _elsewhere(call, GET):
        return handed_on(call, GET, elsewhere)
    account = own_account_as_it_is(call)
    read = preferences.of_account if _has_main_password(call) else preferences.open_to_apps
    return {"preferences": read(account)}


@procedure(PUT, auth=Auth.account(), scope=calling(PUT), limits=(rate_limits.PUT_PREFERENCES,))
def put_preferences(call: Call) -> Answer:
    if elsewhere := _elsewhere(call, PUT):
        return handed_on(call, PUT, elsewhere)
    account = own_account(call)
    write = preferences.replace if _has_main_password(call) else preferences.replace_for_app
    write(account, call.input["preferences"])
    return None


def _for_moderator(call: Call) -> Composed:
    """The host's moderation service reads anybody's preferences, by `?did=` (in no lexicon)."""
    staff.read_moderator(call.host, call.bearer, GET)
    if _elsewhere(call, GET):
        raise InvalidRequest("Moderator requests cannot be proxied to other app views")
    dids = parse_qs(call.meta.get("QUERY_STRING", "")).get("did", [""])
    account = Account.objects.of(call.host).open().filter(did=dids[0]).first()
    if account is None:
        raise InvalidRequest("Invalid or missing did parameter")
    return Composed(orjson.dumps({"preferences": preferences.of_account(account)}))


def _elsewhere(call: Call, nsid: str) -> Service | None:
    """The app view that the caller names, unless it is the one that leaves preferences to us."""
    return _other(chosen_service(call, nsid))


def _other(service: Service | None) -> Service | None:
    return None if service is None or service.is_default_appview else service


def _has_main_password(call: Call) -> bool:
    return call.caller is not None and call.caller.scope in FULL
