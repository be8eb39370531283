# Elenchus. `make demo` shows it, `make test` proves it; both install what they need into .venv first.

.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin
# Recipes find anvil and ape in the environment, and Ape keeps its data beside the project instead of in the home.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export APE_DATA_FOLDER := $(CURDIR)/.ape
export PYTHON

.PHONY: help install lint format test demo models accuracy emulated mutants bench soak snapshots lock clean

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 12

install: $(BIN)/.ready ## Python packages and anvil, into .venv
	@:
$(BIN)/.ready: scripts/install pyproject.toml requirements.lock requirements-node.lock package.json package-lock.json
	@scripts/install
	@touch $@

PYTHON_CODE := executor scripts tests
TYPED_CODE := executor scripts
VYPER_CODE := $(shell find contracts -name '*.vy' -o -name '*.vyi' 2>/dev/null)
IMPORTED := $(filter contracts/modules/% %.vyi,$(VYPER_CODE))

# Ape recompiles a contract when its own file changed, but not when something that it imports did.
.build/__local__.json: $(BIN)/.ready ape-config.yaml $(IMPORTED)
	@ape compile --force
	@touch $@

lint: install ## formatting, common mistakes, types
	@ruff check --quiet $(PYTHON_CODE)
	@ruff format --check --quiet $(PYTHON_CODE)
	@mypy $(TYPED_CODE)
	@$(if $(VYPER_CODE),mamushi --quiet --check --line-length 110 $(VYPER_CODE))

format: install ## rewrite the formatting that lint checks
	@ruff check --quiet --fix $(PYTHON_CODE)
	@ruff format --quiet $(PYTHON_CODE)
	@$(if $(VYPER_CODE),mamushi --quiet --line-length 110 $(VYPER_CODE))

test: lint ## lint, then every test, then the demo
	@pytest --hypothesis-profile=ci
	@$(MAKE) --no-print-directory demo

demo: .build/__local__.json ## digits, classified and paid for; a liar, refuted; a bad version, voted in and taken out
	@ape run demo $(if $(MODEL),--model $(MODEL))

models: install ## real networks, inputs for them and their programs, into .models
	@python -m scripts._models

accuracy: models ## what those programs lose against the float networks: ACCURACY.md
	@python -m scripts._models.accuracy

emulated: models ## the same bits on processors that qemu emulates: EMULATED.md
	@python -m scripts._emulated

mutants: .build/__local__.json ## break rules of governance one at a time; which test notices: MUTANTS.md
	@python -m scripts.mutants

bench: .build/__local__.json ## the numbers in BENCHMARKS.md
	@ape run bench

soak: install ## the long forms of the tests
	@pytest -m soak --hypothesis-profile=soak

snapshots: install ## rewrite tests/snapshots after a change of gas, size or layout
	@pytest -m snapshot --rewrite-snapshots

lock: ## resolve requirements.lock and requirements-node.lock anew from pyproject.toml
	@scripts/lock

clean: ## remove everything that make made
	@rm -rf .venv .ape .build .models node_modules
	@rm -rf .pytest_cache .hypothesis .mypy_cache .ruff_cache
