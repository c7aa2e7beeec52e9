# Every target sets itself up: `make demo` and `make test` work on a bare machine with Python and make.
# Nothing but the hashes in requirements.lock decides what is installed.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TESTED := $(VENV)/.ready-test
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links --no-annotate --quiet $(LOCKFLAGS)
# Which interpreter: the first of these that runs and is 3.11 or newer. Override: make PYTHON=…
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$p" && break; done)
TESTS ?= tests
# A test starts hundreds of processes; each would compile the program anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run demo check lint format test starts chaos score lock image-check clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## build .venv from requirements.lock, with .venv/bin/kabulwire

$(BIN)/python:
	@[ -n "$(PYTHON)" ] || { echo "kabulwire needs Python 3.11 or newer; none was found on PATH." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Python's venv and ensurepip are missing. On Debian and Ubuntu this installs them:" >&2; \
	  $(PYTHON) -c 'import sys; print("    sudo apt-get install -y python%d.%d-venv" % sys.version_info[:2])' >&2; \
	  exit 1; }
	@echo "setting up $(VENV) (once) …" >&2
	@$(PYTHON) -m venv $(VENV)

# A venv that was made without pip, or broken off half-way, gets its pip here.
HAVE_PIP = @$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip --upgrade >/dev/null

$(READY): requirements.lock pyproject.toml | $(BIN)/python
	$(HAVE_PIP)
	@$(PIP) --require-hashes --requirement requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# Both lock files at once, with the uv of the second: pip takes over a minute for these hundred packages,
# uv ten seconds. Where uv cannot have them as pip is told to (its own index, say), pip installs them.
$(TESTED): requirements.lock requirements-test.lock pyproject.toml | $(BIN)/python
	@echo "installing what the tests need (once) …" >&2
	$(HAVE_PIP)
	@awk '/^uv==/ { on = 1 } on { print } on && !/\\$$/ { exit }' requirements-test.lock >$(VENV)/uv.txt
	@$(PIP) --require-hashes --requirement $(VENV)/uv.txt
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes --requirement requirements-test.lock || \
	  $(PIP) --require-hashes --requirement requirements-test.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $(READY) $@

run: setup ## the worker on config/; stops on Ctrl-C
	$(BIN)/kabulwire run

demo: setup ## a loopback newsroom, the real worker, incidents on the screen
	@$(BIN)/kabulwire demo

lint: $(TESTED) ## ruff, mypy, layers
	$(BIN)/ruff check worker tests docs/examples
	$(BIN)/ruff format --check worker tests docs/examples
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(TESTED) ## put code into its form
	$(BIN)/ruff check --fix worker tests docs/examples
	$(BIN)/ruff format worker tests docs/examples

check: lint ## lint, types, layers, fast tests
	$(BIN)/pytest -q -m "not slow and not broker and not chaos" $(TESTS)

test: $(TESTED) ## all tests, with a real Apache Kafka
	$(if $(filter tests,$(TESTS)),@$(BIN)/python -m tests.broker.quick_java)
	$(BIN)/pytest -q --numprocesses=4 --dist=loadfile --no-loadscope-reorder $(TESTS)

starts: $(TESTED) ## what starts workers and commands, each start a new interpreter
	KABULWIRE_TEST_STARTS=real $(BIN)/pytest -q --numprocesses=4 --dist=loadfile --no-loadscope-reorder \
	  $(if $(filter tests,$(TESTS)),tests/shell tests/profiles,$(TESTS))

chaos: $(TESTED) ## hundreds of kills, freezes, outages and cuts, on a real Kafka (25 min)
	KABULWIRE_CHAOS_ROUNDS=$${KABULWIRE_CHAOS_ROUNDS:-50} $(BIN)/pytest -q -s -m chaos --timeout=3600 $(TESTS)

score: $(READY) ## how well it reads and merges, against labelled data; fails below a floor (RAISE=1)
	@$(BIN)/python -m tests.score $(addprefix --only ,$(ONLY)) $(addprefix --without ,$(WITHOUT)) \
	  $(if $(MISSES),--misses $(MISSES)) $(if $(FULL),--full) \
	  $(if $(JSON),--json $(JSON)) $(if $(RAISE),--raise-floors)

lock: $(TESTED) ## renew both lock files (LOCKFLAGS=--upgrade for newer versions)
	$(LOCK) --extra build --output-file requirements.lock
	$(LOCK) --extra build --extra test --constraint requirements.lock --output-file requirements-test.lock

# The root is read-only and nobody is root, as in compose and cluster; buildah keeps its own store.
BUILDAH := buildah --storage-driver vfs
image-check: ## build the image with buildah, and start it
	@command -v buildah >/dev/null || { echo "buildah is not installed; the image was not built." >&2; exit 1; }
	$(BUILDAH) build --isolation chroot --format docker -f deploy/Dockerfile -t kabulwire-check .
	@box=$$($(BUILDAH) from kabulwire-check) && trap '$(BUILDAH) rm '$$box' >/dev/null' EXIT && \
	  $(BUILDAH) run --isolation chroot $$box -- kabulwire version && \
	  $(BUILDAH) run --isolation chroot $$box -- kabulwire check && \
	  $(BUILDAH) run --isolation chroot $$box -- sh -c '! ls /opt/kabulwire/bin/hatchling /opt/kabulwire/bin/pip 2>/dev/null' && \
	  $(BUILDAH) inspect --type image kabulwire-check | grep -q '"Healthcheck"'

clean: ## remove .venv and caches; never the store
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
