"""The tables of tenants: their hosts and handle domains, and the staff who look after them."""

from hosting.models.staff import PLATFORM, Member, StaffManager, StaffUser
from hosting.models.staff_access import ROLES, StaffInvite, StaffSession, TenantAccess
from hosting.models.tenants import HandleDomain, Host, HostQuerySet, Tenant

__all__ = [
    "PLATFORM",
    "ROLES",
    "HandleDomain",
    "Host",
    "HostQuerySet",
    "Member",
    "StaffInvite",
    "StaffManager",
    "StaffSession",
    "StaffUser",
    "Tenant",
    "TenantAccess",
]
