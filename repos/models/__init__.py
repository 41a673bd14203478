"""Repos, records, MST nodes, blobs and events as Django sees them.

The hot path (repos.commits.group_commit, repos.reads) speaks SQL to the same tables; what
Django cannot say (partitions, functions, partial indexes of partitioned tables) is SQL in the
migrations. Keys of all repo tables begin with `repo_id`, so that they spread over several Postgres
by that column; for the same reason nothing here is a foreign key. CIDs are 36 raw bytes. `repo.id`
is the account's id.
"""

from repos.models.archives import AccountArchive
from repos.models.blobs import Blob, BlobHold, BlobUsage, BlobUse, DeniedBlob, FileDeletion
from repos.models.deletions import RepoDeletion, RepoHold
from repos.models.events import CrawlPing, Event, EventCounter, FirehoseRestore
from repos.models.fetches import BlobFetch, UnfetchedBlob
from repos.models.imports import ImportJob
from repos.models.lexicons import NetworkLexicon
from repos.models.moves import MoveIn
from repos.models.takedowns import RecordTakedown
from repos.models.trees import Node, Record, Repo

__all__ = [
    "AccountArchive",
    "Blob",
    "BlobFetch",
    "BlobHold",
    "BlobUsage",
    "BlobUse",
    "CrawlPing",
    "DeniedBlob",
    "Event",
    "EventCounter",
    "FileDeletion",
    "FirehoseRestore",
    "ImportJob",
    "MoveIn",
    "NetworkLexicon",
    "Node",
    "Record",
    "RecordTakedown",
    "Repo",
    "RepoDeletion",
    "RepoHold",
    "UnfetchedBlob",
]
