"""What is wrong with a provider's settings: asked of the provider itself, a line a problem."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from accounts.models import OpenIdProvider
from accounts.oauth import jose
from accounts.oauth.jose import BadJose
from accounts.oauth.openid import discovery
from accounts.oauth.openid.refusals import ProviderSilent, ProviderWrong


def problems(provider: OpenIdProvider) -> list[str]:
    """All that can be seen from outside, in sentences; none: it will do. Asks the network."""
    discovery.forget(provider.issuer)
    return list(_problems(provider))


def _problems(provider: OpenIdProvider) -> Iterator[str]:
    has_secret = bool(provider.client_secret)
    needs_secret = provider.client_auth != OpenIdProvider.ClientAuth.NONE
    if needs_secret and not has_secret:
        yield _("The client secret is missing.")
    if "openid" not in provider.scope.split():
        yield _("The scope lacks “openid”.")
    if provider.is_for_staff and not (provider.role_claim and provider.roles):
        yield _("Nobody on the staff can sign in: name a claim for roles, and its values.")
    try:
        metadata = discovery.find(provider.issuer)
        keys = discovery.keys_of(metadata, are_new=True)
    except (ProviderWrong, ProviderSilent) as refusal:
        yield refusal.message
        return
    if not any(_is_good(key) for key in keys):
        yield _("The provider publishes no key that can be used here (EC, or RSA of 2048 bits).")


def _is_good(key: object) -> bool:
    try:
        jose.public_key(key)
    except BadJose:
        return False
    return True
