"""A labeler at ash."""

import pytest

from accounts.models import Account
from moderation.models import Labeler
from tests import factories


@pytest.fixture
def labeler(account: Account) -> Labeler:
    return factories.labeler(account)
