"""Rows on their way to Postgres: side by side with it, or all at the end."""

import pytest
from django.db import transaction

from repos.imports.rows import Rows
from repos.models import Node
from repos.reads.repos import RepoRow

REV = b"3ke6kg3wk222b"


def data_of(repo: RepoRow) -> list[bytes]:
    nodes = Node.objects.filter(repo_id=repo.id, rev=REV.decode()).order_by("cid")
    return [bytes(node.data) for node in nodes]


def node_rows(repo: RepoRow) -> Rows:
    return Rows(repo.id, "node", ("cid", "rev", "data"))


def test_what_is_added_after_rows_were_sent_is_stored_with_the_rest(repo: RepoRow) -> None:
    rows = node_rows(repo)
    with transaction.atomic():
        with rows.sent_at_once():
            rows.add(b"\1", REV, b"sent")
        rows.add(b"\2", REV, b"kept")
        rows.store()
    rows.close()
    assert data_of(repo) == [b"sent", b"kept"]


@pytest.mark.parametrize("size", [0, 16_383, 16_384, 200_000])
def test_values_of_any_length_come_through(repo: RepoRow, size: int) -> None:
    rows = node_rows(repo)
    rows.add(b"\1", REV, b"x" * size)
    with transaction.atomic():
        rows.store()
    rows.close()
    assert data_of(repo) == [b"x" * size]


def test_rows_sent_before_an_error_are_gone_with_the_transaction(repo: RepoRow) -> None:
    rows = node_rows(repo)

    def send_and_fail() -> None:
        with transaction.atomic(), rows.sent_at_once():
            rows.add(b"\1", REV, b"x" * 300_000)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        send_and_fail()
    rows.close()
    assert data_of(repo) == []
