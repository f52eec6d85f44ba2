# Attaché: `make help`
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

PORT ?= 8000
WORKERS ?= 4
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; exit; }; done; echo python3)

# the Python that Lambda runs, where it is at hand: what was built for this machine is then run by it
LAMBDA_PYTHON_BIN ?= $(shell for p in python3.13 "$$HOME"/.pyenv/versions/3.13*/bin/python3.13 "$$HOME"/.local/share/uv/python/cpython-3.13*/bin/python3.13; do \
	"$$p" -c '' 2>/dev/null && { echo "$$p"; exit; }; done; echo $(PYTHON))
# the newest in cargo's registry; the layer of template.yaml is 1.1.0
ADAPTER_VERSION := 1.0.0-rc1

REQUIREMENTS := infra/requirements
PY := .venv/bin/python
RUN := .venv/.run
DEV := .venv/.dev
MINISTACK := .venv-ministack/.installed
SAM := .venv-sam/.installed
LAMBDA := .venv-lambda/.installed
REHEARSAL := .venv-rehearsal/.installed
ADAPTER := .venv-adapter/bin/lambda-adapter
OPENSEARCH := .venv-opensearch/.built
HERE := .aws-sam/here

.PHONY: help dev setup opensearch test soak bench scaling slow build built engines deploy-local sam-local check lint format types contracts templates requirements clean openapi openapi-release

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

dev: $(RUN) $(MINISTACK) ## the local stack on http://127.0.0.1:8000 (PORT=... changes it)
	@exec $(PY) -m attache_local --port $(PORT)

setup: $(DEV) $(MINISTACK) $(SAM) ## create every environment that the tests need

test: ## set up, then run the tests in parallel (WORKERS=4)
	@began=$$SECONDS; $(MAKE) --no-print-directory setup && echo "set-up: $$((SECONDS - began)) s"
	@began=$$SECONDS; $(PY) -m pytest -n $(WORKERS) --dist loadfile $(ARGS); code=$$?; echo "tests: $$((SECONDS - began)) s"; exit $$code

# one chance a test, by hand; where RERUNS=1 what passed only the second time is listed at the end
slowly = $(PY) -m pytest -m slow $(if $(RERUNS),--reruns $(RERUNS) -r R)

slow: $(DEV) $(MINISTACK) engines ## the longer tests that `make test` leaves out
	$(slowly) -n 2 --dist loadgroup --ignore tests/load --ignore tests/built --ignore tests/crash/test_faults.py $(ARGS)
	$(slowly) -n 2 --dist load tests/crash/test_faults.py $(ARGS)
	$(slowly) -n 2 --dist loadfile tests/built $(ARGS)
	$(slowly) tests/load $(ARGS)

bench: $(DEV) $(MINISTACK) build ## what turns and polls ask of AWS and cost, how functions start, how large they are (ARGS=--json)
	@$(PY) -m tests.bench $(ARGS)

scaling: $(DEV) $(MINISTACK) ## the tables of infra/SCALING.md anew (ARGS=--measure counts anew first)
	@$(PY) -m tests.bench.scaling $(ARGS)

soak: $(DEV) ## 10,000 drawn schedules of crashes, freezes and losses (SCHEDULES=... SEED=...), on two processors
	@half=$$(($${SCHEDULES:-10000} / 2)); seed=$${SEED:-0}; \
	SEED=$$seed SCHEDULES=$$half $(PY) -m pytest -q --timeout 600 tests/model & \
	SEED=$$((seed + half)) SCHEDULES=$$half $(PY) -m pytest -q --timeout 600 tests/model/test_schedules.py; second=$$?; \
	wait $$!; first=$$?; exit $$((first + second))

engines: $(LAMBDA) $(REHEARSAL) $(ADAPTER) $(OPENSEARCH) built ## what was built, and what runs it here as Lambda does

# what is built is compiled by the Python that will run it, and installed by one that is surely there
sam_build = LAMBDA_PYTHON_BIN=$(1) PYTHON=$(CURDIR)/.venv-sam/bin/python SAM_CLI_TELEMETRY=0 .venv-sam/bin/sam build

build: $(SAM) ## build what is deployed, into .aws-sam/build
	@mkdir -p .aws-sam
	@$(call sam_build,$(LAMBDA_PYTHON_BIN)) >.aws-sam/log 2>&1 || { cat .aws-sam/log >&2; exit 1; }
	@grep -h "NOT compiled" .aws-sam/log || true

