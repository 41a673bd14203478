"""com.atproto.identity.*: an owner's own PLC operations.

Source: the lexicons of that namespace. Those whom the host took down may have operations signed,
too: everybody must be able to leave.
"""

from typing import Any

from accounts.identity.plc import owner_operations
from protocol.did import plc
from xrpc import rate_limits
from xrpc.auth import app_scopes
from xrpc.auth.declared import LEAVING, Auth
from xrpc.auth.subjects import own_account, own_account_as_it_is
from xrpc.registry import procedure, query
from xrpc.request.call import Answer, Call

_SIGNED = ("rotationKeys", "alsoKnownAs", "verificationMethods", "services")


@query(
    "com.atproto.identity.getRecommendedDidCredentials", auth=Auth.account(), scope=app_scopes.ANY
)
def get_recommended_did_credentials(call: Call) -> Answer:
    data = plc.update(owner_operations.recommended(own_account(call)), prev=None)
    answer: dict[str, Any] = {name: data[name] for name in _SIGNED if data[name]}
    return answer


@procedure(
    "com.atproto.identity.requestPlcOperationSignature",
    auth=Auth.account(LEAVING),
    scope=app_scopes.CHANGE_IDENTITY,
    limits=(rate_limits.REQUEST_PLC_SIGNATURE,),
)
def request_plc_operation_signature(call: Call) -> Answer:
    owner_operations.request_signature(own_account_as_it_is(call))
    return None


@procedure(
    "com.atproto.identity.signPlcOperation",
    auth=Auth.account(LEAVING),
    scope=app_scopes.CHANGE_IDENTITY,
    pool="remote",
    limits=(rate_limits.SIGN_PLC_OPERATION,),
)
def sign_plc_operation(call: Call) -> Answer:
    account = own_account_as_it_is(call)
    wanted = {name: call.input[name] for name in _SIGNED if name in call.input}
    return {"operation": owner_operations.sign(account, call.input.get("token", ""), wanted)}


@procedure(
    "com.atproto.identity.submitPlcOperation",
    auth=Auth.account(),
    scope=app_scopes.CHANGE_IDENTITY,
    pool="remote",
    limits=(rate_limits.SUBMIT_PLC_OPERATION,),
)
def submit_plc_operation(call: Call) -> Answer:
    owner_operations.submit(own_account(call), call.input["operation"])
    return None
