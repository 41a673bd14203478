"""The host that somebody comes from."""

from django.utils import timezone

from protocol import cid
from repos.models import BlobFetch

OLD = "https://old.example"


PICTURES = [b"\x89PNG\r\n\x1a\n" + bytes([number]) * 90 for number in range(2)]


LINKS = sorted(map(cid.of_raw, PICTURES))


def due_now(repo_id: int) -> None:
    BlobFetch.objects.filter(pk=repo_id).update(next_attempt_at=timezone.now())
