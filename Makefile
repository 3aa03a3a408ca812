# Two commands do all set-up on a fresh machine: `make demo` and `make test`. Both make .venv themselves, start
# the services they need on 127.0.0.1 and stop them again.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
# as many sandboxes side by side as there are processors, each with files of its own; four are enough
SIDE_BY_SIDE := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
export PYTHONDONTWRITEBYTECODE = 1

.PHONY: demo test test-mariadb bench serve lint format generated audit clean

$(VENV)/.ready: pyproject.toml sandbox/requirements.txt sandbox/venv.sh tests/plugin/pyproject.toml
	PYTHON=$(PYTHON) sh sandbox/venv.sh $(VENV)
	@touch $@

demo: $(VENV)/.ready ## the main job, end to end, with a table at the end
	$(RUN) -m sandbox.demo

test: $(VENV)/.ready lint ## the suite on the sandbox, SQLite
	$(RUN) -m pytest $(SIDE_BY_SIDE) $(ARGS)

# connectors and sandbox vendors know no database, so their tests are not run once more; nor are the calls with every kind
# of wrong input, which are refused before any document is touched
test-mariadb: $(VENV)/.ready ## the same suite on the sandbox, MariaDB
	$(RUN) -m pytest --db mariadb $(SIDE_BY_SIDE) --ignore=tests/connectors --ignore=tests/vendors \
		--deselect 'tests/test_api_schema.py::test_schemathesis_finds_nothing[coverage]' $(ARGS)

bench: $(VENV)/.ready ## what an import costs, as ratios
	$(RUN) -m benchmarks $(ARGS)

serve: $(VENV)/.ready ## keep the site and the vendors up; prints address, user and password
	$(RUN) -m sandbox.serve

lint: $(VENV)/.ready
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	cd clients/python && ../../$(VENV)/bin/mypy -p integration_hub_client

generated: $(VENV)/.ready ## write anew what is made of the public API's description: the client's types, docs/api.md
	$(RUN) -m clients.generate

audit: $(VENV)/.ready ## known holes in the packages the app asks for
	$(RUN) .ci/audit.py $(ARGS)

format: $(VENV)/.ready
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

clean:
	rm -rf $(VENV) .cache .pytest_cache .hypothesis .ruff_cache
