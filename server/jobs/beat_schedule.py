"""The schedule of all periodic tasks: a task's dotted name and how often it runs, in seconds.

Wake-ups are only hints: each of these finds its work in the database, so a lost wake-up costs its
period and never data. `expires` keeps a queue that stood still from filling with the same task.
"""

from typing import TypedDict


class Entry(TypedDict):
    """One line of Celery's beat schedule."""

    task: str
    schedule: float
    options: dict[str, float]


def every(seconds: float, task: str) -> Entry:
    """Run a task at a period; one that waited longer than that is dropped."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


SCHEDULE: dict[str, Entry] = {
    entry["task"]: entry
    for entry in (
        every(5, "accounts.tasks.publish_due_operations"),
        every(60, "accounts.tasks.withdraw_stale_sign_ups"),
        every(60, "accounts.tasks.check_account_migrations"),
        every(60, "accounts.tasks.refresh_dids"),
        every(3600, "accounts.tasks.forget_expired_sessions"),
        every(3600, "accounts.tasks.forget_expired_web_sessions"),
        every(3600, "accounts.tasks.forget_expired_trust"),
        every(60, "accounts.tasks.forget_expired_oauth_requests"),
        every(3600, "accounts.tasks.forget_expired_oauth_sessions"),
        every(5, "hosting.mail.deliver_due"),
        every(3600, "hosting.mail.forget_old"),
        every(3600, "provider.forget_old"),
        every(300, "provider.count_usage"),
        every(3600, "provider.count_days"),
        every(5, "provider.wake_webhooks"),
        every(5, "provider.wake_jobs"),
        every(5, "provider.tell_records"),
        every(60, "provider.check_relays"),
        every(60, "provider.watch_status"),
        every(600, "provider.check_host_names"),
        every(3600, "relay.keep_event_partitions"),
        every(5, "relay.hear_collections"),
        every(15, "relay.ask_for_collections"),
        every(15, "relay.read_repos"),
        every(60, "relay.watch_hosts"),
        every(2, "repos.ask_for_crawls"),
        every(3600, "repos.keep_event_partitions"),
        every(3600, "repos.remove_unused_blobs"),
        every(3600, "repos.remove_unknown_files"),
        every(60, "repos.settle_blobs"),
        every(15, "repos.wake_imports"),
        every(5, "repos.wake_blob_fetches"),
        every(15, "repos.wake_repo_deletions"),
        every(15, "repos.wake_archives"),
        every(5, "repos.wake_moves_in"),
        every(5, "repos.resolve_lexicons"),
        every(86_400, "repos.forget_old_lexicons"),
        every(60, "accounts.tasks.delete_due_accounts"),
        every(600, "accounts.tasks.remind_of_deletions"),
        every(60, "accounts.tasks.check_custom_handles"),
        every(3600, "accounts.tasks.forget_stale_keys"),
        every(3600, "accounts.tasks.forget_old_codes"),
        every(3600, "accounts.tasks.forget_spent_challenges"),
        every(3600, "accounts.tasks.forget_old_held_sign_ups"),
        every(3600, "accounts.tasks.forget_old_places"),
        every(3600, "accounts.tasks.freeze_unseen_people"),
        every(3600, "accounts.tasks.forget_old_delegations"),
        every(3600, "moderation.forget_old_evidence"),
        every(60, "moderation.lift_suspensions"),
        every(15, "moderation.wake_evidence_exports"),
        every(60, "moderation.watch_case_clocks"),
        every(5, "moderation.wake_bulk_actions"),
        every(60, "moderation.follow_label_keys"),
        every(60, "moderation.lift_expired_labels"),
        every(5, "moderation.take_back_labels"),
    )
}
