"""The limits that a plan may set: what each counts, of whom, and what holds without one.

Here as data; where each is kept to: docs/decisions/0058-plans-and-metering.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext_lazy as _

Limits = Mapping[str, int | None]  # None: no limit
VALUE_MAX: Final = 2**53 - 1  # what every reader of JSON can count to


class Limit(StrEnum):
    """What is limited. Those of `account-` hold for each account, the others for a whole tenant."""

    ACCOUNTS = "accounts"
    BLOB_BYTES = "blob-bytes"
    REPO_BYTES = "repo-bytes"
    RECORDS = "records"
    WRITES_A_DAY = "writes-a-day"
    UPLOADS_A_DAY = "uploads-a-day"
    MAILS_A_DAY = "mails-a-day"
    STAFF = "staff"
    DOMAINS = "domains"
    HOSTS = "hosts"
    ACCOUNT_BLOB_BYTES = "account-blob-bytes"
    ACCOUNT_REPO_BYTES = "account-repo-bytes"
    ACCOUNT_RECORDS = "account-records"
    ACCOUNT_WRITES_A_DAY = "account-writes-a-day"
    ACCOUNT_UPLOADS_A_DAY = "account-uploads-a-day"

    @property
    def is_of_account(self) -> bool:
        """Whether it holds for each account by itself."""
        return self.startswith("account-")

    @property
    def is_of_bytes(self) -> bool:
        """Whether it is a size: it may be given as `10 GB`."""
        return self.endswith("-bytes")

    @property
    def is_of_day(self) -> bool:
        """Whether it is counted anew every day, by UTC."""
        return self.endswith("-a-day")

    @property
    def is_of_media(self) -> bool:
        """Whether it is about files: posts without new files are written when it is full."""
        return self in _OF_MEDIA


_OF_MEDIA: Final = frozenset(
    {
        Limit.BLOB_BYTES,
        Limit.UPLOADS_A_DAY,
        Limit.ACCOUNT_BLOB_BYTES,
        Limit.ACCOUNT_UPLOADS_A_DAY,
    }
)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a limit counts, and what the platform allows where nobody says anything."""

    label: Any  # for people, translated when it is shown
    what: str  # for commands
    platform: Callable[[], int | None] = lambda: None


KINDS: Final[Mapping[Limit, Kind]] = {
    Limit.ACCOUNTS: Kind(_("Accounts"), "accounts of all its hosts; not those that moved away"),
    Limit.BLOB_BYTES: Kind(_("Files"), "bytes of all files"),
    Limit.REPO_BYTES: Kind(_("Size of records"), "bytes of all records"),
    Limit.RECORDS: Kind(_("Records"), "all records"),
    Limit.WRITES_A_DAY: Kind(
        _("Writes a day"), "records created, changed and deleted in a day (UTC)"
    ),
    Limit.UPLOADS_A_DAY: Kind(_("Uploads a day"), "new files in a day (UTC)"),
    Limit.MAILS_A_DAY: Kind(_("E-mails a day"), "e-mails in a day (UTC)"),
    Limit.STAFF: Kind(_("Staff"), "members of its staff, invited ones too"),
    Limit.DOMAINS: Kind(_("Handle domains"), "handle domains of all its hosts"),
    Limit.HOSTS: Kind(_("Hosts"), "hosts"),
    Limit.ACCOUNT_BLOB_BYTES: Kind(
        _("Files of an account"),
        "bytes of one account's files; a host's blob-quota-bytes goes before a plan's",
        lambda: int(settings.BLOB_QUOTA_BYTES) or None,
    ),
    Limit.ACCOUNT_REPO_BYTES: Kind(
        _("Size of an account's records"), "bytes of one account's records"
    ),
    Limit.ACCOUNT_RECORDS: Kind(_("Records of an account"), "one account's records"),
    Limit.ACCOUNT_WRITES_A_DAY: Kind(
        _("Writes of an account a day"), "records that one account writes in a day (UTC)"
    ),
    Limit.ACCOUNT_UPLOADS_A_DAY: Kind(
        _("Uploads of an account a day"), "new files of one account in a day (UTC)"
    ),
}
OF_TENANT: Final = tuple(limit for limit in Limit if not limit.is_of_account)
OF_ACCOUNT: Final = tuple(limit for limit in Limit if limit.is_of_account)

OF_WRITES: Final = frozenset(
    {
        Limit.RECORDS,
        Limit.REPO_BYTES,
        Limit.WRITES_A_DAY,
        Limit.ACCOUNT_RECORDS,
        Limit.ACCOUNT_REPO_BYTES,
        Limit.ACCOUNT_WRITES_A_DAY,
    }
)


def fault_in(key: str, value: object) -> str:
    """What is wrong with a limit that somebody gives, as a sentence; "" when nothing is."""
    if key not in set(Limit):
        return f"There is no limit {key}; there are {', '.join(Limit)}."
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if value is not None and not (is_number and 0 <= int(str(value)) <= VALUE_MAX):
        return "A limit is a whole number, or nothing for none."
    return ""
