.PHONY: figures test quick clean

PYTHON ?= python3
BIN := .venv/bin

figures: .venv/figures.stamp  ## worlds -> optima -> properties -> figures, into out/
	$(BIN)/testbed figures --out out

test: .venv/test.stamp  ## lint, types, layers, tests
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest

quick: .venv/test.stamp  ## the quick subset of the tests
	$(BIN)/python -m pytest -m "not slow"

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python >= 3.11 is needed, this is " + sys.version)'
	$(PYTHON) -m venv .venv

.venv/figures.stamp: setup.cfg pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[figures,convex]"
	@touch $@

.venv/test.stamp: setup.cfg pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[figures,convex,test,dev]"
	@touch $@ .venv/figures.stamp

clean:
	rm -rf .venv out build *.egg-info
