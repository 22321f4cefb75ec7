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
PYTEST := $(PYTHON) -m pytest -n $(WORKERS) --dist loadgroup

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
	$(PYTHON) manage.py collectstatic --noinput --verbosity 0
	$(PYTHON) manage.py demo --scale $(SCALE) --if-empty
	$(PYTHON) manage.py serve --port $(PORT)

# The types of the code and the tests of both databases; the summary of each run says what it used.
test: check
	$(PYTHON) -m tests.services chromium
	$(PYTEST) --database=sqlite
	$(PYTEST) --database=postgres -m "not browser"

check: $(DEV) catalogues
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(VENV)/bin/lint-imports
	$(PYTHON) -m mypy .
	$(PYTHON) -m tests.settings_check

bench: $(DEV)
	$(PYTHON) -m bench

messages: $(DEV)
	$(PYTHON) -m tests.harness.messages

catalogues: $(RUNTIME)
	$(PYTHON) manage.py catalogues

# --- the virtual environment: made again when the pinned versions change

$(RUNTIME): pyproject.toml
	$(PYTHON3) -m venv $(VENV)
	$(PIP) install --quiet .
	@touch $@

$(DEV): $(RUNTIME)
	$(PIP) install --quiet ".[dev]"
	@touch $@

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
