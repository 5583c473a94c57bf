# Every target makes `.venv` first and installs what is tested (constraints.txt).
PYTHON ?= $(if $(filter Windows_NT,$(OS)),python,python3)
VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help

.PHONY: help
help: ## List what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml constraints.txt install.py
	$(PYTHON) install.py --dev --venv $(VENV)
	@touch $@

.PHONY: install
install: $(STAMP) ## Make .venv and install harness with all that tests need

.PHONY: demo
demo: $(STAMP) ## Do the whole job offline and print the link of the report
	$(BIN)/harness --workspace .demo demo

.PHONY: test
test: $(STAMP) browser ## Run the tests and the static checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto

.PHONY: check
check: $(STAMP) ## Static checks only: ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.PHONY: browser
browser: ## Install Chromium for the browser tests where apt and root are there
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq chromium fonts-noto-core; } || \
	  echo 'no Chromium here: browser tests will be skipped and say so'

.PHONY: docs
docs: $(STAMP) ## Build the documentation into site/, with every warning an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

.PHONY: format
format: $(STAMP) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: clean
clean: ## Remove .venv, caches and the demo's workspace
	rm -rf $(VENV) .demo .pytest_cache .mypy_cache .ruff_cache
