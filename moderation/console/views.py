"""The console's account page: look-up, state, takedown and restore. POST, then redirect."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Account
from accounts.oauth.clients import in_use
from accounts.pages.oauth.permission_wording import described
from hosting.console import quota_rows
from hosting.console.page import render_page
from hosting.console.site import hosts_in_view
from hosting.models import StaffUser
from hosting.pages.form_errors import refuse
from moderation import permissions
from moderation.console.forms import LabelForm, LookUpForm, ReasonForm
from moderation.enforcement import actions, takedowns
from moderation.labels import declarations, hiding, labelers, queries
from moderation.lookup import Found, blobs_of, find, has_record, is_record_down
from moderation.models import AuditEntry, Decision, Strike
from moderation.permissions import Deed
from moderation.staff import factor_resets
from protocol import atjson, cid
from protocol.errors import XrpcError
from protocol.syntax import is_did
from repos.account_transfer import quota_use

Verb = Callable[[StaffUser, Account, str], AuditEntry]
BlobVerb = Callable[[StaffUser, Account, bytes, str], AuditEntry]
RecordVerb = Callable[[StaffUser, Account, str, str], AuditEntry]


@require_GET
def look_up(request: HttpRequest) -> HttpResponse:
    """A handle, DID or at-URI leads to the account's page; an at-URI keeps its record in view."""
    form = LookUpForm(request.GET)
    if not form.is_valid():
        return redirect("console:index")
    text = form.cleaned_data["q"]
    found = find(hosts_in_view(request), text)
    if found is None:
        messages.error(request, _("No account found for “%(text)s”.") % {"text": text})
        did = text.removeprefix("at://").partition("/")[0]
        if is_did(did) and AuditEntry.objects.of(hosts_in_view(request)).about(did).exists():
            log = reverse("console:moderation_auditentry_changelist")
            return HttpResponseRedirect(f"{log}?{urlencode({'q': did})}")
        return redirect("console:index")
    record = f"{found.record.collection}/{found.record.rkey}" if found.record else None
    return HttpResponseRedirect(account_url(found.account.did, record))


@require_GET
def account(request: HttpRequest, did: str) -> HttpResponse:
    """One account: who it is, what state it is in, what was done to it, what can be done."""
    return _page(request, _found(request, did), ReasonForm())


@require_POST
def take_down(request: HttpRequest, did: str) -> HttpResponse:
    """Take the account down."""
    return _act(request, did, takedowns.take_down, _("%(name)s is taken down."))


@require_POST
def restore(request: HttpRequest, did: str) -> HttpResponse:
    """Lift the takedown."""
    return _act(request, did, takedowns.restore, _("%(name)s is restored."))


@require_POST
def take_down_blob(request: HttpRequest, did: str, link: str) -> HttpResponse:
    """Take one blob of the account down."""
    verb = partial(_on_blob, takedowns.take_down_blob, _cid(link))
    return _act(request, did, verb, _("The file is taken down."))


@require_POST
def restore_blob(request: HttpRequest, did: str, link: str) -> HttpResponse:
    """Give the blob back."""
    verb = partial(_on_blob, takedowns.restore_blob, _cid(link))
    return _act(request, did, verb, _("The file is restored."))


@require_POST
def take_down_record(request: HttpRequest, did: str) -> HttpResponse:
    """Hide the record in view (`?record=collection/rkey`) from readers."""
    verb = partial(_on_record, takedowns.take_down_record, request.GET.get("record", ""))
    return _act(request, did, verb, _("The record is taken down."))


@require_POST
def restore_record(request: HttpRequest, did: str) -> HttpResponse:
    """Show the record in view again."""
    verb = partial(_on_record, takedowns.restore_record, request.GET.get("record", ""))
    return _act(request, did, verb, _("The record is restored."))


def _on_record(
    verb: RecordVerb, path: str, staff: StaffUser, account: Account, reason: str
) -> AuditEntry:
    if not has_record(account, path):
        raise Http404(_("There is no such record."))
    return verb(staff, account, path, reason)


def _on_blob(
    verb: BlobVerb, blob_cid: bytes, staff: StaffUser, account: Account, reason: str
) -> AuditEntry:
    return verb(staff, account, blob_cid, reason)


