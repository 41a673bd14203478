"""Commits and reads per second through the repos package, without HTTP; its own Postgres, fsync on.

    python -m bench.commit_bench [--seconds 5] [--repos 300] [--profile]

Every commit is a post at a random repo: lexicon check, tree, signature, event, all rows, while a
sequencer numbers the events. One writer, eight and sixteen side by side, two processes of eight.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from server.embedded import postgres
from server.encryption import secret_files


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--repos", type=int, default=300)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    data = Path(tempfile.mkdtemp(prefix="grove-bench-"))
    secret_files.create_missing(data)
    database = postgres.start(data, {})
    os.environ["GROVE_DATA"] = str(data)
    os.environ["DATABASE_URL"] = database.url
    os.environ["DJANGO_SETTINGS_MODULE"] = "hosting.settings"
    try:
        subprocess.run([*worker("prepare"), "--repos", str(options.repos)], check=True)
        subprocess.run([*worker("read"), "--seconds", str(options.seconds)], check=True)
        measure(options)
    finally:
        database.stop()
        shutil.rmtree(data, ignore_errors=True)


def worker(task: str) -> list[str]:
    return [sys.executable, "-m", "bench.commit_worker", task]


def measure(options: argparse.Namespace) -> None:
    sequencer = subprocess.Popen([sys.executable, "-m", "repos.events.sequencer"])
    try:
        for processes, writers in ((1, 1), (1, 8), (1, 16), (2, 8)):
            is_profiled = options.profile and (processes, writers) == (1, 1)
            command = [*worker("write"), "--writers", str(writers)]
            command += ["--seconds", str(options.seconds)] + ["--profile"] * is_profiled
            report(options.seconds, processes, writers, command)
    finally:
        sequencer.terminate()
        sequencer.wait()


def report(seconds: float, processes: int, writers: int, command: list[str]) -> None:
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(processes)]
    outputs = [worker.communicate()[0].decode().splitlines() for worker in workers]
    latencies = sorted(float(text) for output in outputs for text in output[-2].split())
    cpu = sum(float(output[-1]) for output in outputs)
    for output in outputs:
        print("\n".join(output[:-2]))
    count = len(latencies)
    median, worst = latencies[count // 2] * 1000, latencies[count * 99 // 100] * 1000
    print(
        f"{processes} x {writers} writers: {count / seconds:.0f} commits/s, p50 {median:.2f} ms, "
        f"p99 {worst:.2f} ms, client CPU {cpu / count * 1e6:.0f} us a commit",
        flush=True,
    )


if __name__ == "__main__":
    main()
