"""Health and the host's own DID document."""

import orjson
from django.db import OperationalError, connection
from django.test import RequestFactory

from protocol.did.did_document import DidDocument
from xrpc import well_known


def no_database(*_):
    raise OperationalError("password of the database")


def test_health_without_a_database_is_a_503_that_shows_nothing(db):
    with connection.execute_wrapper(no_database):
        response = well_known.health(RequestFactory().get("/xrpc/_health"))
    body = orjson.loads(response.content)
    assert (response.status_code, body["error"]) == (503, "Service Unavailable")
    assert body["version"] == well_known.VERSION


def test_the_hosts_document_leads_to_its_origin(ash):
    request = RequestFactory().get("/.well-known/did.json")
    request.host = ash
    document = DidDocument(orjson.loads(well_known.did_document(request).content))
    assert (document.did, document.pds) == (ash.service_did, ash.origin)
