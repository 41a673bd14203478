"""Pages that change second factors: a form, a verb, and back to the overview."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.authentication.factors import changes
from accounts.authentication.factors.holders import of_account
from accounts.models import Account, Passkey, Totp
from accounts.pages.answers import own_pages, posted, show_form, status_of
from accounts.pages.centre.changes import counted
from accounts.pages.centre.fresh_proof import with_fresh_proof
from accounts.pages.centre.signed_in import Page, for_signed_in, go_to
from accounts.pages.factors.forms import AddPasskeyForm, AppForm, HolderForm, NameForm
from protocol.errors import XrpcError

OVERVIEW = "second_factors"


def _changing(page: Page) -> Page:
    """A page that changes factors: for who proved lately who they are."""
    methods = require_http_methods(["GET", "HEAD", "POST"])
    return never_cache(methods(for_signed_in(with_fresh_proof(counted(page)))))


@_changing
def app(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/security/second-factors/app`: set an authenticator app up."""
    form = AppForm(of_account(account), posted(request))

    def add(given: dict[str, Any]) -> list[str]:
        return changes.add_app(form.holder, given["started"], given["code"])

    return _page(request, form, "app", add)


@_changing
def remove_app(request: HttpRequest, account: Account) -> HttpResponse:
    """`.../app/remove`."""
    form = HolderForm(of_account(account), posted(request))
    if not Totp.objects.filter(**form.holder.owned).exists():
        return go_to(request, OVERVIEW)
    return _page(request, form, "remove_app", lambda _given: changes.remove_app(form.holder))


@_changing
def add_passkey(request: HttpRequest, account: Account) -> HttpResponse:
    """`.../passkeys/add`."""
    form = AddPasskeyForm(of_account(account), posted(request))

    def add(given: dict[str, Any]) -> list[str]:
        return changes.add_passkey(form.holder, given["passkey"], given["name"])

    return _page(request, form, "add_passkey", add)


@_changing
def passkey(request: HttpRequest, account: Account, passkey_id: int) -> HttpResponse:
    """`.../passkeys/<id>`: another name, or its end (`remove`)."""
    holder = of_account(account)
    row = Passkey.objects.filter(**holder.owned, pk=passkey_id).first()
    if row is None:
        raise Http404
    if "remove" in request.POST:
        changes.remove_passkey(holder, passkey_id)
        return go_to(request, OVERVIEW)
    form = NameForm(holder, posted(request))
    form.fields["name"].initial = row.name

    def rename(given: dict[str, Any]) -> None:
        changes.rename_passkey(holder, passkey_id, given["name"])

    return _page(request, form, "passkey", rename, {"passkey": row})


@_changing
def recovery_codes(request: HttpRequest, account: Account) -> HttpResponse:
    """`.../recovery-codes`: ten new ones."""
    form = HolderForm(of_account(account), posted(request))
    if not form.holder.has_strong():
        return go_to(request, OVERVIEW)
    verb = changes.replace_recovery_codes
    return _page(request, form, "new_codes", lambda _given: verb(form.holder))


@_changing
def mailed_codes(request: HttpRequest, account: Account) -> HttpResponse:
    """`.../mail`: codes by e-mail, on or off."""
    form = HolderForm(of_account(account), posted(request))
    is_on = account.needs_email_code

    def switch(_given: dict[str, Any]) -> None:
        changes.switch_mail(form.holder, is_on=not is_on)

    return _page(request, form, "mail", switch, {"is_on": is_on})


def _page(
    request: HttpRequest,
    form: HolderForm,
    template: str,
    verb: Callable[[dict[str, Any]], list[str] | None],
    shown: dict[str, Any] | None = None,
) -> HttpResponse:
    """The form; once it is valid, what the verb does, and recovery codes if it made some."""
    status = None
    if form.is_valid():
        try:
            codes = verb(form.cleaned_data)
            return _codes(request, form, codes) if codes else go_to(request, OVERVIEW)
        except XrpcError as refusal:
            form.refuse(refusal)
            status = status_of(refusal)
    known = own_pages(request) | {"account": form.holder.account} | (shown or {})
    return show_form(request, f"accounts/factors/{template}.html", form, status, known)


def _codes(request: HttpRequest, form: HolderForm, codes: list[str]) -> HttpResponse:
    """The one look at recovery codes. The file is in the link: it needs no script, and nothing of
    it stays here."""
    title = _("Recovery codes of %(name)s") % {"name": form.holder.name}
    lines = "\n".join([title, form.host.origin, "", *codes, ""])
    shown = {
        "host": form.host,
        "account": form.holder.account,
        "codes": codes,
        "file": f"data:text/plain;charset=utf-8,{quote(lines)}",
    }
    return render(request, "accounts/factors/codes.html", shown)
