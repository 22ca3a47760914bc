# Every target sets up what it needs in .venv first; a second run finds it there. ARGS goes on to the command:
# make test ARGS="tests/domain -x", make demo ARGS="--headless --out out".
ARGS ?=
BIN := .venv/bin
export PYTHON
# What the site's theme says of its successor at each run; docs/architecture.md has it.
export NO_MKDOCS_2_WARNING := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint fix bench look site rehearse serve lock

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.dev ## Make the environment in .venv, with everything

demo: .venv/.demo ## Show a pull request from plan to apply, with a GitHub of our own
	@$(BIN)/switchyard demo $(ARGS)

# The stories write real database files: in memory where there is room for two gigabytes, so that no disk is waited for.
# One process more than the two cores of a small machine, as stories also wait for their sockets.
test: .venv/.dev ## Run the tests
	@room=$$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 2000000 { print "/dev/shm" }'); \
	TMPDIR=$${room:-$${TMPDIR:-/tmp}} $(BIN)/python -m pytest --numprocesses 3 $(ARGS)

lint: .venv/.dev ## Check style, format, types, who imports whom, and the docs' links
	@failed=; \
	for check in "ruff check ." "ruff format --check ." mypy lint-imports "mkdocs build --strict"; do \
		$(BIN)/$$check || failed=yes; \
	done; \
	test -z "$$failed"

fix: .venv/.dev ## Repair style and format, and write what is made of other files again
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/python -m tests.cli_page
	@$(BIN)/python -m tests.commands_page
	@$(BIN)/python -m tests.doctor_page
	@$(BIN)/python -m tests.gallery_page
	@$(BIN)/python -m tests.troubles_page

bench: .venv/.dev ## Measure speed and memory
	@$(BIN)/python -m benchmarks $(ARGS)

# What is looked at in large sizes, too; of those graphs, the groups are drawn.
LARGE := plan-starting planning approval failing failed destroyed
# ARGS="--state failed --size 400" looks at that alone, and at no page.
look: .venv/.dev ## Take pictures of every state and page in a browser, and have Mermaid read the graphs
	@rm -rf out/look
	@$(BIN)/switchyard preview $(or $(ARGS),--size 1 --size 10 --size 60) --out out/look
	@$(if $(ARGS),,$(BIN)/switchyard preview $(addprefix --state ,$(LARGE)) --size 400 --size 2422 --size 5000 --out out/look/large)
	@$(BIN)/python -m tests.look out/look $(if $(ARGS),,--pages)

# Told to be quiet, MkDocs would not count what it is to be strict about.
site: .venv/.dev ## Write the docs as a site to out/site
	@$(BIN)/mkdocs build --strict
	@echo "out/site; with search: python3 -m http.server --bind 127.0.0.1 --directory out/site"

rehearse: .venv/.dev ## Go from nothing to an applied pull request, with a GitHub of our own, and write down what is seen
	@$(BIN)/python -m tests.first_day out

serve: .venv/.base ## Run the service; settings come from the environment
	@$(BIN)/switchyard serve $(ARGS)

lock: ## Write requirements/*.txt again from pyproject.toml (needs uv)
	@bin/lock $(ARGS)

# What dev holds includes demo, and demo includes base: what is there already is not asked for again.
.venv/.dev: requirements/dev.txt pyproject.toml
	@bin/environment dev
	@touch .venv/.base .venv/.demo $@

.venv/.demo: requirements/demo.txt pyproject.toml
	@bin/environment demo
	@touch .venv/.base $@

.venv/.base: requirements/base.txt pyproject.toml
	@bin/environment base
	@touch $@
