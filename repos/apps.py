"""Repos as a Django app: connects the receivers of the account signals."""

from django.apps import AppConfig


class ReposConfig(AppConfig):
    """`ready` connects the receivers of the accounts package's signals."""

    name = "repos"

    def ready(self) -> None:
        from repos.account_transfer.archives import requests  # noqa: PLC0415 - models exist only now
        from repos.account_transfer.moves import copying  # noqa: PLC0415 - models exist only now
        from repos.blobs import scanning  # noqa: PLC0415 - models exist only now
        from repos.events import crawl_requests  # noqa: PLC0415 - models exist only now
        from repos.lifecycle import account_signals, deletion, resigning  # noqa: PLC0415 - models exist only now

        deletion.connect()
        crawl_requests.connect()
        account_signals.connect()
        resigning.connect()
        requests.connect()
        copying.connect()
        scanning.check_names()
