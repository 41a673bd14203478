"""A process that does to one repo's blobs all that can be done, until it is killed.

`python -m tests.concurrency.blob_worker DID`: prints a line a step, after the step.
"""

import io
import itertools
import os
import random
import sys
from contextlib import suppress

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "hosting.settings"
django.setup()

from hosting.models import Host  # noqa: E402 - needs django.setup()
from protocol.errors import XrpcError  # noqa: E402
from repos.blobs import garbage_collection, quarantine, uploads  # noqa: E402
from repos.commits import group_commit, writes  # noqa: E402
from repos.reads import repos  # noqa: E402
from repos.reads.repos import RepoRow  # noqa: E402
from tests.unit.repos.blobs.uploads import THING, using  # noqa: E402

SIZES = (100, 70_000, 3_000_000)


def main(did: str) -> None:
    """Never ends by itself."""
    repo = repos.find_repo(Host.objects.get(), did)
    for number in itertools.count():
        chance = random.Random(number % 20)
        data = chance.randbytes(chance.choice(SIZES))
        with suppress(
            XrpcError
        ):  # taken down by an earlier run that was killed before it gave back
            _one_life(repo, data, str(number % 7))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


def _one_life(repo: RepoRow, data: bytes, rkey: str) -> None:
    ref = uploads.stage(repo, io.BytesIO(data), "text/plain", len(data), 10_000_000)
    group_commit.apply_writes(repo, [writes.put(THING, rkey, using(ref))])
    quarantine.quarantine(repo, ref.cid)
    quarantine.release(repo, ref.cid)
    if rkey == "3":
        garbage_collection.remove_unused_blobs(garbage_collection.UNUSED_FOR * 0)


if __name__ == "__main__":
    main(sys.argv[1])
