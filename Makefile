# Every target makes `.venv` first and installs what is tested: each file by its hash (requirements-dev.txt), torch by
# its version (constraints.txt).
PYTHON ?= $(if $(filter Windows_NT,$(OS)),python,python3)
VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help

.PHONY: help
help: ## List what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml constraints.txt requirements-dev.txt install.py
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
check: $(STAMP) ## Static checks: ruff, mypy --strict, licences and known vulnerabilities of what is installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m tests.supplies

# What brings torch brings these, too: which of them, the machine decides.
BY_TORCH := torch torchvision triton setuptools cuda-bindings cuda-pathfinder cuda-toolkit nvidia-cublas \
  nvidia-cuda-cupti nvidia-cuda-nvrtc nvidia-cuda-runtime nvidia-cudnn-cu13 nvidia-cufft nvidia-cufile nvidia-curand \
  nvidia-cusolver nvidia-cusparse nvidia-cusparselt-cu13 nvidia-nccl-cu13 nvidia-nvjitlink nvidia-nvshmem-cu13 nvidia-nvtx

.PHONY: lock
lock: $(STAMP) ## Make requirements-dev.txt again from constraints.txt; needs uv
	uv pip compile pyproject.toml --extra dev --constraint constraints.txt --python $(BIN)/python --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header $(addprefix --no-emit-package ,$(BY_TORCH)) --output-file .locked
	{ grep '^#' requirements-dev.txt; cat .locked; } > .lock && mv .lock requirements-dev.txt && rm .locked

.PHONY: campaigns
campaigns: $(STAMP) ## Run the campaigns of docs/reliability.md, long
	for each in 'flips --trials 400' 'hostile --trials 300' 'spoilt --trials 1000' 'downloads --trials 60' \
	  'crowd --trials 20' 'kills --trials 12'; do $(BIN)/python -m tests.campaigns $$each || exit 1; done

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
