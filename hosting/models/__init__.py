"""The tables of tenants: their hosts and handle domains, and the staff who look after them."""

from hosting.models.staff import PLATFORM, Member, StaffManager, StaffUser
from hosting.models.tenants import HandleDomain, Host, HostQuerySet, Tenant

__all__ = [
    "PLATFORM",
    "HandleDomain",
    "Host",
    "HostQuerySet",
    "Member",
    "StaffManager",
    "StaffUser",
    "Tenant",
]
