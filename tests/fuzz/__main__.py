"""`python -m tests.fuzz TARGET --runs N`: coverage-guided, by atheris (libFuzzer for Python).

atheris is no dependency of ours; install it for the occasion (docs/fuzzing.md). A finding ends the
run, its input is left in the folder `--found`.
"""

import argparse
import importlib
import sys
import tempfile
from pathlib import Path

import atheris

PACKAGES = ["protocol", "hosting", "accounts", "repos", "moderation", "xrpc"]
TARGETS = sorted(
    file.stem
    for file in Path(__file__).parent.glob("[a-z]*.py")
    if not file.stem.startswith("test")
)


def main() -> None:
    """Fuzz one target until the runs are over or something is found."""
    options = _options()
    with atheris.instrument_imports(include=PACKAGES):
        target = importlib.import_module(f"tests.fuzz.{options.target}")
    if options.target == "http":
        target.prepare()
    corpus = Path(options.corpus or tempfile.mkdtemp(prefix="grove-fuzz-"))
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.SEEDS):
        (corpus / f"seed-{number}").write_bytes(seed)
    options.found.mkdir(parents=True, exist_ok=True)
    arguments = [
        sys.argv[0],
        f"-runs={options.runs}",
        f"-max_total_time={options.seconds}",
        f"-max_len={options.max_len}",
        f"-timeout={options.timeout}",
        f"-rss_limit_mb={options.memory_mb}",
        f"-artifact_prefix={options.found}/{options.target}-",
        "-print_final_stats=1",
        "-report_slow_units=1",
        str(corpus),
    ]
    atheris.Setup(arguments, target.check)
    atheris.Fuzz()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=0, help="end earlier; 0: never")
    parser.add_argument("--max-len", type=int, default=4096, help="bytes of an input")
    parser.add_argument("--timeout", type=int, default=2, help="seconds that one input may take")
    parser.add_argument("--memory-mb", type=int, default=1024, help="what the process may hold")
    parser.add_argument("--corpus", help="a folder to keep what was learned; else a new one")
    parser.add_argument("--found", type=Path, default=Path("found"), help="folder for findings")
    return parser.parse_args()


if __name__ == "__main__":
    main()
