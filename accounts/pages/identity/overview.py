"""The identity page: the DID, its document, whose the keys are, and the log of operations.

It asks the PLC directory with a short time-out; while that is silent, or says what cannot be, the
page shows what was last seen, and says so.
"""

from collections.abc import Iterator
from typing import Any, Final

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.identity import did_web, published_dids
from accounts.identity.did_log import directory, history, key_holders
from accounts.identity.recovery_keys import changes
from accounts.models import Account, PlcOperation
from accounts.pages.centre import contributions
from accounts.pages.centre.contributions import Notice, Row
from accounts.pages.centre.signed_in import address, for_signed_in, open_when_taken_down
from accounts.pages.identity import wording
from hosting.tenancy.routing import host_of
from protocol.did import did_document, plc
from protocol.did.did_document import DidDocument

_TEMPLATE: Final = "accounts/identity/overview.html"
_SHOWN_MAX: Final = 50  # operations; the rest is in the directory


@never_cache
@require_safe
@for_signed_in
@open_when_taken_down
def did(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/identity`: of any kind of DID."""
    shown: dict[str, Any] = {"host": host_of(request), "account": account}
    if account.did.startswith("did:plc:"):
        shown |= _of_plc(account)
    else:
        document = published_dids.document_of(account)
        shown |= {"is_ours": did_web.is_served_here(account), **_said(document)}
    return render(request, _TEMPLATE, shown)


def _of_plc(account: Account) -> dict[str, Any]:
    seen = directory.look(account)
    keys = key_holders.held_keys(account, seen.entries)
    log = history.told(seen.entries, timezone.now(), _SHOWN_MAX)
    data = plc.data_of(seen.newest.operation) if seen.newest is not None else None
    if data is not None:
        document = did_document.render(account.did, data)
    else:
        document = published_dids.document_of(account)
    return {
        "is_plc": True,
        "seen": seen,
        "keys": wording.told_keys(keys),
        "may_change": any(key.holder is key_holders.Holder.THIS_HOST for key in keys),
        "log": wording.told_log(log, keys),
        "is_cut": len(seen.entries) > _SHOWN_MAX,
        "waiting": PlcOperation.objects.open().filter(account=account).exists(),
        **_said(document),
    }


def _said(document: dict[str, Any]) -> dict[str, Any]:
    read = DidDocument(document)
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
    return {"document": read, "document_text": text, "signing_key": read.signing_key}


@contributions.needs_attention
def without_recovery_key(request: HttpRequest, account: Account) -> Iterator[Notice]:
    """Only this host could give the identity back."""
    if account.is_active and changes.is_without_recovery_key(account):
        text = _("You have no recovery key: if this host were gone, so would be your identity.")
        yield Notice(text, _("Make one"), address(request, "recovery_key"))


@contributions.has_rows(50)
def identity(request: HttpRequest, account: Account) -> Iterator[Row]:
    """The way to the DID."""
    yield Row(_("Identity"), account.did, _("Keys and log"), address(request, "did"))
