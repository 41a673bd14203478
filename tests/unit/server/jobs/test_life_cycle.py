"""The life cycle of jobs as data, and the triggers that hold it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import PlcOperation
from hosting.mail.models import OutgoingMail
from hosting.models import Host
from moderation.models import BulkAction, EvidenceExport
from provider.models import Job, WebhookDelivery
from repos.models import AccountArchive, BlobFetch, ImportJob, MoveIn, RepoDeletion
from server.jobs.leased_job import LeasedJob
from server.jobs.life_cycle import END, OPEN

# What else a row of each table needs.
ROWS: dict[type[LeasedJob], dict[str, Any]] = {
    PlcOperation: {"operation": {}},
    OutgoingMail: {"expires_at": timezone.now()},
    ImportJob: {"repo_id": 1, "root": b""},
    BlobFetch: {"repo_id": 1},
    AccountArchive: {"repo_id": 1, "host_id": 1},
    EvidenceExport: {"host_id": 1, "repo_id": 1, "asked_id": 1},
    BulkAction: {"tenant_id": 1, "staff_id": 1},
    MoveIn: {"repo_id": 1, "host_id": 1},
    WebhookDelivery: {"webhook_id": 1},
    Job: {},
    RepoDeletion: {"repo_id": 1, "host_id": 1, "last_event_id": 1},
}
TABLES = [model for model in apps.get_models() if issubclass(model, LeasedJob)]


def states(model: type[LeasedJob]) -> list[str]:
    return [state for state, _label in model._meta.get_field("state").choices or ()] or [*OPEN]


def allowed(model: type[LeasedJob]) -> Iterator[tuple[str, str]]:
    """MOVES, with the table's own words for how a job ends."""
    all_states = states(model)
    words = {state: [state] for state in OPEN}
    words[END] = [state for state in all_states if state not in OPEN]
    for before, afters in model.MOVES.items():
        for after in afters:
            yield from ((a, b) for a in words[before] for b in words[after] if a != b)


def decided(state: str) -> dict[str, Any]:
    return {"state": state, "decided_at": None if state in OPEN else timezone.now()}


def moves(model: type[LeasedJob], before: str, after: str) -> bool:
    """Whether Postgres lets a row go from one state to the other."""
    with transaction.atomic():
        row = model.objects.create(**ROWS[model], **decided(before))
        try:
            with transaction.atomic():
                model.objects.filter(pk=row.pk).update(**decided(after))
        except IntegrityError as error:
            if "cannot become" not in str(error):
                raise
            return False
        finally:
            transaction.set_rollback(True)
    return True


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model._meta.db_table)
def test_the_tables_triggers_hold_the_life_cycle(
    model: type[LeasedJob], ash: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    if model is OutgoingMail:
        monkeypatch.setitem(ROWS[model], "host", ash)
    all_states = states(model)
    pairs = [(a, b) for a in all_states for b in all_states if a != b]
    assert {pair for pair in pairs if moves(model, *pair)} == set(allowed(model))


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model._meta.db_table)
def test_no_job_is_both_open_and_decided(model: type[LeasedJob]) -> None:
    names = {constraint.name for constraint in model._meta.constraints}
    assert f"{model._meta.db_table}_is_open_or_decided" in names
    assert f"{model._meta.db_table}_due" in {index.name for index in model._meta.indexes}
