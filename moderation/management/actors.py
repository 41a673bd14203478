"""Who acts in a command: the member of staff whom `--by` names, or else whoever runs it."""

from django.core.management.base import CommandError

from hosting.models import StaffUser
from moderation import audit
from moderation.audit import Actor


def named(username: str | None) -> Actor:
    """The actor for the audit log. Raises CommandError."""
    if username is None:
        return audit.ADMIN
    staff = StaffUser.objects.filter(username=username).first()
    if staff is None:
        raise CommandError(f"There is no member of staff named {username}.")
    return staff
