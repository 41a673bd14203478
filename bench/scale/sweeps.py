"""The periodic tasks: `python -m bench.scale.sweeps [WORD]`, after bench.scale.fill.

Each task of the schedule whose name has the word is run once here, with relays that are never asked
(https://relay.example): milliseconds, how much of its period that is, and tables of which many rows
were read. What sends something to others finds nothing to send.
"""

import os
import sys
from collections.abc import Callable
from typing import Any, cast

os.environ.setdefault("GROVE_CRAWLERS", "https://relay.example")
os.environ.setdefault("GROVE_RELAY_HOST", "relay.localhost")

import django

django.setup()

from bench.scale.counted import cost  # noqa: E402 - needs django.setup()
from hosting.celery import app, plan_for_values  # noqa: E402 - needs django.setup()
from server.jobs.beat_schedule import SCHEDULE  # noqa: E402 - needs django.setup()


def main(word: str = "") -> None:
    app.loader.import_default_modules()
    plan_for_values()  # as a worker does
    print("| task | every, s | ms | of its period | rows read |\n|---|---|---|---|---|")
    for name, entry in SCHEDULE.items():
        if word in name:
            work = cast("Callable[[], Any]", app.tasks[name])
            found = cost(work, times=1)
            share = found.ms / entry["schedule"] / 10
            row = f"| {name} | {entry['schedule']:.0f} | {found.ms:.1f} | {share:.2f} % |"
            print(f"{row} {found.said()} |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
