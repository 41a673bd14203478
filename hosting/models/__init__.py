"""The tables of tenants: their hosts and handle domains, and the staff who look after them."""

from hosting.models.plans import Plan, TenantStorage, TenantUsage
from hosting.models.staff import PLATFORM, Member, StaffManager, StaffUser
from hosting.models.staff_access import ROLES, StaffInvite, StaffSession, TenantAccess
from hosting.models.tenants import HandleDomain, Host, HostQuerySet, Tenant
from hosting.models.usage import AccountDay, MailDay, TenantDay, TenantMonth

__all__ = [
    "PLATFORM",
    "ROLES",
    "AccountDay",
    "HandleDomain",
    "Host",
    "HostQuerySet",
    "MailDay",
    "Member",
    "Plan",
    "StaffInvite",
    "StaffManager",
    "StaffSession",
    "StaffUser",
    "Tenant",
    "TenantAccess",
    "TenantDay",
    "TenantMonth",
    "TenantStorage",
    "TenantUsage",
]
