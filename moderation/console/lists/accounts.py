"""The list of accounts, which nobody edits by hand."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.models import Account
from hosting.console.site import ConsoleSite, hosts_in_view
from moderation.console import page_deeds
from moderation.console.lists.bounded import Condition
from moderation.console.lists.read_only import (
    HostFilter,
    ReadOnly,
    account_link,
    minute,
)


class StatusFilter(SimpleListFilter):
    """Accounts of one status; Django would look through all of them for which there are."""

    title = _("status")
    parameter_name = "status__exact"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return [(status.value, status.value) for status in Account.Status]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        return queryset.filter(status=self.value()) if self.value() else queryset


class AccountList(ReadOnly):
    """All accounts in view, newest first."""

    list_display = ["name", "identifier", "state", "hostname", "signed_up_at"]
    list_filter = [StatusFilter, HostFilter]
    search_fields = ["handle", "did", "email"]
    search_help_text = _("DID, or how a handle or an e-mail address begins")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        return hosts_in_view(request).narrow(Account.objects.all()).select_related("host")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Django's own, with the ways to invite people and to download the list."""
        context = {**(extra_context or {}), "opened": page_deeds.opened_to(request)}
        page: TemplateResponse = super().changelist_view(request, context)
        return page

    def searched(self, _request: HttpRequest, term: str) -> list[Condition]:
        if term.startswith("did:"):
            return [Q(did=term)]
        name = term.lower().removeprefix("@")
        return [Q(handle__startswith=name), Q(email__startswith=name)]

    @display(description=_("account"))
    def name(self, account: Account) -> SafeString:
        return account_link(account.did, account.handle or account.did)

    @display(description=_("DID"))
    def identifier(self, account: Account) -> str:
        return account.did

    @display(description=_("host"))
    def hostname(self, account: Account) -> str:
        return account.host.hostname

    @display(description=_("signed up"))
    def signed_up_at(self, account: Account) -> SafeString:
        return minute(account.created_at)

    @display(
        description=_("status"),
        label={
            "active": "success",
            "pending": "info",
            "deactivated": "warning",
            "suspended": "warning",
            "takendown": "danger",
        },
    )
    def state(self, account: Account) -> str:
        return account.status


def register(site: ConsoleSite) -> None:
    """Hang the list on the console."""
    site.register(Account, AccountList)
