"""The worker's clock, when its file cannot be written."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
# In a process of its own, which may write no file any more, as on a full disk: from its first clock
# on, and then when it makes the next one, which has no file yet.
SCRIPT = """
import resource, sys
from celery import Celery
from server.jobs.worker import Scheduler
app = Celery("test", broker="memory://")
app.conf.beat_schedule = {"sweep": {"task": "sweep", "schedule": 5.0}}
clock = Scheduler(app=app, schedule_filename=sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
clock.sync()
assert "sweep" in clock.schedule
for name in (sys.argv[1] + "-new", "/nowhere/schedule"):
    clock = Scheduler(app=app, schedule_filename=name)
    assert "sweep" in clock.schedule
    clock.sync()
"""


@pytest.mark.long
def test_a_full_disk_does_not_stop_the_clock(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", SCRIPT, str(tmp_path / "schedule")]
    subprocess.run(argv, cwd=ROOT, check=True, timeout=60, capture_output=True)
