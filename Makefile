# `make run` and `make test` do all set-up by themselves; the rest is for people who work on Coterie.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run dev check test e2e gen docs bench soak pauses lock clean setup-run setup-test

export PATH := $(CURDIR)/.make/bin:$(CURDIR)/.venv/bin:$(PATH)
PYTHON := .venv/bin/python
NODE_MODULES := web/node_modules/.package-lock.json
WEB := src/coterie/hub/static/index.html
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -type f ! -name '*.test.ts*' -print)

help: ## Show this list
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r verb what; do printf '%-14s %s\n' "$$verb" "$$what"; done

run: setup-run $(WEB) ## Start Coterie; prints its address (ARGS="--port 9000" adds options)
	@$(PYTHON) -m coterie serve $(ARGS)

dev: setup-test $(NODE_MODULES) ## Start Coterie beside Vite, which reloads the page as web/ changes
	@$(PYTHON) scripts/dev.py $(ARGS)

check: setup-test $(NODE_MODULES) ## Everything but the tests: generated files, ruff, mypy, imports, tsc
	@$(PYTHON) scripts/stages.py check

test: setup-test $(WEB) ## Everything that has to pass, the browser tests included
	@$(PYTHON) scripts/stages.py test

e2e: setup-test $(WEB) ## Only the browser tests (ARGS="-k edit_together" picks)
	@$(PYTHON) -m pytest tests/e2e $(ARGS)

gen: setup-test $(NODE_MODULES) ## Write what is generated: TypeScript of the wire and the API, reference pages
	@$(PYTHON) -m scripts.gen

docs: setup-test ## Write the generated reference pages only
	@$(PYTHON) -m scripts.gen --only docs

bench: setup-test $(WEB) ## Answer a benchmark question (Q=start); without Q all of them
	@$(PYTHON) -m bench $(Q)

soak: setup-test $(WEB) ## The property tests for longer (MINUTES=10)
	@$(PYTHON) scripts/soak.py $(MINUTES)

pauses: setup-test $(WEB) ## The tests while their processes stop for moments (ARGS="tests/hub" picks)
	@$(PYTHON) scripts/pauses.py -q $(ARGS)

lock: setup-test ## Resolve Python's dependencies anew into requirements/ (ARGS=--upgrade for newer ones)
	@$(PYTHON) scripts/lock.py $(ARGS)

clean: ## Remove what was built or installed here; data stays
	rm -rf .venv .make .mypy_cache .ruff_cache .pytest_cache .import_linter_cache web/node_modules src/coterie/hub/static dist bench/.peers

setup-run:
	@scripts/setup.sh run

setup-test:
	@scripts/setup.sh test

$(NODE_MODULES): web/package.json web/package-lock.json web/.npmrc
	@echo "coterie: installing the web app's packages"
	@cd web && npm ci --no-audit --no-fund --loglevel=error </dev/null
	@touch $@

$(WEB): $(NODE_MODULES) $(WEB_SOURCES)
	@echo "coterie: building the web app"
	@cd web && npm exec -- vite build --logLevel warn </dev/null
	@touch $@
