# Every verb calls a script and returns its status; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
PY := .venv/bin/python

.PHONY: help setup lock fmt

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  %-20s %s\n", $$1, $$2}'

setup: ## the environment as the locks say; quick when nothing changed
	@python3 infra/setup/setup.py

lock: ## resolve the lock files anew (UPGRADE=1 takes the newest versions)
	@$(PY) infra/setup/lock.py $(if $(UPGRADE),--upgrade,)

fmt: setup ## format the code and mend what the linter can
	@.venv/bin/ruff check --quiet --fix-only . && .venv/bin/ruff format .
