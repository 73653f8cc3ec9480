# Two commands do everything: `make serve` and `make test`.

PYTHON ?= python3
# Where training and development data lie, if they do. What needs them says so and is skipped.
DATA ?= ../shared
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Anything more for pip, such as an index that offers the CPU build of torch.
PIP_OPTIONS ?=

# What is measured at scale, in passages.
SIZES ?= 10000
# Peers are slow beyond this.
PASSAGES ?= 10000
# Further options for the measurements, such as "--folder /tmp/scale --reuse".
OPTIONS ?=
BENCH := build/bench
BENCH_STAMP := $(BENCH)/.installed

.PHONY: serve test pytest browser screenshots lint eval peers fit bench bench-scale bench-peers bench-while-adding bench-plots \
	soak sizing train wheel lock clean

serve: $(STAMP)
	$(BIN)/fundstelle serve --seeds

# Types are checked beside the tests, which wait half of their time.
test: $(STAMP) browser
	$(MAKE) --no-print-directory --jobs 2 lint pytest

pytest: $(STAMP)
	$(BIN)/python -m pytest

# The page is tested in a real browser: the one that CHROMIUM names, or Debian's.
browser:
	@command -v "$${CHROMIUM:-chromium}" >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium; \
	else \
		echo "The page is tested in Chromium: install the package chromium, or name a browser in CHROMIUM." >&2; exit 1; \
	fi

# The README's pictures of the page, what its first load weighs, and how fast it answers.
screenshots: $(STAMP) browser
	$(BIN)/python -m tests.screenshots

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Answers over the seeds, and over the development data where present.
eval: $(STAMP)
	$(BIN)/python -m qa.evaluation --data $(DATA)

# BM25 alone, all-MiniLM-L6-v2, the bundled model and Fundstelle on the same questions.
peers: $(STAMP)
	$(BIN)/python -m qa.evaluation.peers --data $(DATA)

# Fits the weights of the ranking (qa/ranking.json) on the development data.
fit: $(STAMP)
	$(BIN)/python -m qa.evaluation.fit --data $(DATA) $(OPTIONS)

bench: $(STAMP)
	$(BIN)/python -m tests.benchmarks

# Collections of SIZES passages: ingest, memory, disk, load by wrk, stages, recall, quality.
bench-scale: $(STAMP)
	$(BIN)/python -m tests.benchmarks.scale $(SIZES) --data $(DATA) $(OPTIONS)
	$(BIN)/python -m tests.benchmarks.tables

# The same documents and questions on txtai, Haystack and faiss with bm25s, one after the other.
bench-peers: $(BENCH_STAMP)
	$(BENCH)/bin/python -m tests.benchmarks.peers --passages $(PASSAGES) --data $(DATA) $(OPTIONS)
	$(BENCH)/bin/python -m tests.benchmarks.tables

# How long questions wait while many documents are added.
bench-while-adding: $(STAMP)
	$(BIN)/python -m tests.benchmarks.while_adding --data $(DATA) $(OPTIONS)

# Pictures of what the two above saved.
bench-plots: $(BENCH_STAMP)
	$(BENCH)/bin/python -m tests.benchmarks.plots

# 10,000 documents, asked while others change: every answer checked against its source.
soak: $(STAMP)
	$(BIN)/python -m tests.benchmarks.soak

# Passages to machines, memory, disk and cost, by arithmetic.
sizing: $(STAMP)
	$(BIN)/python -m tests.benchmarks.sizing

# Makes the bundled model anew from the parallel texts.
train: $(STAMP)
	$(BIN)/python -m embeddings.training.train --data $(DATA)/corpora --dev $(DATA)/dev --work work

wheel: $(STAMP)
	$(PIP) wheel --quiet --no-deps --wheel-dir dist .

# Resolves pyproject.toml anew into the lock file.
lock:
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet pip-tools
	echo "torch==2.13.0" > build/lock/constraints.txt
	build/lock/bin/pip-compile --quiet --upgrade --extra test --strip-extras --allow-unsafe \
		--no-annotate --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		--constraint build/lock/constraints.txt --output-file build/lock/resolved pyproject.toml
	head -1 requirements.lock > build/lock/head
	sed 's/+cpu$$//' build/lock/resolved | cat build/lock/head - > requirements.lock

$(STAMP): requirements.lock pyproject.toml hatch_build.py $(wildcard embeddings/*.c)
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Fundstelle needs Python 3.11 or later; name one: make PYTHON=python3.12')"
	$(PYTHON) -m venv $(VENV)
	$(PIP) install $(PIP_OPTIONS) --progress-bar off --quiet -r requirements.lock
	$(PIP) install $(PIP_OPTIONS) --quiet --no-deps --editable .
	touch $@

# torch first and by itself: what asks for it without a version would bring its CUDA build. Then what
# is locked; the peers replace only what they need newer.
$(BENCH_STAMP): requirements.lock pyproject.toml hatch_build.py $(wildcard embeddings/*.c)
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install $(PIP_OPTIONS) --progress-bar off --quiet torch==2.13.0
	$(BENCH)/bin/python -m pip install $(PIP_OPTIONS) --progress-bar off --quiet -r requirements.lock
	$(BENCH)/bin/python -m pip install $(PIP_OPTIONS) --progress-bar off --quiet --editable ".[bench]"
	touch $@

clean:
	rm -rf $(VENV) .fundstelle build dist work .pytest_cache .mypy_cache .ruff_cache .hypothesis
