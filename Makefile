# Two commands on a machine with Python 3.11, make and a C compiler: `make run` and `make test`.
# A stamp per lock file, so that packages are installed only when a lock has changed.

SHELL := /bin/sh
.DEFAULT_GOAL := run
BIN := .venv/bin
PYTHON := $(shell for each in python3.11 python3 python; do \
	"$$each" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null \
	&& { echo "$$each"; break; }; done)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
SOURCES := protocol hosting accounts repos moderation xrpc
NO_PYTHON := Grove needs Python 3.11: python3.11 was not found. Install it (Debian: apt-get install python3.11 python3.11-venv).

.PHONY: run test lint format clean

run: .venv/installed
	@exec $(BIN)/python manage.py run

test: .venv/installed-dev
	@exec $(BIN)/pytest $(TESTS)

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

format: .venv/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv .mypy_cache .ruff_cache .import_linter_cache .hypothesis

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "$(NO_PYTHON)" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/installed: requirements.lock | .venv/bin/python
	@echo "installing packages (once, and again when requirements.lock changes)" >&2
	@$(INSTALL) -r requirements.lock
	@touch $@

# The development lock holds everything in the other one too.
.venv/installed-dev: requirements-dev.lock | .venv/bin/python
	@echo "installing packages (once, and again when requirements-dev.lock changes)" >&2
	@$(INSTALL) -r requirements-dev.lock
	@touch $@ .venv/installed
