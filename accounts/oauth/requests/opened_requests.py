"""Opened requests: a pushed request in the browser that owns it, and the ways back to its app.

Source: RFC 6749 section 4.1, RFC 9126, RFC 9207. What is asked of the person, and what comes of the
answer: accounts.oauth.authorization.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import (
    Account,
    ControllerSession,
    Delegation,
    OAuthDevice,
    OAuthRequest,
    account_lookups,
)
from accounts.oauth.clients import ClientProfile, rules
from accounts.oauth.errors import AccessDenied, InvalidRequest
from accounts.oauth.requests.redirects import QUERY, Redirect
from hosting.models import Host
from server.database import connection, model_rows
from server.encryption import digests

# Each page that is shown gives the person that long, who may have a second factor or a password to
# look for, or be called away: what they answer is bound to their browser in any case.
VIEWED_FOR: Final = timedelta(minutes=20)
LASTS_AT_MOST: Final = timedelta(hours=1)


class RequestRefused(InvalidRequest):
    """The request cannot be shown, and nobody can be sent back: a page says so."""

    page_text = _("This sign-in has expired, or was answered already.")


class RequestExpired(RequestRefused):
    """The request took too long; a page says so, and leads back to its app."""

    page_text = _("This sign-in took too long and has ended. Nothing was allowed.")

    def __init__(self, back: Redirect) -> None:
        super().__init__("This sign-in request has expired")
        self.back = back


@dataclass(frozen=True, slots=True)
class Opened:
    """A request under way in its own browser. `visitor`: who is signed in there by another host,
    to act for accounts of this one."""

    row: OAuthRequest
    device: OAuthDevice
    client: ClientProfile
    is_trusted: bool  # by the tenant: name and logo may be shown
    visitor: ControllerSession | None = None

    @property
    def host(self) -> Host:
        return self.row.host

    @property
    def account(self) -> Account | None:
        """Who signed in or was chosen for this request."""
        return self.row.account

    @property
    def delegation(self) -> Delegation | None:
        """By whom, if a controller of the account acts for it; None: its owner."""
        return self.row.delegation

    @property
    def login_hint(self) -> str:
        """Handle or DID that the app expects, lower case; empty for none. It locks the account."""
        return str(self.row.parameters.get("login_hint", ""))

    @property
    def prompt(self) -> str:
        """What the app wants asked; empty for nothing in particular."""
        return str(self.row.parameters.get("prompt", ""))

    @property
    def language(self) -> str:
        """In which the app wants the pages to be; empty for no matter."""
        return str(self.row.parameters.get("language", ""))


def open_request(
    host: Host, device: OAuthDevice, client_id: str, request_uri: str, *, is_answer: bool = False
) -> Opened | Redirect:
    """The request of that URI, for a browser that asks for a page of it; gives it more time.

    The first browser that opens a request owns it. Another browser, another client, or a code given
    out already ends it: a Redirect with `access_denied`. Raises RequestRefused for one that is
    unknown at this host, and RequestExpired. `is_answer`: the consent page was sent, perhaps twice.
    """
    with transaction.atomic():
        row = _locked(host, "uri_sha256 = %s", digests.sha256(request_uri))
        is_foreign = row.device_id not in (None, device.pk) or row.client_id != client_id
        if row.expires_at <= timezone.now():
            if is_foreign or row.code_sha256 is not None:
                raise RequestRefused("This sign-in request is unknown here or has expired")
            raise RequestExpired(refusal(row, AccessDenied("The request has expired")))
        if is_foreign or (row.code_sha256 is not None and not is_answer):
            row.delete()
            return refusal(row, AccessDenied("This request was answered or belongs to another"))
        if row.code_sha256 is not None:
            return of_row(row, device)
        row.device = device
        row.expires_at = prolonged(row)
        row.save(update_fields=["device", "expires_at"])
    return of_row(row, device)


def locked_again(opened: Opened) -> OAuthRequest:
    """The same request once more, locked, still this browser's. Raises RequestRefused."""
    row = _locked(opened.host, "id = %s AND device_id = %s", opened.row.pk, opened.device.pk)
    if row.expires_at <= timezone.now():
        raise RequestRefused("This sign-in request has expired")
    return row


def of_row(row: OAuthRequest, device: OAuthDevice) -> Opened:
    """A request as its row is now."""
    is_trusted = rules.is_trusted(row.host, row.client_id)
    return Opened(row, device, ClientProfile.of(row.client_id, row.client), is_trusted)


def prolonged(row: OAuthRequest) -> datetime:
    """When a request ends whose page is shown now."""
    return min(timezone.now() + VIEWED_FOR, row.created_at + LASTS_AT_MOST)


def answer(row: OAuthRequest, more: dict[str, str]) -> Redirect:
    """The way back to the app, with `iss` and the `state` that it gave."""
    parameters = row.parameters
    state = {"state": parameters["state"]} if "state" in parameters else {}
    return Redirect(
        parameters["redirect_uri"],
        {"iss": row.host.origin, **state, **more},
        parameters.get("response_mode", QUERY),
    )


def refusal(row: OAuthRequest, error: AccessDenied) -> Redirect:
    """The way back to the app with an error."""
    return answer(row, {"error": error.name, "error_description": error.message})


def _locked(host: Host, which: str, *params: Any) -> OAuthRequest:
    """A request, which may have expired, locked, with host and account. Raises RequestRefused."""
    columns = ", ".join(model_rows.columns(OAuthRequest))
    sql = f"SELECT {columns} FROM oauth_request WHERE host_id = %s AND {which} FOR UPDATE"  # noqa: S608 - constants only
    row = connection.row(sql, (host.pk, *params))
    if row is None:
        raise RequestRefused("This sign-in request is unknown here or has expired")
    found = model_rows.instance(OAuthRequest, row)
    found.host = host
    if found.account_id is not None:
        found.account = account_lookups.find_by_id(host, found.account_id)
    return found
