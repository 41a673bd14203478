"""Long work on the console: everybody's for platform staff, a tenant's for its owner."""

import pytest

from provider.models import Job


@pytest.fixture
def job(birch) -> Job:
    """Birch's, with an account that it left."""
    job = Job.objects.create(
        kind="host.announce", tenant=birch.tenant, actor="operator", done_count=3, total_count=9
    )
    job.remainders.create(did="did:plc:left", reason="why not")
    return job


def test_platform_staff_see_every_tenants(provider, ash, job):
    listed = provider.get("/console/platform/jobs/").text
    assert f"/console/platform/jobs/{job.pk}/" in listed
    assert "3/9" in listed
    assert f"/jobs/{job.pk}/" not in provider.get("/console/platform/jobs/?state=done").text


def test_one_shows_whom_it_left_and_is_stopped(provider, ash, job):
    page = f"/console/platform/jobs/{job.pk}/"
    shown = provider.get(page).text
    assert "did:plc:left" in shown
    assert "why not" in shown
    provider.post(f"{page}stop/")
    job.refresh_from_db()
    assert job.state == Job.State.STOPPED


def test_an_owner_sees_the_own_tenants_alone(owner, ash, job):
    own = Job.objects.create(kind="host.announce", tenant=ash.tenant, actor="operator")
    listed = owner.get("/console/jobs/").text
    assert f"/console/jobs/{own.pk}/" in listed
    assert f"/console/jobs/{job.pk}/" not in listed


def test_an_owner_stops_nothing_of_the_platforms(owner, ash):
    own = Job.objects.create(kind="tenant.delete", tenant=ash.tenant, actor="operator")
    assert "/stop/" not in owner.get(f"/console/jobs/{own.pk}/").text
    owner.post(f"/console/jobs/{own.pk}/stop/")
    own.refresh_from_db()
    assert own.is_open
