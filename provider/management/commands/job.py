"""`manage.py job list|show|follow|stop`: long work, whoever began it."""

from typing import Any

from django.core.management import CommandParser

from provider.errors import NoSuchThing
from provider.jobs import running
from provider.management.printing import ProviderCommand
from provider.models import Job
from provider.tenancy import tenants

_LISTED_MAX = 200
_LEFT_MAX = 1_000


class Command(ProviderCommand):
    """See the module's docstring."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        listed = self.add_verb(verbs, "list", "What was begun, the newest first.")
        listed.add_argument("--tenant", help="of this tenant alone")
        for name, what in (
            ("show", "How far it is, and how it ended."),
            ("follow", "Wait until it is done."),
            ("stop", "Leave the rest undone. What is done stays done."),
        ):
            self.add_verb(verbs, name, what).add_argument("id", type=int)

    def do_list(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        """A row for each."""
        found = Job.objects.select_related("tenant").order_by("-pk")
        if options["tenant"]:
            found = found.filter(tenant=tenants.named(options["tenant"]))
        return [_row(job) for job in found[:_LISTED_MAX]]

    def do_show(self, options: dict[str, Any]) -> dict[str, Any]:
        """As it is now."""
        return shown(_job(options["id"]))

    def do_follow(self, options: dict[str, Any]) -> dict[str, Any]:
        """As it ended."""
        return shown(running.follow(_job(options["id"])))

    def do_stop(self, options: dict[str, Any]) -> dict[str, Any]:
        """As it was left."""
        running.stop(_job(options["id"]))
        return shown(_job(options["id"]))


def shown(job: Job) -> dict[str, Any]:
    """A job as commands print it, with the accounts that it could not do."""
    left = [f"{each.did}: {each.reason}" for each in job.remainders.order_by("pk")[:_LEFT_MAX]]
    return {**_row(job), **({"left": left} if left else {})}


def _row(job: Job) -> dict[str, Any]:
    return {
        "job": job.pk,
        "kind": job.kind,
        "tenant": job.tenant.slug if job.tenant else "platform",
        "state": str(job.state),
        "done": job.done_count,
        "of": job.total_count,
        "step": job.step,
        "error": job.last_error,
        "result": job.result,
    }


def _job(job_id: int) -> Job:
    job = Job.objects.select_related("tenant").filter(pk=job_id).first()
    if job is None:
        raise NoSuchThing(f"There is no job {job_id}.")
    return job
