"""The routes of `/api/v1/`."""

from django.urls import URLPattern, URLResolver, include, path
from rest_framework.routers import SimpleRouter

from provider.api import documents
from provider.api.base import HOSTNAME
from provider.api.resources.account_data import AccountDataViewSet
from provider.api.resources.accounts import AccountViewSet
from provider.api.resources.archives import ArchiveViewSet
from provider.api.resources.audit import AuditViewSet
from provider.api.resources.cases import CaseViewSet, ReportViewSet
from provider.api.resources.hosts import DomainViewSet, HostViewSet
from provider.api.resources.invites import InviteViewSet
from provider.api.resources.jobs import JobViewSet
from provider.api.resources.labels import LabelViewSet
from provider.api.resources.plans import PlanViewSet, TenantPlanViewSet
from provider.api.resources.relays import RelayViewSet
from provider.api.resources.staff import StaffInviteViewSet, StaffViewSet
from provider.api.resources.tenants import TenantViewSet
from provider.api.resources.webhooks import WebhookViewSet

router = SimpleRouter(trailing_slash=False)
of_host = rf"hosts/(?P<hostname>{HOSTNAME})"
of_account = rf"{of_host}/accounts/(?P<did>{AccountViewSet.lookup_value_regex})"
of_tenant = rf"tenants/(?P<slug>{TenantViewSet.lookup_value_regex})"
for prefix, view_set, name in (
    ("tenants", TenantViewSet, "tenant"),
    ("archives", ArchiveViewSet, "archive"),
    ("hosts", HostViewSet, "host"),
    (f"{of_host}/domains", DomainViewSet, "domain"),
    (f"{of_host}/relays", RelayViewSet, "relay"),
    (f"{of_host}/accounts", AccountViewSet, "account"),
    (of_account, AccountDataViewSet, "account-data"),
    (f"{of_host}/invites", InviteViewSet, "invite"),
    (f"{of_tenant}/staff", StaffViewSet, "staff"),
    (f"{of_tenant}/staff-invites", StaffInviteViewSet, "staff-invite"),
    (f"{of_tenant}/labels", LabelViewSet, "label"),
    ("cases", CaseViewSet, "case"),
    ("reports", ReportViewSet, "report"),
    ("webhooks", WebhookViewSet, "webhook"),
    ("audit", AuditViewSet, "audit"),
    ("jobs", JobViewSet, "job"),
    ("plans", PlanViewSet, "plan"),
    (r"tenants/(?P<slug>[-a-zA-Z0-9_]{1,50})", TenantPlanViewSet, "tenant-plan"),
):
    router.register(prefix, view_set, basename=f"api-{name}")

urlpatterns: list[URLPattern | URLResolver] = [
    path("schema", documents.schema),
    path("docs", documents.readable),
    path("", include(router.urls)),
]