built: $(SAM) $(LAMBDA) ## the same, for this machine
	@mkdir -p $(HERE)
	@export LAMBDA_ARCH=$$(uname -m) LAMBDA_PYTHON=$$(.venv-lambda/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
		$(call sam_build,$(CURDIR)/.venv-lambda/bin/python) --build-dir $(HERE)/build --cache-dir $(HERE)/cache >$(HERE)/log 2>&1 \
		|| { cat $(HERE)/log >&2; exit 1; }

opensearch: $(OPENSEARCH) ## a real OpenSearch for the tests (a JDK of 17 or later, and Maven)

deploy-local: $(RUN) $(REHEARSAL) built ## sam deploy of what was built, to an embedded AWS; serves until Ctrl-C
	@exec $(PY) -m attache_local.rehearse deploy

sam-local: $(RUN) $(REHEARSAL) built ## sam local start-api over it: functions in Docker (PORT=...)
	@exec $(PY) -m attache_local.rehearse sam-local --port $(PORT)

check: ## the whole gate, as CI runs it
	@.ci/run

lint: $(DEV) ## check format and lint
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .

format: $(DEV) ## format the code and apply lint fixes
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

types: $(DEV) ## mypy, strict
	.venv/bin/mypy

contracts: $(DEV) ## check the import contracts
	.venv/bin/lint-imports

openapi: $(DEV) ## infra/openapi.json, the description of our own API, from the routes
	@$(PY) -m attache_openapi

openapi-release: $(DEV) ## with a release: what its clients may rely on from then on
	@$(PY) -m attache_openapi --release

templates: $(SAM) ## validate the templates
	@for template in template.yaml infra/*.yaml; do \
		AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0 .venv-sam/bin/sam validate --lint --template-file "$$template" || exit 1; done

# ---- environments: one stamp each, so that a second run costs nothing

# pip reads settings that uv does not know (mirrors, proxies): where uv fails, pip does the same work, slower.
install = $(1)/bin/python -m uv pip install --quiet --python $(1)/bin/python --require-hashes -r $(2) 2>$(1)/.uv.log \
	|| { echo "uv could not install ($(1)/.uv.log says why); pip does it"; $(1)/bin/python -m pip install --quiet --require-hashes -r $(2); }

# the same for an environment that has nothing of its own to install with
install_from_outside = $(PY) -m uv pip install --quiet --python $(1)/bin/python --require-hashes -r $(2) 2>$(1)/.uv.log \
	|| { echo "uv could not install ($(1)/.uv.log says why); pip does it"; \
		$(PY) -m pip --python $(1)/bin/python install --quiet --require-hashes -r $(2); }

# one whose making was killed, or whose Python is gone, has stamps that say nothing: it is made anew
$(shell for made in .venv .venv-ministack .venv-sam; do \
	if [ -e $$made/.making ]; then ! kill -0 "$$(cat $$made/.making)" 2>/dev/null; \
	else [ -L $$made/bin/python ] && [ ! -e $$made/bin/python ]; fi && rm -rf $$made; done)

.venv/bin/python .venv-ministack/bin/python .venv-sam/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "Attaché needs Python 3.11 or later, and \"$(PYTHON)\" is $$($(PYTHON) --version 2>&1 | tail -n 1); say: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "making $(@D:/bin=)"
	@mkdir -p $(@D:/bin=) && echo $$PPID >$(@D:/bin=)/.making
	@{ $(PYTHON) -m venv $(@D:/bin=) \
		&& $@ -m pip install --quiet --disable-pip-version-check --require-hashes -r $(REQUIREMENTS)/uv.txt \
		&& rm $(@D:/bin=)/.making; } \
		|| { rm -rf $(@D:/bin=); exit 1; }

$(RUN): $(REQUIREMENTS)/run.txt $(REQUIREMENTS)/uv.txt pyproject.toml | .venv/bin/python
	@$(PY) -c 'import pip' 2>/dev/null || { echo ".venv has no pip, so something else made it: say \"make clean\", then \"make $(MAKECMDGOALS)\" again" >&2; exit 1; }
	@test $(DEV) -nt $(REQUIREMENTS)/run.txt || { $(call install,.venv,$<); }
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): $(REQUIREMENTS)/dev.txt $(RUN)
	@$(call install,.venv,$<)
	@touch $@

$(MINISTACK): $(REQUIREMENTS)/ministack.txt | .venv-ministack/bin/python
	@$(call install,.venv-ministack,$<)
	@touch $@

$(SAM): $(REQUIREMENTS)/sam.txt | .venv-sam/bin/python
	@$(call install,.venv-sam,$<)
	@touch $@

.venv-lambda/bin/python .venv-rehearsal/bin/python: | .venv/bin/python
	@echo "making $(@D:/bin=) with $$($(LAMBDA_PYTHON_BIN) --version)"
	@{ $(LAMBDA_PYTHON_BIN) -m venv --without-pip $(@D:/bin=); } || { rm -rf $(@D:/bin=); exit 1; }

$(LAMBDA): $(REQUIREMENTS)/lambda.txt $(RUN) | .venv-lambda/bin/python
	@$(call install_from_outside,.venv-lambda,$<)
	@touch $@

$(REHEARSAL): $(REQUIREMENTS)/rehearsal.txt $(RUN) | .venv-rehearsal/bin/python
	@$(call install_from_outside,.venv-rehearsal,$<)
	@touch $@

$(ADAPTER):
	@command -v cargo >/dev/null || { echo "the Lambda Web Adapter is built by cargo, and there is none: https://rustup.rs" >&2; exit 1; }
	cargo install --quiet --locked --root .venv-adapter lambda_web_adapter --version $(ADAPTER_VERSION)

$(OPENSEARCH): tests/opensearch/pom.xml tests/opensearch/OneNode.java
	@command -v mvn >/dev/null && command -v javac >/dev/null || { echo "OpenSearch is put together by Maven and a JDK: apt-get install maven default-jdk-headless" >&2; exit 1; }
	@rm -rf $(@D) && mkdir -p $(@D)
	@mvn --quiet --batch-mode -f tests/opensearch/pom.xml -Dinto=$(CURDIR)/$(@D) package
	@javac -cp "$(@D)/server/*:$(@D)/knn/*" -d $(@D)/classes tests/opensearch/OneNode.java
	@touch $@

# ---- pinned requirements

compile = .venv/bin/python -m uv pip compile --quiet --generate-hashes --no-annotate --no-header $(UPGRADE)
# one version for every Python, so that Lambda runs what the tests ran
anywhere = $(compile) --universal --python-version 3.11 --fork-strategy fewest
on_lambda = $(compile) --python-version 3.13 --python-platform aarch64-manylinux2014 --constraint $(REQUIREMENTS)/dev.txt
# LiteLLM wants it for Bedrock, which is no provider of the catalogue
not_called = --no-emit-package boto3 --no-emit-package s3transfer
in_web = sed -n 's/^\([a-z0-9._-]*\)==.*/--no-emit-package \1/p' layers/third_party/web.txt

requirements: $(RUN) ## pin the dependencies in the .in files again (UPGRADE=--upgrade takes newer versions)
	$(anywhere) $(REQUIREMENTS)/uv.in -o $(REQUIREMENTS)/uv.txt
	$(anywhere) $(REQUIREMENTS)/dev.in -o $(REQUIREMENTS)/dev.txt
	$(anywhere) $(REQUIREMENTS)/run.in --constraint $(REQUIREMENTS)/dev.txt -o $(REQUIREMENTS)/run.txt
	$(anywhere) $(REQUIREMENTS)/ministack.in -o $(REQUIREMENTS)/ministack.txt
	$(anywhere) $(REQUIREMENTS)/rehearsal.in -o $(REQUIREMENTS)/rehearsal.txt
	$(anywhere) $(REQUIREMENTS)/lambda.in -o $(REQUIREMENTS)/lambda.txt
	$(anywhere) $(REQUIREMENTS)/sam.in -o $(REQUIREMENTS)/sam.txt
	$(on_lambda) layers/third_party/web.in -o layers/third_party/web.txt
	$(on_lambda) layers/third_party/llm.in $$($(in_web)) $(not_called) -o layers/third_party/llm.txt
	$(on_lambda) layers/third_party/wallet.in $$($(in_web)) -o layers/third_party/wallet.txt
	$(on_lambda) layers/third_party/documents.in $$($(in_web)) -o layers/third_party/documents.txt

clean: ## remove the environments and what was built; keeps .attache, where the local stack's sessions are
	rm -rf .venv .venv-* .aws-sam .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find functions layers infra tests -name __pycache__ -type d -prune -exec rm -rf {} +
