# Two commands on a machine with Python 3.11 to 3.13, make and a C compiler: `make run`, `make test`.
# `make` alone says what else there is: a target's line begins with two number signs.
# A stamp per lock file, so that packages are installed only when a lock has changed.

SHELL := /bin/sh
.DEFAULT_GOAL := help
BIN := .venv/bin
# An optimised one where there is one; another by `make run PYTHON=/opt/python/bin/python3`.
PYTHON ?= $(shell sh deploy/find-python.sh python3.11 python3.12 python3.13 python3 python)
NO_PYTHON := Grove needs Python 3.11, 3.12 or 3.13, and found none of them. Install one (Debian: apt-get install python3 python3-venv).

# pip says each package as it comes, in a word; its own status is the recipe's.
define INSTALL
	@echo "installing the packages of $< into .venv (once, and again when the file changes)" >&2
	@{ PYTHONUNBUFFERED=1 PYTHONWARNINGS=ignore $(BIN)/python -m pip install --disable-pip-version-check --no-color \
		--progress-bar off --require-hashes -r $<; echo $$? > .venv/pip-status; } | sed -un \
		-e 's/^Collecting \([^ ]*\).*/  fetching \1/p' -e 's/^ *Building wheel for \([^ ]*\) .*started.*/  building \1/p' \
		-e 's/^Installing collected packages.*/  unpacking all of them (half a minute)/p' >&2; \
		exit "$$(cat .venv/pip-status)"
	@touch $@
endef

.PHONY: help run network test test-fast lint format docs arrows clean

help: ## print this
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

run: .venv/installed ## install what it takes, start everything, print the address
	@exec $(BIN)/python manage.py run

# What it downloads beyond that, and how much, it says before it begins.
network: .venv/installed ## run, with a real app view and Ozone: a network on a laptop
	@exec $(BIN)/python manage.py network

# All of them by two processes, each with its own services; one file or folder by one.
test: .venv/installed-dev ## run all tests, or those of TESTS=tests/api/test_repo.py
	@exec $(BIN)/pytest $(or $(TESTS),-n 2)

# Every package's, without those that take most of a second (tests are marked as measured).
test-fast: .venv/installed-dev ## run the quick tests of every package, in about three minutes
	@exec $(BIN)/pytest -m "not slow and not long and not browser and not interop" $(or $(TESTS),-n 2)

lint: .venv/installed-dev ## check style, imports between packages, and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

format: .venv/installed-dev ## mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Lists that are made from the code; tests/house says when one is stale.
docs: .venv/installed-dev arrows ## write docs/methods.md, docs/modules.md and docs/arrows.svg anew
	@$(BIN)/python manage.py methods > docs/methods.md
	@$(BIN)/python -m tests.house.module_list > docs/modules.md

arrows: .venv/installed-dev ## draw docs/arrows.svg: what imports what
	@$(BIN)/python -m tests.house.arrows > docs/arrows.svg

clean: ## remove .venv and all caches; data stays
	rm -rf deploy/network/node_modules .venv .mypy_cache .ruff_cache .import_linter_cache .hypothesis

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "$(NO_PYTHON)" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/installed: requirements.lock | .venv/bin/python
	$(INSTALL)

# The development lock holds everything in the other one too.
.venv/installed-dev: requirements-dev.lock | .venv/bin/python
	$(INSTALL)
	@touch .venv/installed
