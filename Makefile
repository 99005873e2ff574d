# Everything stays inside this clone: the virtual environment in .venv, servers and downloads in .local.
# `make` runs lint, types and tests; `make demo` shows what Casebridge does; `make help` lists the rest.

BIN := .venv/bin
READY := .venv/ready
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := check
.PHONY: check demo test lint types bench faults up down schemas lock setup clean help

check: lint types test  ## lint, types and tests (also what `make` alone does)

demo: setup  ## the main job on a real history, with SQLite and no server
	@$(BIN)/casebridge demo

test: setup  ## all tests; those that lack a server are skipped and say what they lack
	@$(BIN)/python -m deploy.local fetch
	@$(BIN)/python -m pytest

lint: setup  ## ruff
	@$(BIN)/ruff check

types: setup  ## mypy --strict
	@$(BIN)/mypy

bench: setup  ## speed and size, each as a ratio to its peer in the same run
	@$(BIN)/python -m deploy.local fetch
	@$(BIN)/python -m tests.bench

faults: setup  ## the fault tests in their larger numbers (long)
	@$(BIN)/python -m deploy.local fetch
	@CASEBRIDGE_FAULTS=large $(BIN)/python -m pytest -m faults --timeout=7200

up: setup  ## start a Kafka and a PostgreSQL on this machine, without containers
	@$(BIN)/python -m deploy.local up

down: setup  ## stop them and keep their data
	@$(BIN)/python -m deploy.local down

schemas: setup  ## write the Avro schemas from the event classes
	@$(BIN)/casebridge schemas build

setup: $(READY)  ## the locked virtual environment, made again only when the lock or pyproject.toml changed

$(READY): requirements.lock pyproject.toml
	@python=$$(command -v python3.11 || command -v python3) \
	  && "$$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
	  || { echo "Python 3.11 is needed and was not found: apt-get install python3.11 python3.11-venv" >&2; exit 1; }; \
	"$$python" -c 'import ensurepip' 2>/dev/null \
	  || { echo "Python's venv module is incomplete: apt-get install python3.11-venv (or python3-venv)" >&2; exit 1; }; \
	[ -x $(BIN)/python ] || { echo "Making .venv ..."; "$$python" -m venv .venv; }
	@echo "Installing the locked dependencies into .venv (a minute or two the first time) ..."
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $(READY)

lock:  ## write requirements.lock anew from pyproject.toml (needs uv)
	@command -v uv >/dev/null || { echo "uv is needed to lock: pipx install uv" >&2; exit 1; }
	@uv pip compile --quiet --generate-hashes --no-emit-index-url --python-version 3.11 --all-extras pyproject.toml -o requirements.lock

clean:  ## stop the servers; remove .venv, .local and what tools left
	@[ ! -e .local/servers.json ] || [ ! -x $(BIN)/python ] || $(BIN)/python -m deploy.local down
	@rm -rf .venv .local build .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:  ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20
