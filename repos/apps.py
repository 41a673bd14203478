"""Repos as a Django app: connects the receivers of the account signals."""

from django.apps import AppConfig


class ReposConfig(AppConfig):
    """The room; `ready` makes it hear what the accounts room says."""

    name = "repos"

    def ready(self) -> None:
        from repos import closing, crawls, lifecycle, resigning  # noqa: PLC0415 - models exist only now

        closing.connect()
        crawls.connect()
        lifecycle.connect()
        resigning.connect()
