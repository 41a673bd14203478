"""Records with invalid paths, let in before imports were as strict as writes.

Source: atproto.com/specs/repository, "Repository Paths"; atproto.com/specs/record-key. Readers can
name most of them by no AT-URI, so their owners cannot delete them. The constraint `record_path` on
the table refuses new ones.
"""

from contextlib import closing

from protocol import syntax
from protocol.errors import InvalidRequest
from protocol.event_stream.frames import EventKind
from protocol.mst import Tree
from repos.imports import applying, staging
from repos.imports.announcing import sync_body
from repos.imports.importing import RepoBusy
from repos.models import Repo
from repos.reads import descriptions
from repos.reads.refusals import RepoNotFound
from repos.reads.repos import RepoRow
from repos.state import heads, nodes, revs
from server.database import connection

_TRIES = 6
_SUSPECTS = r"""
    SELECT collection, rkey FROM record WHERE repo_id = %s
      AND (collection = ANY (%s) OR rkey IN ('.', '..') OR octet_length(rkey) > 512
           OR rkey ~ '[^a-zA-Z0-9._:~-]')
    ORDER BY collection, rkey
"""


def find(repo: RepoRow) -> list[str]:
    """The paths (`collection/rkey`) of a repo that could not be written today, in order."""
    wrong = [name for name in descriptions.collections(repo) if not syntax.is_collection(name)]
    found = connection.rows(_SUSPECTS, (repo.id, wrong))
    return [f"{collection}/{rkey}" for collection, rkey in found]


def remove(repo: RepoRow) -> list[str]:
    """Remove the records under all such paths; gives the paths.

    Consumers are told by #sync: none takes a #commit with such a path. Raises RepoNotFound,
    RepoBusy, and InvalidRequest for a tree that lacks them (repos.maintenance.rebuild mends it).
    """
    for _ in range(_TRIES):
        paths = find(repo)
        if not paths or _remove(repo.id, paths):
            return paths
    raise RepoBusy("The repo is being written to: repeat the removal")


def _remove(repo_id: int, paths: list[str]) -> bool:
    """False when the head moved meanwhile."""
    head = heads.read(repo_id)
    if head is None:
        raise RepoNotFound(str(repo_id))
    tree = Tree(head.data, nodes.NodeSource(repo_id))
    for path in paths:
        try:
            tree.delete(path.encode())
        except KeyError as fault:
            raise InvalidRequest(f"The tree does not hold {path}: rebuild the repo") from fault
    rev = revs.next_rev(head.rev)
    step = heads.sign(head, tree.commit(), rev, head.signing_did_key)
    with closing(staging.begin(step)) as staged:
        for node_cid, block in tree.new_blocks.items():
            staged.nodes.add(node_cid, staged.rev, block)
        staged.gone_nodes, staged.gone_paths = tree.gone, paths
        staged.record_change = -len(paths)
        if head.status == Repo.Status.ACTIVE:
            staged.event = (EventKind.SYNC, sync_body(step))
        return applying.apply(staged)
