"""com.atproto.sync.* as a relay answers it, from its hosts, repos and collections.

Source: that namespace's lexicons; statuses and names of errors as github.com/bluesky-social/indigo,
cmd/relay, has them.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseRedirect

from protocol import cid
from protocol.errors import XrpcError
from relay.directory import collections, repos
from relay.directory.repos import RelayRepo
from relay.hosts import crawl_requests, listing, names
from relay.hosts.listing import HostView

Given = Mapping[str, Any]
Said = dict[str, Any] | HttpResponse | None


class HostNotFound(XrpcError):
    """404: the relay has never read this host."""

    name = "HostNotFound"
    status = 404
    message = "host not found"


class RepoNotFound(XrpcError):
    """404: the relay has heard of no such account."""

    name = "RepoNotFound"
    status = 404
    message = "account not found"


class RepoNotSynchronized(XrpcError):
    """404: the account is known, and no commit of it has come yet."""

    name = "RepoNotSynchronized"
    status = 404
    message = "repository has not been synchronized"


class RepoInactive(XrpcError):
    """403: the account's repo is not passed on, for the reason that the name tells."""

    name = "RepoInactive"
    status = 403


_REFUSED: Final = {
    "takendown": "RepoTakendown",
    "suspended": "RepoTakendown",
    "deactivated": "RepoDeactivated",
    "deleted": "RepoDeleted",
}


def request_crawl(given: Given) -> Said:
    crawl_requests.request_crawl(given["hostname"])
    return None


def list_hosts(given: Given) -> Said:
    limit = given["limit"]
    _, after = repos.place(f"{repos.OUTSIDE}{given.get('cursor') or 0}")
    found = listing.list_hosts(after, limit)
    shown: dict[str, Any] = {"hosts": [_host(host) for host in found]}
    return {**shown, "cursor": str(found[-1].id)} if len(found) == limit else shown


def get_host_status(given: Given) -> Said:
    host = listing.find_host(given["hostname"])
    if host is None:
        raise HostNotFound
    return _host(host)


def list_repos(given: Given) -> Said:
    found, cursor = repos.list_repos(given["limit"], given.get("cursor"))
    return _page([_listed(repo) for repo in found], cursor)


def get_repo_status(given: Given) -> Said:
    repo = _found(given["did"])
    shown: dict[str, Any] = {"did": repo.did, "active": repo.is_active}
    if not repo.is_active:
        return {**shown, "status": repo.status}
    return shown if repo.rev is None else {**shown, "rev": repo.rev}


def get_latest_commit(given: Given) -> Said:
    repo = _active(given["did"])
    if repo.head is None or repo.rev is None:
        raise RepoNotSynchronized
    return {"cid": cid.to_text(repo.head), "rev": repo.rev}


def get_repo(given: Given) -> Said:
    """A redirect to the repo's host: a relay keeps no repos."""
    repo = _active(given["did"])
    query = urlencode({name: given[name] for name in ("did", "since") if name in given})
    origin = names.origin(repo.hostname)
    return HttpResponseRedirect(f"{origin}/xrpc/com.atproto.sync.getRepo?{query}")


def list_repos_by_collection(given: Given) -> Said:
    found, cursor = collections.list_dids(given["collection"], given["limit"], given.get("cursor"))
    return _page([{"did": did} for did in found], cursor)


METHODS: Final[Mapping[str, Callable[[Given], Said]]] = {
    "com.atproto.sync.getHostStatus": get_host_status,
    "com.atproto.sync.getLatestCommit": get_latest_commit,
    "com.atproto.sync.getRepo": get_repo,
    "com.atproto.sync.getRepoStatus": get_repo_status,
    "com.atproto.sync.listHosts": list_hosts,
    "com.atproto.sync.listRepos": list_repos,
    "com.atproto.sync.listReposByCollection": list_repos_by_collection,
    "com.atproto.sync.notifyOfUpdate": request_crawl,  # deprecated: what requestCrawl does
    "com.atproto.sync.requestCrawl": request_crawl,
}


def _page(found: list[dict[str, Any]], cursor: str | None) -> dict[str, Any]:
    return {"repos": found} if cursor is None else {"repos": found, "cursor": cursor}


def _host(host: HostView) -> dict[str, Any]:
    shown: dict[str, Any] = {"hostname": host.hostname, "status": host.status}
    if host.seq is not None:
        shown["seq"] = host.seq
    if not host.is_inside:  # the accounts of our own count against no limit
        shown["accountCount"] = host.account_count
    return shown


def _listed(repo: RelayRepo) -> dict[str, Any]:
    head = "" if repo.head is None else cid.to_text(repo.head)
    shown = {"did": repo.did, "head": head, "rev": repo.rev, "active": repo.is_active}
    return shown if repo.is_active else {**shown, "status": repo.status}


def _found(did: str) -> RelayRepo:
    repo = repos.find(did)
    if repo is None:
        raise RepoNotFound
    return repo


def _active(did: str) -> RelayRepo:
    repo = _found(did)
    if not repo.is_active:
        name = _REFUSED.get(repo.status, RepoInactive.name)
        raise RepoInactive(f"account is {repo.status}", name=name)
    return repo
