"""Holders of factors: an account at its host, or a member of staff at the host whose console they
sign in to."""

from dataclasses import dataclass
from typing import Any, Final

from accounts.models import Account, FactorAttempts, Passkey, RecoveryCode, Totp
from accounts.status import lock_open
from hosting.models import Host, StaffUser

_HANDLE_MAX_BYTES: Final = 64  # of a WebAuthn user handle


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose factors: `account`, or `staff` where that is None."""

    host: Host
    account: Account | None = None
    staff: StaffUser | None = None

    @property
    def owned(self) -> dict[str, Any]:
        """How their rows are found and made."""
        return {"account": self.account} if self.account is not None else {"staff": self.staff}

    @property
    def key(self) -> str:
        """Their name in hashes and MACs: no account and no member of staff have the same."""
        if self.account is not None:
            return f"account:{self.account.pk}"
        return f"staff:{self.staff.pk if self.staff else ''}"

    @property
    def name(self) -> str:
        """Under which authenticators and mail know them."""
        if self.account is not None:
            return self.account.handle or self.account.did
        return self.staff.username if self.staff else ""

    @property
    def user_handle(self) -> bytes:
        """What a passkey tells about whom it signs in: the DID. Empty for a DID that is too long
        and for staff, whose passkeys sign nobody in without a password."""
        did = self.account.did.encode() if self.account is not None else b""
        return did if len(did) <= _HANDLE_MAX_BYTES else b""

    def lock(self) -> None:
        """One change of their factors at a time, in the caller's transaction, and none while a code
        is tried (`wrong_codes`), which has its locks in this order. Raises AccountNotFound for an
        account that has gone."""
        if self.account is not None:
            lock_open(self.account)
        elif self.staff is not None:
            StaffUser.objects.select_for_update(no_key=True).get(pk=self.staff.pk)
        self.attempts()

    def attempts(self) -> FactorAttempts:
        """How often codes of theirs were wrong, locked until the caller's transaction ends."""
        FactorAttempts.objects.bulk_create([FactorAttempts(**self.owned)], ignore_conflicts=True)
        return FactorAttempts.objects.select_for_update().get(**self.owned)

    def has_strong(self) -> bool:
        """Whether there is an authenticator app or a passkey, of any host's name."""
        owned = self.owned
        return Totp.objects.filter(**owned).exists() or Passkey.objects.filter(**owned).exists()

    def forget_leftovers(self) -> None:
        """Remove what is worth nothing without a strong factor, in the caller's transaction."""
        if not self.has_strong():
            self.forget_all()

    def forget_all(self) -> None:
        """Remove every strong factor and what belongs to it, in the caller's transaction."""
        for model in (Totp, Passkey, RecoveryCode):
            model.objects.filter(**self.owned).delete()
        # Not deleted: whoever tries a code may wait for the row
        attempts = FactorAttempts.objects.filter(**self.owned)
        attempts.update(wrong_count=0, lock_count=0, locked_until=None)


def of_account(account: Account) -> Holder:
    """The factors of a person."""
    return Holder(account.host, account=account)


def of_staff(host: Host, staff: StaffUser) -> Holder:
    """The factors of a member of staff, as they count at a host."""
    return Holder(host, staff=staff)
