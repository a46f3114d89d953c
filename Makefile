# Two commands: `make demo` (the benchmark on embedded data) and `make test`. Both build .venv first.
PYTHON ?= python3

ARCHIVE ?= iass-bench.zip

RUN_STAMP := .venv/.installed
TEST_STAMP := .venv/.installed-test
TORCH := $(shell grep '^torch==' requirements.lock)

# The environment is this checkout's own: no user packages, no display, no files in HOME.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONPATH := $(CURDIR)
export PYTHONNOUSERSITE := 1
export MPLBACKEND := Agg
export XDG_CACHE_HOME := $(CURDIR)/.cache
export MPLCONFIGDIR := $(CURDIR)/.cache/matplotlib
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_CACHE_DIR ?= 1

.PHONY: demo archive test test-slow bench-scoring bench-training bench-separation bench-data format clean

demo: $(RUN_STAMP)
	snakemake --cores all
	python -m iass summary

# One file of all results of the demo, for a paper to cite.
archive: $(RUN_STAMP)
	python -m iass archive -o $(ARCHIVE)

test: $(TEST_STAMP)
	ruff format --check .
	snakefmt --check Snakefile workflow/rules
	ruff check .
	mypy
	lint-imports
	deptry .
	snakemake --lint
	pytest -n 2 --dist loadfile -m "not slow"

test-slow: $(TEST_STAMP)
	pytest -n 2 --dist loadfile -m slow

# Our scoring engine against museval, side by side; about half an hour in all.
bench-scoring: $(RUN_STAMP)
	python bench/scoring.py

# Training steps and separation, ours against the straightforward way; about ten minutes each.
bench-training: $(RUN_STAMP)
	python bench/training.py

bench-separation: $(RUN_STAMP)
	python bench/separation.py

# Reading chunks, and preparing songs; three minutes.
bench-data: $(RUN_STAMP)
	python bench/loading.py
	python bench/preparation.py

format: $(TEST_STAMP)
	ruff check --select I --fix .
	ruff format .
	python -m iass config > config/README.md
	python -m iass schemas -o workflow/schemas
	snakefmt Snakefile workflow/rules

# Keeps .venv and data: both take long to get again.
clean:
	rm -rf results .snakemake .cache .*_cache
	find reports -mindepth 1 -maxdepth 1 ! -name published -exec rm -rf {} +

# requirements.lock says why torch comes first and alone.
$(RUN_STAMP): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python's venv module is missing: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	python -m pip install --quiet -c requirements.lock $(TORCH)
	python -m pip install --quiet --no-deps --no-build-isolation --use-pep517 \
		-r requirements.lock
	touch $@

$(TEST_STAMP): requirements-test.lock $(RUN_STAMP)
	python -m pip install --quiet --no-deps -r requirements-test.lock
	touch $@
