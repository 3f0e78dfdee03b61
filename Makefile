.PHONY: figures demo test quick nightly bench docs clean

PYTHON ?= python3
BIN := .venv/bin

figures: .venv/figures.stamp  ## worlds -> optima -> properties -> figures, into out/; NAME=tilt makes one
	$(BIN)/testbed figures $(NAME) --out out

demo: .venv/demo.stamp  ## a page of the live notebooks, until interrupted
	$(BIN)/testbed demo all

test: .venv/test.stamp  ## lint, types, layers, tests
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2 -m "not nightly"

quick: .venv/test.stamp  ## the quick subset of the tests
	$(BIN)/python -m pytest -n 2 -m "not slow and not nightly"

nightly: .venv/test.stamp  ## what takes hours: more examples, more problems, other processors; see docs/nightly.md
	$(BIN)/python tests/support/nightly.py

bench: .venv/bench.stamp  ## side by side with the peers, into docs/benchmarks.md: about 25 minutes on two idle cores
	$(BIN)/python -m benchmarks

docs: .venv/docs.stamp  ## the API reference, from the docstrings, into out/docs
	$(BIN)/python docs/api/build.py

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python >= 3.11 is needed, this is " + sys.version)'
	$(PYTHON) -m venv .venv

.venv/figures.stamp: setup.cfg pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt -e ".[figures,convex]"
	@touch $@

.venv/demo.stamp: setup.cfg pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt -e ".[demos]"
	@touch $@

.venv/test.stamp: setup.cfg pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt -e ".[figures,convex,demos,docs,test,dev]"
	@touch $@ .venv/figures.stamp .venv/demo.stamp .venv/docs.stamp

.venv/bench.stamp: setup.cfg pyproject.toml constraints.txt benchmarks/constraints.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt -c benchmarks/constraints.txt -e ".[figures,convex,bench]"
	@touch $@ .venv/figures.stamp

.venv/docs.stamp: setup.cfg pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt -e ".[figures,convex,docs]"
	@touch $@ .venv/figures.stamp

clean:
	rm -rf .venv out build *.egg-info
