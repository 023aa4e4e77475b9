# `make` checks everything, `make demo` shows the lecture's result. Needs make and Python 3.11 to 3.13, no more.

VENV := .venv
BIN := $(VENV)/bin
PYTHON := python3 python3.13 python3.12 python3.11 python
UV := uv
TESTS :=
UPGRADE :=

# What the commands of the README need: MIDI files, engraved notes, pictures of histories, ONNX files.
EXTRAS := export midi plot score sweep

PIP := $(BIN)/python -m pip --disable-pip-version-check
LOCKED := $(PIP) install --quiet --require-hashes --only-binary :all:
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $(UPGRADE)

.PHONY: check install demo test quick lint format bench torture pictures lock clean

check: lint test

install: $(VENV)/installed

demo: install
	$(BIN)/rnnlab train configs/nabiya_stateful_lstm.yaml
	$(BIN)/rnnlab evaluate
	$(BIN)/rnnlab generate --seed "g8 e8 e4 f8"
	$(BIN)/rnnlab report
	$(BIN)/rnnlab export --output song.html --overwrite

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal $(TESTS)

# The tests that load no framework and are not marked slow.
quick: $(VENV)/installed-dev
	$(BIN)/python -m pytest --quick --numprocesses 2 --dist worksteal $(TESTS)

lint: $(VENV)/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --strict

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# PyTorch, a peer of the benchmarks, is an extra: .venv/bin/pip install '.[bench]'. What is learnt from corpora that
# are not shipped: make bench CORPORA="--shakespeare input.txt --transformer --large --names names.txt"
bench: install
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.generation
	$(BIN)/python -m benchmarks.lecture
	$(BIN)/python -m benchmarks.training
	$(BIN)/python -m benchmarks.memory
	$(if $(CORPORA),$(BIN)/python -m benchmarks.learning $(CORPORA),@echo "learning: say CORPORA=…, see the Makefile")

# Thousands of hostile inputs and damaged files take minutes; trainings that are killed, hours.
torture: $(VENV)/installed-dev
	$(BIN)/python -m torture.parsing
	$(BIN)/python -m torture.model_files
	$(BIN)/python -m torture.checkpoints
	$(BIN)/python -m torture.resumes
	$(BIN)/python -m torture.starts
	$(BIN)/python -m torture.determinism
	$(BIN)/python -m torture.numbers
	$(BIN)/python -m torture.kills
	$(BIN)/python -m torture.kills --kills 50 --signal TERM
	$(BIN)/python -m torture.kills --kills 50 --signal INT
	$(BIN)/python -m torture.lanes
	$(BIN)/python -m torture.lifecycle --untrained --cases 2000
	$(BIN)/python -m torture.lifecycle
	$(BIN)/python -m torture.signals

# The pictures in docs/, from trainings of their own; needs Chromium.
pictures: $(VENV)/installed-dev
	PATH="$(abspath $(BIN)):$$PATH" docs/pictures/make.sh

# `make lock` adds and drops what pyproject.toml asks for; `make lock UPGRADE=--upgrade` also takes newer versions.
lock:
	@command -v $(UV) >/dev/null || { echo "make lock: needs uv, to lock for every platform at once: pip install uv" >&2; exit 1; }
	$(COMPILE) pyproject.toml $(EXTRAS:%=--extra %) --group build --output-file requirements.lock
	$(COMPILE) --group dev --constraint requirements.lock --output-file requirements-dev.lock

clean:
	rm -rf $(VENV) song.html build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
	find rnnlab tests benchmarks torture -name __pycache__ -type d -prune -exec rm -rf {} +

# Each stamp is younger than what it was made from, so a second call takes no time. The project is installed
# editable: after a `git pull` the commands run the new code at once, and the stamps follow the locks.

$(VENV)/created:
	@for python in $(PYTHON); do \
	  if $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then \
	    echo "making $(VENV) with $$($$python --version)"; \
	    $$python -m venv --clear $(VENV) && touch $@; exit; \
	  fi; \
	done; \
	echo "make: found no Python 3.11 to 3.13; install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1

$(VENV)/locked: $(VENV)/created requirements.lock
	@echo "installing requirements.lock into $(VENV): about 2 GB on disk, minutes the first time"
	@$(LOCKED) --requirement requirements.lock
	@touch $@

$(VENV)/installed: $(VENV)/locked pyproject.toml rnnlab/__init__.py
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.lock
	@$(LOCKED) --requirement requirements-dev.lock
	@touch $@
