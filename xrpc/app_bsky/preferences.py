"""app.bsky.actor.getPreferences and putPreferences: kept here, for every app of the account.

Source: the lexicons of those methods. A caller who names another app view than the operator's
means the preferences that are kept there.
"""

from accounts import preferences
from xrpc.auth import FULL, LEAVING, STANDARD, Auth
from xrpc.call import Answer, Call
from xrpc.proxy.destinations import Service
from xrpc.proxy.local import chosen_service, handed_on
from xrpc.registry import procedure, query
from xrpc.subjects import own_account, own_account_as_it_is

GET = "app.bsky.actor.getPreferences"
PUT = "app.bsky.actor.putPreferences"


@query(GET, auth=Auth.account(STANDARD | LEAVING))
def get_preferences(call: Call) -> Answer:
    if elsewhere := _elsewhere(call, GET):
        return handed_on(call, GET, elsewhere)
    account = own_account_as_it_is(call)
    read = preferences.of_account if _has_main_password(call) else preferences.open_to_apps
    return {"preferences": read(account)}


@procedure(PUT, auth=Auth.account())
def put_preferences(call: Call) -> Answer:
    if elsewhere := _elsewhere(call, PUT):
        return handed_on(call, PUT, elsewhere)
    account = own_account(call)
    write = preferences.replace if _has_main_password(call) else preferences.replace_for_app
    write(account, call.input["preferences"])
    return None


def _elsewhere(call: Call, nsid: str) -> Service | None:
    """The app view that the caller names, unless it is the one that leaves preferences to us."""
    service = chosen_service(call, nsid)
    return None if service is None or service.is_default_appview else service


def _has_main_password(call: Call) -> bool:
    return call.caller is not None and call.caller.scope in FULL
