# What people repeat here. `make` alone tells what there is.

PYTHON ?= python3
TOOLS := .tools/bin
# What the tests start for real; `make test` installs what is missing where it may.
DEBIAN_PACKAGES := age ant apache2 bsdutils carton chromium-headless-shell composer curl debootstrap fish gcc \
	git hugo iproute2 jekyll ldap-utils libapache2-mod-wsgi-py3 libldap2-dev libsasl2-dev mkdocs \
	nodejs openssh-client openssh-server openssl php-cli postgresql procps psmisc python3-dev \
	python3-sphinx redis-server rsync rsyslog slapd strace subversion sudo supervisor tcsh \
	tomcat10-common util-linux zsh

# A file's tests stay in one process, because they share fixtures. The tests spend half of their time
# waiting, so there are two processes for each core, at most eight.
PYTEST = $(TOOLS)/python -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder
PROCESSES ?= $(shell cores=$$(nproc); echo $$((cores < 4 ? 2 * cores : 8)))

.PHONY: help tools demo pictures rolf rolf-template check test test-systems lint format types contract bench reliability lock clean

help:
	@echo "make demo          generate a project, rebuild its virtualenv, push it and roll it back, run the site and Rolf (ONCE=1: check and end)"
	@echo "make rolf-template bring the changes of the template that are committed into rolf/, in a commit"
	@echo "make rolf          give rolf/ its vendored files, for ./bootstrap.py and ./manage.py rolf there (ALL=1: of its options, too)"
	@echo "make pictures      take the docs' pictures of Rolf, from the demo"
	@echo "make check         lint, types, contract, and the tests that need no server (ARGS='-k name' chooses)"
	@echo "make test          every test of this system; as root it installs the Debian packages that are missing"
	@echo "make test-systems  the tests on Debian 13 and Debian testing, and with the next Django (root only)"
	@echo "make lint          ruff, its format, and a list of words to avoid"
	@echo "make format        ruff format"
	@echo "make types         mypy, strict for bootstrapper and vendor_fetch"
	@echo "make contract      import contracts"
	@echo "make bench         measure; writes docs/benchmarks*.md"
	@echo "make reliability   200 kills, 300 wheels with a fault, Rolf on several machines; writes docs/reliability*.md"
	@echo "make reliability-vendoring  vendor real requirements for 12 targets; writes docs/reliability-vendoring.md"
	@echo "make reliability-adopting  move the files of real projects in and serve a page; writes docs/reliability-adopting.md (root only)"
	@echo "make lock          lock the template's packages and Rolf's again"
	@echo "make clean         remove what these made"

tools: .tools/complete

# The environment that everything here runs in. Python's own venv where it is whole (Debian splits
# it off), else virtualenv.
.tools/complete: setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "make: $(PYTHON) is too old, 3.11 or later is needed: make PYTHON=python3.11 ..."; exit 2; }
	@echo "setting up .tools/ (once)"
	@rm -rf .tools
	@$(PYTHON) -m venv .tools 2>/dev/null || $(PYTHON) -m virtualenv -q .tools || \
		{ echo "make: $(PYTHON) has no venv: apt-get install python3-venv"; rm -rf .tools; exit 1; }
	@$(TOOLS)/python -m pip install -q --disable-pip-version-check -e '.[vendor,template,develop]'
	@touch $@

demo: tools
	@$(TOOLS)/python -m tools.demo $(if $(ONCE),--once)

pictures: tools debian
	@$(TOOLS)/python -m tools.demo --once --pictures docs/pictures

rolf: tools
	@$(TOOLS)/python -m tools.rolf_files $(if $(ALL),--all)

# Where rolf/.template.json was changed last, it had what the template gave then.
rolf-template: tools
	@cd rolf && ../$(TOOLS)/python -P -m vendor_fetch template-update \
	    --from "$$(git log -1 --format=%H -- .template.json)"

# Those of `make check` start no servers and wait more: three processes for each core.
check: PROCESSES := $(shell cores=$$(nproc); echo $$((cores < 3 ? 3 * cores : 8)))
check: lint types contract
	@$(PYTEST) -q -m "not system" $(ARGS)

test: tools debian
	@$(PYTEST) --ignore tests/systems $(ARGS)

# debootstrap makes the systems, once a week.
test-systems: tools debian
	@$(PYTEST) tests/systems $(ARGS)

# While this program exits with 101, Debian's packages start no servers (invoke-rc.d(8)). The tests
# start their own.
POLICY := /usr/sbin/policy-rc.d

.PHONY: debian
debian:
	@missing=$$(for name in $(DEBIAN_PACKAGES); do \
		dpkg-query -W -f '$${db:Status-Status}' $$name 2>/dev/null | grep -qx installed || echo $$name; done); \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		echo "installing" $$missing; \
		if [ ! -e $(POLICY) ]; then \
			trap 'rm -f $(POLICY)' EXIT; \
			printf '#!/bin/sh\nexit 101\n' >$(POLICY) && chmod 755 $(POLICY); \
		fi; \
		apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	else echo "tests that need them are skipped:" $$missing; fi

lint: tools
	@$(TOOLS)/ruff check .
	@$(TOOLS)/python -m tools.words
	@$(TOOLS)/ruff format --check --quiet .

format: tools
	@$(TOOLS)/ruff format .

types: tools
	@$(TOOLS)/mypy

contract: tools
	@$(TOOLS)/lint-imports
	@cd rolf && ../$(TOOLS)/lint-imports

bench: tools
	@$(TOOLS)/python -m benchmarks --write docs

reliability: tools
	@$(TOOLS)/python -m pytest -q tests/safety --reliability docs/reliability.md $(ARGS)

# RUN chooses what happens to Rolf on several machines: make reliability-rolf RUN='cut-long skew-web'
.PHONY: reliability-rolf
reliability: reliability-rolf
reliability-rolf: tools debian
	@$(TOOLS)/python -m reliability --write docs $(RUN)

# It needs an index with the packages of tests/vendor/sets/, and half an hour. SETS chooses.
.PHONY: reliability-vendoring
reliability-vendoring: tools
	@$(TOOLS)/python -m reliability.vendoring --write docs $(SETS)

# It needs root, an index with the packages of tests/vendor/adopt/sets/, and what their builds need of
# Debian, which the page lists. SETS chooses; ARGS=--kills kills `init` of them instead.
.PHONY: reliability-adopting
reliability-adopting: tools debian
	@$(TOOLS)/python -m reliability.adopting --write docs $(ARGS) $(SETS)

lock: tools
	@$(TOOLS)/python -m tools.locks

clean:
	rm -rf .tools .demo build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache rolf/.import_linter_cache
