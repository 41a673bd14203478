"""Archives to look into."""

import io
from typing import Any
from zipfile import ZipFile

import orjson

from accounts.models import Account
from repos.account_transfer.archives import requests

THING = "com.example.thing"


def made(account: Account) -> ZipFile:
    """A fresh archive of the account."""
    requests.ask(account, "en")
    return opened(account)


def opened(account: Account) -> ZipFile:
    """The archive that is ready."""
    file, _ = requests.open_file(account)
    with file:
        return ZipFile(io.BytesIO(file.read()))


def lines(archive: ZipFile, name: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in archive.read(name).splitlines()]


def listed(archive: ZipFile, name: str) -> Any:
    return orjson.loads(archive.read(name))
