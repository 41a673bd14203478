"""What the console's lists share: nobody edits a row, counts are bounded, times and links alike."""

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib.admin import SimpleListFilter
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from hosting.console.site import hosts_in_view
from moderation.console.lists.bounded import BoundedPaginator, Condition, matching

_HOSTS_OFFERED_MAX: Final = 100


class HostFilter(SimpleListFilter):
    """Rows of one host, where there are several in view: a tenant's, for platform staff all. Where
    there are many none is offered: each host's own console lists its rows."""

    title = _("host")
    parameter_name = "host"

    def lookups(self, request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        hosts = hosts_in_view(request).order_by("hostname").values_list("pk", "hostname")
        found = [(str(pk), hostname) for pk, hostname in hosts[: _HOSTS_OFFERED_MAX + 1]]
        return found if len(found) <= _HOSTS_OFFERED_MAX else []

    def has_output(self) -> bool:
        return len(self.lookup_choices) > 1

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        """Only what is on offer is looked for: other values narrow nothing."""
        offered = {key for key, _hostname in self.lookup_choices}
        return queryset.filter(host=self.value()) if self.value() in offered else queryset


class ReadOnly(ModelAdmin):
    """A list that staff of the tenant may read and nobody may change: the newest first, and what a
    search finds by an index (moderation.console.lists.bounded)."""

    list_per_page = 50
    paginator = BoundedPaginator
    ordering = ["-id"]
    sortable_by = ()
    show_full_result_count = False
    list_display_links = None
    actions = None

    def get_urls(self) -> list[URLPattern]:
        """The list alone. A row's own page would show every column, password hashes too."""
        return [url for url in super().get_urls() if (url.name or "").endswith("_changelist")]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Model], search_term: str
    ) -> tuple[QuerySet[Model], bool]:
        """Django's own puts `upper(...) LIKE '%...%'` on every column."""
        term = search_term.strip()
        return (matching(queryset, self.searched(request, term)) if term else queryset), False

    def searched(self, request: HttpRequest, term: str) -> list[Condition]:
        """What a search asks for: any of these."""
        raise NotImplementedError

    def lookup_allowed(
        self,
        lookup: str,
        value: Any,  # noqa: ARG002 - Django's signature
        request: HttpRequest,  # noqa: ARG002 - Django's signature
    ) -> bool:
        """Only what the filters on show ask for: Django takes any column, and
        `password__startswith` tells a hash letter by letter; and any operator, `__regex` too."""
        return lookup in {
            f"{shown}__exact" if isinstance(shown, str) else shown.parameter_name
            for shown in self.list_filter
        }

    def has_view_permission(
        self,
        request: HttpRequest,
        obj: Any = None,  # noqa: ARG002 - Django passes it by name
    ) -> bool:
        return self.admin_site.has_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - by name
        return False

    def has_change_permission(
        self,
        request: HttpRequest,  # noqa: ARG002 - Django passes them by name
        obj: Any = None,  # noqa: ARG002
    ) -> bool:
        return False

    def has_delete_permission(
        self,
        request: HttpRequest,  # noqa: ARG002 - Django passes them by name
        obj: Any = None,  # noqa: ARG002
    ) -> bool:
        return False


def minute(at: datetime) -> SafeString:
    """A time as every page of the console has it."""
    shown = f"{at:%Y-%m-%d %H:%M} UTC"
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), shown)


def account_link(did: str, label: str) -> SafeString:
    """A link to the account's page on the console."""
    return _link(reverse("console:account", args=[did]), label)


def look_up_link(name: str, label: str = "") -> SafeString:
    """A link for a DID or at-URI that may be anywhere: to the account's page, or to what the log
    knows of one that is gone, or to the word that there is none."""
    return _link(f"{reverse('console:look_up')}?{urlencode({'q': name})}", label or name)


def _link(url: str, label: str) -> SafeString:
    return format_html('<a class="console-link" href="{}">{}</a>', url, label)
