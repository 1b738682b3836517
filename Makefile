# Everything sets itself up in .venv. Only tests need more of the machine: a browser, which `machine` installs where it may.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test test-fast check machine format clean

run: $(VENV)/run.stamp
	$(BIN)/python app.py

# PYTEST takes more options, such as PYTEST=--no-skips or PYTEST=tests/test_links.py.
test: machine
	$(BIN)/python -m pytest $(PYTEST)

# Without what is slow, drives a browser or needs a server of Milvus.
test-fast: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -m "not slow and not browser and not milvus" $(PYTEST)

check: machine
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest $(PYTEST)

# What tests need beside Python, if it isn't there and may be installed.
machine: $(VENV)/dev.stamp
	@$(BIN)/python tests/machine.py

format: $(VENV)/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# torch comes first and by its exact version, so that pip takes the build for the CPU.
$(VENV)/run.stamp: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info
