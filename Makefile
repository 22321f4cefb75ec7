# Two commands are enough: `make run` shows the product, `make test` passes the tests.
# Needed: Debian's python3 (3.11), python3-venv, make. Everything else is made below .venv and var.

PORT ?= 8000
PYTHON3 ?= python3
WORKERS ?= 2
SCALE ?= small

VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip --disable-pip-version-check --no-input
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
BENCH := $(VENV)/.bench-installed
PYTEST_ONE := $(PYTHON) -m pytest
PYTEST := $(PYTEST_ONE) -n $(WORKERS) --dist loadgroup

export PYTHONUNBUFFERED := 1

.PHONY: run test check bench messages catalogues clean help
.DEFAULT_GOAL := help

help:
	@echo "make run      the product with a demonstration county, on http://127.0.0.1:$(PORT)/ (PORT=…)"
	@echo "make test     set up, check, and all tests on SQLite and PostgreSQL"
	@echo "make check    format, lint, types, import order, migrations, translations"
	@echo "make bench    the whole year of a full county with seconds and memory for each stage (SCALE=full)"
	@echo "make messages collect new texts into locale/en"
	@echo "make clean    remove the virtual environment (never the data in var)"

run: $(RUNTIME) catalogues
	$(PYTHON) manage.py keys init
	$(PYTHON) manage.py migrate --verbosity 0
	$(PYTHON) manage.py demo --scale $(SCALE) --if-empty
	$(PYTHON) manage.py serve --port $(PORT)

# The same tests on both databases. Each run ends with what it was tested on and what was skipped.
test: check
	$(PYTHON) -m tests.services chromium
	$(PYTEST) --database=sqlite
	$(PYTEST) --database=postgres -m "not browser"

check: $(DEV) catalogues
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(VENV)/bin/lint-imports
	$(PYTHON) -m mypy .
	$(PYTEST_ONE) -q tests/harness/test_catalogue.py tests/harness/test_house.py

bench: SCALE = full
bench: $(BENCH) catalogues
	$(PYTHON) -m bench --scale $(SCALE)

messages: $(DEV)
	$(PYTHON) -m tests.harness.messages

catalogues: $(RUNTIME)
	$(PYTHON) manage.py catalogues

# --- the virtual environment: .venv is brought up to date when the pinned versions change. pyproject.toml names what the
# product uses, constraints.txt the version of every package that comes with it

PINNED = import sys, tomllib; project = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
	print(*project["dependencies"], *sum(map(project["optional-dependencies"].get, sys.argv[1:]), []), sep="\n")

$(RUNTIME): pyproject.toml constraints.txt
	@test -x $(VENV)/bin/pip || $(PYTHON3) -m venv $(VENV)
	@echo "Installing the pinned versions of pyproject.toml into $(VENV) ..."
	@$(PYTHON) -c '$(PINNED)' > $@.txt
	$(PIP) install --quiet --constraint constraints.txt --requirement $@.txt
	@touch $@

$(DEV): $(RUNTIME)
	@echo "Installing what the tests need ..."
	@$(PYTHON) -c '$(PINNED)' dev > $@.txt
	$(PIP) install --quiet --constraint constraints.txt --requirement $@.txt
	@touch $@

$(BENCH): $(DEV)
	@echo "Installing what the benchmarks compare with ..."
	@$(PYTHON) -c '$(PINNED)' dev bench > $@.txt
	$(PIP) install --quiet --constraint constraints.txt --requirement $@.txt
	@touch $@

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