def _cid(link: str) -> bytes:
    try:
        return cid.from_text(link)
    except cid.InvalidCid:
        raise Http404(_("This is not a CID.")) from None


def _act(request: HttpRequest, did: str, verb: Verb, done: str) -> HttpResponse:
    found = _found(request, did)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=400)
    try:
        verb(staff_of(request), found.account, form.cleaned_data["reason"])
    except XrpcError as refusal:
        refuse(form, refusal)
        return _page(request, found, form, status=refusal.status)
    messages.success(request, done % {"name": found.account.handle or did})
    return HttpResponseRedirect(account_url(did, request.GET.get("record")))


def account_url(did: str, record: str | None = None) -> str:
    """The account's page, with a record (`collection/rkey`) in view."""
    url = reverse("console:account", args=[did])
    return f"{url}?{urlencode({'record': record}, safe='/')}" if record else url


def _found(request: HttpRequest, did: str) -> Found:
    record = request.GET.get("record")
    found = find(hosts_in_view(request), f"at://{did}/{record}" if record else did)
    if found is None:
        raise Http404(_("No account found for this DID."))
    return found


def staff_of(request: HttpRequest) -> StaffUser:
    """Who is signed in to the console."""
    assert isinstance(request.user, StaffUser)  # noqa: S101 -- admin_view let only staff in
    return request.user


def _page(request: HttpRequest, found: Found, form: ReasonForm, status: int = 200) -> HttpResponse:
    allowed = permissions.deeds_of(staff_of(request), found.account.host.tenant_id)
    decisions = Decision.objects.of(found.account.host, found.account.did)
    context: dict[str, Any] = {
        "title": _("Account"),
        "account": found.account,
        "repo": found.repo,
        "head": cid.to_text(bytes(found.repo.head)) if found.repo else "",
        "record": found.record,
        "record_json": _readable(found),
        "record_key": request.GET.get("record", ""),
        "is_record_down": is_record_down(found),
        "record_form": ReasonForm(auto_id="record-%s"),
        "blobs": [(blob, ReasonForm(auto_id=f"{blob.link}-%s")) for blob in blobs_of(found)],
        "is_taken_down": found.account.taken_down_at is not None,
        "may_act": Deed.TAKE_DOWN in allowed,
        "entries": AuditEntry.objects.of(hosts_in_view(request))
        .about(found.account.did)
        .select_related("staff")[:50],
        "apps": [(each, described(map(str, each.scopes), {})) for each in in_use.of(found.account)],
        "has_factors": factor_resets.has_any(found.account),
        "may_reset_factors": Deed.FACTORS_RESET in allowed,
        "usage": quota_rows.of(quota_use.of_account(found.account)),
        "may_revoke": Deed.APPS_REVOKE in allowed,
        "form": form,
        "may_hold": Deed.HOLD in allowed,
        "may_export": Deed.EVIDENCE_EXPORT in allowed,
        "offered": actions.offered(allowed, found.account),
        "strikes": Strike.objects.of(found.account.host, found.account.did).open(),
        "decisions": decisions.select_related("policy", "entry__staff").order_by("-pk")[:50],
        **_labels(request, found),
    }
    return render_page(request, "moderation/account.html", context, status)


def _labels(request: HttpRequest, found: Found) -> dict[str, Any]:
    """Labels of the tenant's labeler on what is in view; nothing where there is none."""
    tenant_id = found.account.host.tenant_id
    labeler = labelers.at_work(tenant_id)
    if labeler is None:
        return {}
    did, record = found.account.did, request.GET.get("record")
    return {
        "labeler": labeler,
        "labels": queries.standing(labeler, f"at://{did}/{record}" if record else did),
        "label_form": LabelForm(auto_id="label-%s"),
        "label_values": [*declarations.values(labeler), *hiding.VALUES],
        "may_label": permissions.may(staff_of(request), Deed.LABELS_PUT, tenant_id),
    }


def _readable(found: Found) -> str:
    return atjson.from_cbor(bytes(found.record.data)).decode() if found.record else ""
