# Two commands: `make ask Q="…"` and `make test`. Each sets up what it needs the first time and is quick afterwards.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Byte code is written once at set-up, whatever the shell says: every later start is then faster.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help ask test lint format eval lock clean

help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1	\2/'

ask: $(VENV)/.runtime ## ask a question: make ask Q="企点开通几天内可以无条件退款？"
	@$(BIN)/wenyue ask "$$Q"

test: $(VENV)/.development ## run the tests, as many at once as there are processors
	@$(BIN)/python -m pytest --numprocesses logical --dist loadfile

lint: $(VENV)/.development ## check style and types
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

format: $(VENV)/.development ## format the code
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

eval: $(VENV)/.runtime ## measure citations on the evaluation questions and hold them against the gate
	@$(BIN)/wenyue eval --gate --report report

lock: ## pin the dependencies anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --constraint requirements.lock pyproject.toml --group dev -o requirements-dev.lock

clean: ## remove what set-up made
	rm -rf $(VENV) build *.egg-info

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "问约需要 Python 3.11 以上，这里是 %s；可用 make PYTHON=python3.12 指定。" % sys.version.split()[0])'
	@echo "建立 $(VENV) ……"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "安装依赖（第一次需要几分钟）……"
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/.development: requirements-dev.lock pyproject.toml $(VENV)/.runtime
	@echo "安装测试与检查工具……"
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@touch $@
