# Everything runs in a private virtual environment, made at first use from pyproject.toml.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DEMO   := .demo
MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := help

.PHONY: help
help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1	\2/' | expand -t 20

$(READY): pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv is needed: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(READY)

.PHONY: demo
demo: $(READY) ## make a synthetic customer database safe: dump in, safe dump and report out
	@rm -rf $(DEMO) && mkdir -p $(DEMO)
	@$(BIN)/anonymizer key new $(DEMO)/demo.key
	@$(BIN)/anonymizer run fixtures/erp/erp.sql $(DEMO)/safe.sql --rules fixtures/erp/erp.rules.yaml \
		--key-file $(DEMO)/demo.key --report $(DEMO)/report

.PHONY: test
test: check ## check the code, then run every test (starts and stops its own PostgreSQL)
	$(BIN)/python -m pytest -q -n auto $(PYTEST_ARGS)

.PHONY: check
check: $(READY) ## style, types and the direction of imports
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: bench
bench: $(READY) ## print every figure that the README claims, as ratios measured in one run
	$(BIN)/python -m tests.benchmarks

.PHONY: bench-detect
bench-detect: $(READY) ## judge detection by the labelled databases in the folder ANONYMIZER_SAMPLES
	$(BIN)/python -m tests.benchmarks.bench_detect

.PHONY: golden
golden: $(READY) ## write the expected pseudonyms anew; read the difference before you commit it
	GOLDEN=write $(BIN)/python -m pytest -q tests/pseudonyms tests/transforms tests/conformance

.PHONY: fixtures
fixtures: $(READY) ## make the synthetic databases anew (needs the test PostgreSQL)
	$(BIN)/python -m fixtures.erp.make

.PHONY: clean
clean: ## remove what these targets made
	rm -rf $(VENV) $(DEMO) .mypy_cache .ruff_cache .import_linter_cache .hypothesis
