"""Who somebody is, out of a provider's claims: the ones that the tenant named, tidied.

Source: OpenID Connect Core 1.0 section 5.1, RFC 8176. A provider is trusted with who its people
are, not with what we store of it: every text has a bound, and is printable.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from accounts.models import OpenIdProvider

_TEXT_MAX_CHARS: Final = 320
_VALUES_MAX: Final = 1_000
_SEVERAL_FACTORS: Final = "mfa"
_STRONG: Final = frozenset({"fpt", "face", "hwk", "iris", "otp", "sc", "swk", "vbm"})
_PASSWORDS: Final = frozenset({"pwd", "pin"})


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom a provider vouched for. `handle` and `email` are what it calls them, `role` is
    the role of staff that its claim comes to; each may be empty."""

    subject: str
    handle: str = ""
    email: str = ""
    is_email_verified: bool = False
    is_member: bool = True
    has_factors: bool = False
    role: str = ""

    def dumped(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def of_claims(provider: OpenIdProvider, claims: Mapping[str, Any]) -> Person:
    """The person whom verified claims describe."""
    return Person(
        subject=str(claims["sub"]),
        handle=_text(_at(claims, provider.handle_claim)),
        email=_text(claims.get("email")).lower(),
        is_email_verified=claims.get("email_verified") is True,
        is_member=not provider.member_claim
        or provider.member_value in values_of(claims, provider.member_claim),
        has_factors=_has_factors(claims),
        role=_role(provider, claims),
    )


def values_of(claims: Mapping[str, Any], name: str) -> list[str]:
    """The values of a claim, one or a list; a name with dots leads into objects."""
    found = _at(claims, name)
    several = found if isinstance(found, list) else [found]
    return [_value(each) for each in several[:_VALUES_MAX] if isinstance(each, str | int | bool)]


def _has_factors(claims: Mapping[str, Any]) -> bool:
    """Whether more than a password was shown: it says so, or names a password and another."""
    shown = set(values_of(claims, "amr"))
    return _SEVERAL_FACTORS in shown or bool(shown & _STRONG and shown & _PASSWORDS)


def _role(provider: OpenIdProvider, claims: Mapping[str, Any]) -> str:
    """The first role, in the order in which the tenant wrote them, whose value they have."""
    if not provider.role_claim:
        return ""
    theirs = set(values_of(claims, provider.role_claim))
    return next((str(role) for value, role in provider.roles.items() if value in theirs), "")


def _at(claims: Mapping[str, Any], name: str) -> Any:
    if name in claims:
        return claims[name]  # names that are URLs have dots, too
    value: Any = claims
    for part in name.split(".")[:10]:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _value(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _text(value: object) -> str:
    text = value if isinstance(value, str) else ""
    return "".join(letter for letter in text[:_TEXT_MAX_CHARS] if letter.isprintable())
