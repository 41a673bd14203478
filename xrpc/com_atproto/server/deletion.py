"""com.atproto.server.*: an owner deletes the account. Source: the lexicons of that namespace.

The deletion itself takes no session: DID, password and the mailed code say enough, and it must
work for accounts that are taken down or deactivated.
"""

from accounts.authentication import email_address, email_codes
from accounts.authentication.email_codes import Purpose
from accounts.lifecycle import deletion
from xrpc import rate_limits
from xrpc.auth import app_scopes
from xrpc.auth.declared import FULL, Auth
from xrpc.auth.subjects import own_account
from xrpc.registry import procedure
from xrpc.request.call import Answer, Call


@procedure(
    "com.atproto.server.requestAccountDelete",
    auth=Auth.account(FULL),
    scope=app_scopes.NONE,
    pool="remote",
    limits=(rate_limits.REQUEST_ACCOUNT_DELETE,),
)
def request_account_delete(call: Call) -> Answer:
    account = own_account(call)
    email_address.check_trusted(account)
    email_codes.mail(account, Purpose.DELETE_ACCOUNT)
    return None


@procedure(
    "com.atproto.server.deleteAccount",
    auth=Auth.none(),
    pool="slow",
    limits=(rate_limits.DELETE_ACCOUNT, rate_limits.PASSWORD_OF_DID),
)
def delete_account(call: Call) -> Answer:
    asked = call.input
    deletion.delete_own(call.host, asked["did"], asked["password"], asked["token"])
    return None
