"""A host that writes, and a mail server that takes what it writes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hosting.mail import delivery
from tests.smtp_server import PostOffice


@pytest.fixture
def post_office(tmp_path: Path, settings) -> Iterator[PostOffice]:
    """Closed; the settings lead to it."""
    office = PostOffice(tmp_path)
    settings.SMTP_URL = office.url
    settings.EMAIL_BACKEND = "hosting.mail.smtp.Backend"  # pytest-django has a test's own
    settings.VALKEY_URL = ""
    delivery.outage.end()
    yield office
    office.close()
    delivery.outage.end()
