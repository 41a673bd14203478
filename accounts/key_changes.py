"""The account takes the signing key that its DID now names, in the transaction that learns of it.

Only keys of our own making can be taken. The room above then signs the repo anew.
"""

from accounts.models import Account, PlcOperation, SigningKey
from accounts.signals import signing_key_changed
from protocol.plc_data import SIGNING_METHOD


def adopt(operation: PlcOperation) -> None:
    """Take over the signing key of a published update, when it is another and ours."""
    did_key = operation.operation["verificationMethods"].get(SIGNING_METHOD, "")
    account = Account.objects.select_for_update().filter(plc_operations=operation).first()
    if account is None or account.signing_did_key == did_key:
        return
    if SigningKey.objects.filter(pk=did_key).exists():
        account.signing_did_key = did_key
        account.save(update_fields=["signing_did_key"])
        signing_key_changed.send(sender=Account, account=account)
