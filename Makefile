# Each target sets up .venv by itself; only the first run needs a network.

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
PYTHONS := $(or $(PYTHON),python3 python3.13 python3.12 python3.11)
BIN := .venv/bin
SOURCES := aura_mcp data engine tests voice

.DEFAULT_GOAL := help
.PHONY: help demo test check bench soak format lock clean setup sound

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: setup ## run the main job on the recording that ships with the package
	@$(BIN)/aura demo

test: setup sound ## run the tests
	@$(BIN)/pytest

check: setup ## lint, formatting, types, import rules
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/pyright
	@$(BIN)/lint-imports

bench: setup sound ## measure speed, as ratios
	@$(BIN)/python -m tests.benchmarks

soak: setup sound ## run the tests that take minutes to hours
	@$(BIN)/pytest -m soak --timeout=7200

format: setup ## format the sources and mend what can be mended
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

lock: ## pin every dependency with its hashes (needs uv and a network)
	@command -v uv >/dev/null || { echo "make lock needs uv: install it, then try again" >&2; exit 1; }
	@uv pip compile pyproject.toml --all-extras --generate-hashes --universal --python-version 3.11 \
	    --no-emit-index-url --no-header -q -o requirements.lock

clean: ## remove the virtual environment and everything generated
	@rm -rf .venv dist build .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find $(SOURCES) -type d -name __pycache__ -prune -exec rm -rf {} +

# The stamp holds what .venv was made from: this place, the lock and the project file.
# When it matches, nothing is installed and no network is touched.
setup:
	@set -e; \
	here="$$(pwd -P)"; \
	want="$$here $$(cat requirements.lock pyproject.toml | cksum)"; \
	if [ -x $(BIN)/python ] && [ "$$(cat .venv/stamp 2>/dev/null)" = "$$want" ] \
	    && $(BIN)/python -c '' 2>/dev/null; then exit 0; fi; \
	python=; \
	for name in $(PYTHONS); do \
	    if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python="$$name"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "AURA needs Python 3.11 or newer; tried: $(PYTHONS). Install it, or name it: make PYTHON=/path/to/python3 …" >&2; \
	    exit 1; \
	fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	    package="$$("$$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"; \
	    if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	        echo "Installing the system package $$package …"; \
	        apt-get install -qq -y "$$package" >/dev/null 2>&1 \
	            || { apt-get update -qq && apt-get install -qq -y "$$package" >/dev/null; } || true; \
	    fi; \
	    "$$python" -c 'import ensurepip, venv' 2>/dev/null || { \
	        echo "$$python cannot create virtual environments: install the system package $$package, then try again" >&2; \
	        exit 1; }; \
	fi; \
	echo "Setting up .venv from requirements.lock (once; needs a network) …"; \
	rm -f .venv/stamp; \
	if ! { [ -x $(BIN)/python ] && $(BIN)/python -m pip --version 2>/dev/null | grep -qF "$$here/"; }; then \
	    "$$python" -m venv --clear .venv; \
	fi; \
	pip="$(BIN)/python -m pip --disable-pip-version-check --no-input install -q"; \
	if ! { $$pip --require-hashes -r requirements.lock && $$pip --no-deps --no-build-isolation -e .; }; then \
	    echo "The set-up did not finish; the reason is above. Run the same command again to continue." >&2; \
	    exit 1; \
	fi; \
	echo "$$want" > .venv/stamp

# What the voice agent's tests need of a Debian machine: a sound card without hardware, and somebody who speaks into it.
# Where it cannot be installed those tests say so, and are skipped; in CI they fail.
SOUND := libportaudio2 pulseaudio pulseaudio-utils libasound2-plugins espeak-ng sox

sound:
	@if dpkg -s $(SOUND) >/dev/null 2>&1 || ! command -v apt-get >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ]; then as=; elif sudo -n true 2>/dev/null; then as="sudo -n"; else exit 0; fi; \
	echo "Installing the system packages $(SOUND) …"; \
	install="$$as apt-get install -qq -y --no-install-recommends $(SOUND)"; \
	$$install >/dev/null 2>&1 || { $$as apt-get update -qq && $$install >/dev/null; } \
	    || echo "They could not be installed: tests that need a sound card will say so." >&2

.PHONY: bundle
bundle: setup ## pack build/aura.mcpb for Claude Desktop (needs Node; the first run a network)
	@$(BIN)/python -m aura_mcp.bundle
