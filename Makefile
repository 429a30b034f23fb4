# The verbs of the project. Each works in a fresh clone: tools/run sets up what is missing first.
STACK ?=
# `auto` is one test process more than cores; make test WORKERS=0 runs them in this process, e.g. for a debugger.
WORKERS ?= auto

# Tests see neither the server of make up nor anybody's account: they start what they need.
ALONE := env -u HF_ENDPOINTS_API_URL -u HF_ENDPOINT -u HF_TOKEN

.DEFAULT_GOAL := help
.PHONY: help up down test check bench generate pins

help:
	@echo 'make up [STACK=dev]   a running stack on the local reference server; prints its URLs and one generated text'
	@echo 'make down [STACK=…]   remove the stacks that make up made (or only that one) and stop the server'
	@echo 'make test             all tests, in a new random order each time'
	@echo 'make check            format, lint, types and the fast tests'
	@echo 'make bench            the reference server beside moto and bare FastAPI: answers per second, and whether they suffice'
	@echo 'make generate         write again what is derived from the declarations: schema and generated pages'
	@echo 'make pins             renew constraints.txt with the newest versions that pyproject.toml allows'
	@echo 'tools/run CMD…        any command in the environment of the project, e.g. tools/run pulumi preview -s dev'

up:
	@tools/run python -m tools.local up $(if $(STACK),--stack $(STACK))

down:
	@tools/run python -m tools.local down $(if $(STACK),--stack $(STACK))

test:
	@tools/run $(ALONE) pytest -n $(WORKERS) --maxschedchunk 1

check:
	@tools/run ruff format --check
	@tools/run ruff check
	@tools/run mypy
	@tools/run $(ALONE) pytest -q tests/unit

bench:
	@tools/run $(ALONE) python -m bench

generate:
	@tools/run python -m tools.generate

pins:
	@tools/run python -m tools.pins
