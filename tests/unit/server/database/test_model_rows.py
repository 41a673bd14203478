"""Rows of hand-written SQL as Django's models, there and back."""

import pytest
from django.db import IntegrityError
from django.utils import timezone

from accounts.models import Account, RecoveryKey
from server.database import connection, model_rows
from tests.factories import account_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(ash) -> Account:
    return account_row(ash)


def test_an_instance_that_is_written_is_what_the_orm_reads(alice: Account) -> None:
    written = model_rows.insert(RecoveryKey(account=alice, did_key="did:key:z1", name="in a safe"))
    read = RecoveryKey.objects.get()
    assert (written.pk, written.created_at) == (read.pk, read.created_at)
    assert model_rows.values(written) == model_rows.values(read)
    assert not written._state.adding


def test_a_row_of_ones_own_statement_is_the_model(alice: Account) -> None:
    kept = RecoveryKey.objects.create(account=alice, did_key="did:key:z1")
    names = ", ".join(model_rows.columns(RecoveryKey))
    row = connection.row(f"SELECT {names} FROM recovery_key WHERE id = %s", (kept.pk,))
    found = model_rows.instance(RecoveryKey, row)
    assert found == kept
    found.name = "in the drawer"
    found.save()
    assert RecoveryKey.objects.get().name == "in the drawer"


def test_what_a_model_fills_in_by_itself_is_a_parameter(alice: Account) -> None:
    given = dict(model_rows.parameters(RecoveryKey(account=alice, did_key="did:key:z1")))
    assert given["account_id"] == alice.pk
    assert given["created_at"] <= timezone.now()
    assert given["proven_at"] is None


def test_what_postgres_refuses_is_djangos_error(alice: Account) -> None:
    model_rows.insert(RecoveryKey(account=alice, did_key="did:key:z1"))
    with pytest.raises(IntegrityError):
        model_rows.insert(RecoveryKey(account=alice, did_key="did:key:z1"))
