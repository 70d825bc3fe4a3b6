# Every verb calls a script and returns its status; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
PY := .venv/bin/python

.PHONY: fuzz pictures help setup lock fmt check test test-long unit contract conformance component e2e oracle test-oracles up down status logs clean run services stop token lab-lock demo bench contracts contracts-check contracts-release

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  %-20s %s\n", $$1, $$2}'

setup: ## the environment as the locks say; quick when nothing changed
	@python3 infra/setup/setup.py

lock: ## resolve the lock files anew (UPGRADE=1 takes the newest versions)
	@$(PY) infra/setup/lock.py $(if $(UPGRADE),--upgrade,)

fmt: setup ## format the code and mend what the linter can
	@.venv/bin/ruff check --quiet --fix-only . && .venv/bin/ruff format .

demo: setup ## the whole system with stations charging (STATIONS=50 SPEED=60); Ctrl-C stops it all
	@$(PY) -m ev_demo $(if $(STATIONS),--stations $(STATIONS),) $(if $(SPEED),--speed $(SPEED),) $(if $(FOR),--for-s $(FOR),)

check: setup ## format, lint, types, walls, house rules, locks, contracts
	@infra/checks/check.sh

test: check unit oracle contract conformance component e2e ## everything CI runs

fuzz: setup ## broken frames against the gateway's frame layer (FRAMES=1000000 a version, SEED=1)
	@EV_FUZZ_FRAMES=$(or $(FRAMES),1000000) EV_FUZZ_SEED=$(SEED) $(PY) -m pytest -q -s services/charger-gateway/tests/unit/test_fuzz.py

test-long: setup ## the crash and chaos tests and the prices' comparison with their full numbers
	@EV_LONG=1 infra/checks/tests.sh oracle && EV_LONG=1 infra/checks/tests.sh component $(S) && EV_LONG=1 infra/checks/tests.sh e2e

test-clients: setup ## stations of four other languages against the gateway (ONLY=rust for one; needs go, node, java with maven, cargo)
	@$(PY) -m clients $(ONLY)

replay: setup ## a station's film again, against a gateway: FRAMES=film.json (what /v1/stations/{id}/film answers)
	@$(PY) -m conformance.replay $(FRAMES)

unit: setup ## the tests that need nothing (S=pricing for one service)
	@infra/checks/tests.sh unit $(S)

oracle: setup ## every price twice: the engine's, and that of a second calculator which shares no code with it
	@infra/checks/tests.sh oracle

test-oracles: setup ## a foreign program's prices beside ours, each difference with who is right and why (N=300, needs cargo)
	@$(PY) services/pricing/tests/oracle/foreign.py $(or $(N),300) $(SEED)

contract: setup ## the contracts' own tests
	@infra/checks/tests.sh contract

conformance: setup ## each port's twins pass one suite, on the lab
	@infra/checks/tests.sh conformance $(S)

component: setup ## each service as a black box on the lab (S=pricing for one)
	@infra/checks/tests.sh component $(S)

e2e: setup ## the journeys, from plug-in to invoice
	@infra/checks/tests.sh e2e

bench: up ## the gateway beside its floor, the loops and the whole chain, measured; JSON (OUT=file keeps it)
	@$(PY) e2e/bench $(if $(OUT),--out $(OUT),)

contracts: setup ## generate everything that is generated from the contracts
	@$(PY) -m ev_contract_tools generate

contracts-check: setup ## the law of contracts
	@$(PY) -m ev_contract_tools check

contracts-release: up ## add new shapes to history/, register all of them and write their ids down
	@$(PY) -m ev_contract_tools release
	@$(PY) -m ev_lab release

up: setup ## start Kafka, registry and Cassandra; idempotent, data is kept
	@$(PY) -m ev_lab up

down: ## stop our services and the lab
	@$(PY) -m ev_lab down

status: ## every edge and whether it is ready (JSON=1 for programs)
	@$(PY) -m ev_lab status $(if $(JSON),--as-json,)

logs: ## the end of the logs, or of one with S=pricing
	@$(PY) -m ev_lab logs $(S)

clean: ## stop everything and remove the lab's data (ALL=1: the downloads too)
	@$(PY) -m ev_lab clean $(if $(ALL),--downloads,)

run: up ## start one of our services with S=pricing
	@$(PY) -m ev_lab run $(S)

services: up ## start all of our services that are built
	@$(PY) -m ev_lab run

stop: ## stop our services (all, or S=pricing), not the lab
	@$(PY) -m ev_lab stop $(S)

token: ## a bearer token for scripts: make token ROLE=cpo
	@$(PY) -m ev_lab token $(ROLE)

lab-lock: setup ## resolve the lab's Java artifacts anew
	@$(PY) -m ev_lab lock

pictures: setup ## pictures of the pages (DEMO=<address of the dashboards> for those of a running demo)
	@$(PY) services/dashboards/pictures/take.py $(DEMO)
