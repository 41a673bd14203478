"""Celery tasks of the provider (server/jobs/beat_schedule.py). Each may run twice."""

from celery import shared_task

from provider.api import idempotency
from provider.jobs import running
from provider.pages.status import watching
from provider.relay_standing import checks
from provider.tenancy import drafts, usage
from provider.tenancy.host_checks import host_names
from provider.tenant_archive import kept_files
from provider.webhooks import deliveries, records


@shared_task(name="provider.forget_old")
def forget_old() -> None:
    """Hourly: idempotency keys of a day ago, deliveries and drafts of a month, jobs of a season,
    archives of some days."""
    idempotency.forget_old()
    deliveries.forget_old()
    running.forget_old()
    drafts.forget_old()
    kept_files.forget_old()


@shared_task(name="provider.deliver_webhook")
def deliver_webhook(delivery_id: int) -> None:
    """One event to one address, one attempt; the sweep makes the next one."""
    deliveries.deliver(delivery_id)


@shared_task(name="provider.wake_webhooks")
def wake_webhooks() -> None:
    """Every few seconds: deliveries whose next attempt is due."""
    deliveries.queue.sweep()


@shared_task(name="provider.run_job")
def run_job(job_id: int) -> None:
    """An attempt at long work; the sweep makes the next one."""
    running.run(job_id)


@shared_task(name="provider.wake_jobs")
def wake_jobs() -> None:
    """Every few seconds: long work that is due."""
    running.sweep()


@shared_task(name="provider.check_relays")
def check_relays() -> None:
    """Every minute: what relays say of hosts that they have not been asked about for a while."""
    checks.check_due()


@shared_task(name="provider.tell_records")
def tell_records() -> None:
    """Every few seconds: records for webhooks that name collections."""
    records.read_on()


@shared_task(name="provider.watch_status")
def watch_status() -> None:
    """Every minute: the figures of the status page."""
    watching.watch()


@shared_task(name="provider.count_usage")
def count_usage() -> None:
    """Every five minutes: what tenants use, for their limits; warnings of what is nearly full."""
    usage.count()


@shared_task(name="provider.count_days")
def count_days() -> None:
    """Hourly: the days that are over, the month before on the second; warnings to people."""
    usage.count_days()


@shared_task(name="provider.check_host_names")
def check_host_names() -> None:
    """Every ten minutes: custom host names that are due for a look."""
    host_names.check_due()
