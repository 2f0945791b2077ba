# Each target works alone on a fresh machine with git, make, Python 3.11 and pip.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup demo test test-full check bench

setup: .venv/ready

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Motet needs Python 3.11 or newer"'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: setup
	$(BIN)/motet train examples/demo.yaml --output demo
	$(BIN)/motet evaluate demo

test: setup
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

test-full: setup
	$(BIN)/python -m pytest -m 'full or not full'

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/architecture

bench: setup
	$(BIN)/python -m benchmarks
