# Everything that is done to this project by hand or in CI. `make help` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CACHE := $(or $(PIPEC_CACHE),$(CURDIR)/.cache)
PYTHON := $(CACHE)/venv/bin/python
PYTEST := $(PYTHON) -m pytest -p no:cacheprovider
EXAMPLE := examples/clickstream
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## build the first example and run it on its sample data; needs Rust alone
	cargo build --quiet
	target/debug/pipec build $(EXAMPLE)
	target/debug/pipec run $(EXAMPLE)

.PHONY: test
test: test-rust test-e2e ## everything that must pass

.PHONY: test-rust
test-rust: layout lints test-cargo ## layout, lints and tests of the Rust code; needs Rust alone

.PHONY: layout lints test-cargo
layout:
	cargo fmt --all --check
lints:
	cargo clippy --workspace --all-targets -- -D warnings
test-cargo:
	cargo test --workspace --no-fail-fast

.PHONY: test-e2e
test-e2e: setup ## the builds under Terraform, Lambda, Spark and the linters; ARGS="-k name" picks some
	cargo build --quiet
	$(PYTEST) tests/e2e --numprocesses 2 --no-loadscope-reorder $(ARGS)

.PHONY: setup
setup: ## install what the end-to-end tests need, below .cache or $PIPEC_CACHE
	@bash tests/setup/all.sh

.PHONY: bench
bench: setup ## speed of the compiler, the language server, the watch, the embedded engine, the generated function and the generated job
	cargo build --quiet --release
	bash tests/setup/bench.sh
	for bench in whole check editor watch function job; do $(PYTHON) tests/bench/$$bench.py target/release/pipec $(ARGS); done
	$(CACHE)/venv-bench/bin/python tests/bench/engine.py target/release/pipec --events $(or $(EVENTS),1000000)

.PHONY: conformance
conformance: export CONFORMANCE_CASES := $(or $(CASES),5200)
conformance: export CONFORMANCE_TRANSFORMS := $(or $(TRANSFORMS),1000)
conformance: export CONFORMANCE_STREAMS := $(or $(STREAMS),400)
conformance: export CONFORMANCE_SEED := $(or $(SEED),20260101)
conformance: setup ## what chance makes of the language, on every engine, at full counts: hours; CASES=, TRANSFORMS=, STREAMS=, SEED=, ARGS="-k in_sql"
	cargo build --quiet
	cargo test --test conformance -- --nocapture
	$(PYTEST) tests/e2e/test_conformance.py -s --timeout 0 $(ARGS)

.PHONY: samples
samples: ## make the sample data of the examples again
	python3 $(EXAMPLE)/samples/generate.py --events 10000 --seed 1 -o $(EXAMPLE)/samples/clicks.jsonl \
	  --manifest tests/e2e/clicks.manifest.json
	for platform in batch-lakehouse data-pipeline image-lake kitchen reference-architecture self-service-platform; do \
	  python3 -B examples/$$platform/samples/generate.py; done
	cargo run --quiet -- run --quiet examples/self-service-platform --at 2026-03-05T00:10:00Z
	rm -rf examples/team/samples/fulfilment
	cp -r examples/self-service-platform/run/curated/fulfilment examples/team/samples/fulfilment

.PHONY: grammars
grammars: ## write the editors' parser from grammar/editors/tree-sitter/grammar.js; needs Node.js
	cargo run --quiet --package tree-sitter-pipe --example generate

.PHONY: fmt
fmt: ## lay out the Rust code
	cargo fmt --all

.PHONY: clean
clean: ## remove what was built; the installed tools stay (`rm -r .cache` for those)
	cargo clean --quiet
	rm -rf examples/*/build examples/*/run
