# Two commands on a fresh machine: `make quickstart` and `make test`. PYTHON and VENV may be given.
PYTHON ?= python3
VENV ?= .venv
RUN = $(VENV)/bin/python

.PHONY: quickstart test test-slow lint clean

quickstart: $(VENV)/installed
	$(RUN) -m tfgan_improved.main --flagfile=flags/quickstart.flags

test: $(VENV)/installed-test lint
	$(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow"

test-slow: $(VENV)/installed-test
	$(RUN) -m pytest -m slow

lint: $(VENV)/installed-test
	$(RUN) -m ruff check .

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --upgrade pip

$(VENV)/installed: setup.py | $(VENV)/bin/python
	$(RUN) -m pip install --quiet -e .
	touch $@

$(VENV)/installed-test: setup.py | $(VENV)/bin/python
	$(RUN) -m pip install --quiet -e ".[test]"
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info
