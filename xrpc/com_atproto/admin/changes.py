"""com.atproto.admin.*: what is changed about an account over its owner's head.

Source: the lexicons of that namespace. All but sendEmail are for the admin's password alone.
"""

from moderation.enforcement.subject_status import SubjectNotFound
from moderation.staff import account_changes
from moderation.staff.account_changes import DEFAULT_SUBJECT
from protocol.errors import InvalidRequest
from xrpc.auth.declared import Auth
from xrpc.auth.subjects import actor, subject_of_staff
from xrpc.registry import procedure
from xrpc.request.call import Answer, Call


@procedure("com.atproto.admin.sendEmail", auth=Auth.moderator(), pool="moderation")
def send_email(call: Call) -> Answer:
    """The outbox has taken it: whether it arrived is told there."""
    asked = call.input
    try:
        account = subject_of_staff(call, asked["recipientDid"])
    except SubjectNotFound:
        raise InvalidRequest("Recipient not found") from None
    subject = asked.get("subject") or DEFAULT_SUBJECT
    reason = asked.get("comment") or f"com.atproto.admin.sendEmail for {asked['senderDid']}"
    account_changes.write_to(actor(call), account, subject, asked["content"], reason)
    return {"sent": True}


@procedure("com.atproto.admin.deleteAccount", auth=Auth.admin(), pool="moderation")
def delete_account(call: Call) -> Answer:
    account = subject_of_staff(call, call.input["did"])
    account_changes.delete(actor(call), account, "com.atproto.admin.deleteAccount")
    return None


@procedure("com.atproto.admin.updateAccountHandle", auth=Auth.admin(), pool="moderation")
def update_account_handle(call: Call) -> Answer:
    account = subject_of_staff(call, call.input["did"])
    reason = "com.atproto.admin.updateAccountHandle"
    account_changes.change_handle(actor(call), account, call.input["handle"], reason)
    return None


@procedure("com.atproto.admin.updateAccountEmail", auth=Auth.admin(), pool="moderation")
def update_account_email(call: Call) -> Answer:
    account = subject_of_staff(call, call.input["account"])
    reason = "com.atproto.admin.updateAccountEmail"
    account_changes.change_email(actor(call), account, call.input["email"], reason)
    return None


@procedure("com.atproto.admin.updateAccountPassword", auth=Auth.admin(), pool="moderation")
def update_account_password(call: Call) -> Answer:
    account = subject_of_staff(call, call.input["did"])
    reason = "com.atproto.admin.updateAccountPassword"
    account_changes.change_password(actor(call), account, call.input["password"], reason)
    return None


@procedure("com.atproto.admin.updateAccountSigningKey", auth=Auth.admin(), pool="moderation")
def update_account_signing_key(call: Call) -> Answer:
    """The key is one that this host made for the account: com.atproto.server.reserveSigningKey."""
    account = subject_of_staff(call, call.input["did"])
    reason = f"com.atproto.admin.updateAccountSigningKey: {call.input['signingKey']}"
    account_changes.change_key(actor(call), account, call.input["signingKey"], reason)
    return None
