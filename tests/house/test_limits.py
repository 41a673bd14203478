"""docs/operators/configuration.md lists every bucket with its budgets, and no other."""

import re

from hosting import urls  # noqa: F401 - pages and endpoints have limits of their own
from hosting.limits import buckets
from tests.house.documents import text
from tests.house.packages import PACKAGES, modules
from xrpc import (
    dispatch,  # noqa: F401 - importing it declares every method, and its limits
    registry,
)
from xrpc.auth.declared import Kind

MADE = re.compile(r'\b(?:bucket|of_network|of_account)\(\s*"([a-z-]+)"')
ROW = re.compile(r"^\| `([a-z-]+)` \| `([0-9/ ]+)` \|", re.MULTILINE)


def test_every_bucket_is_told_with_its_budgets() -> None:
    files = (file for package in PACKAGES for file in modules(package))
    made = {name for file in files for name in MADE.findall(file.read_text())}
    budgets = {
        name: " ".join(f"{each.limit}/{each.window_s}" for each in buckets.KNOWN[name])
        for name in made
    }
    assert len(budgets) > 15
    assert dict(ROW.findall(text("docs/operators/configuration.md"))) == budgets


# They leave no row behind: what they end or hand on.
LEAVES_NOTHING = {
    "app.bsky.notification.registerPush",
    "app.bsky.notification.unregisterPush",
    "com.atproto.server.deleteSession",
    "com.atproto.server.revokeAppPassword",
}
STAFF = (Kind.ADMIN, Kind.MODERATOR)


def test_whatever_leaves_rows_files_or_letters_is_counted() -> None:
    methods = [registry.find(nsid) for nsid in registry.registered()]
    uncounted = {
        method.nsid
        for method in methods
        if method is not None
        and method.kind == registry.PROCEDURE
        and not method.limits
        and method.auth.kind not in STAFF
    }
    assert uncounted == LEAVES_NOTHING
