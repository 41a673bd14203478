"""The provider Django app."""

from importlib import import_module

from django.apps import AppConfig

# Modules that register kinds of long work (provider.jobs.kinds).
KINDS: tuple[str, ...] = (
    "provider.jobs.account_exports",
    "provider.jobs.account_moves",
    "provider.relay_standing.announcing",
    "provider.tenancy.deletion",
    "provider.tenancy.host_renames",
    "provider.tenancy.invites.people_invites",
    "provider.tenancy.suspensions",
    "provider.tenant_archive.jobs",
)


class ProviderConfig(AppConfig):
    name = "provider"

    def ready(self) -> None:
        """Connect the receivers, know the kinds of long work."""
        for name in KINDS:
            import_module(name)
        import_module("provider.webhooks.events").connect()
