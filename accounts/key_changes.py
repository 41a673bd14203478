"""The account takes the signing key that its DID now names, in the transaction that learns of it.

Only a key that was made here for this very account can be taken: anybody may write any public key
into a DID of theirs. The room above then signs the repo anew.
"""

from accounts import keys, reserved_keys
from accounts.models import Account, PlcOperation
from accounts.signals import signing_key_changed
from protocol.did.plc_data import SIGNING_METHOD


def adopt(operation: PlcOperation) -> None:
    """Take over the signing key of a published update, when it is another and the account's own."""
    did_key = operation.operation["verificationMethods"].get(SIGNING_METHOD, "")
    account = Account.objects.select_for_update().filter(plc_operations=operation).first()
    if account is None or account.signing_did_key == did_key:
        return
    if keys.is_owned_by(account, did_key):
        reserved_keys.claim(account.host, account.did, did_key)
        account.signing_did_key = did_key
        account.save(update_fields=["signing_did_key"])
        signing_key_changed.send(sender=Account, account=account)
