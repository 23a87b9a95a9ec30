# Each target makes what it needs: Python 3.11 or newer, git and make are enough.
#   make demo    a sample budget is made, printed, checked, changed and saved, and shown in the window
#   make test    all tests
#   make check   style, types and the direction of imports
#   make bench   the figures of docs/benchmarks.md
#   make screenshots  pictures of the window in each state, light and dark, in build/pictures
#   make clean   removes .venv and everything that was built

PYTEST_ARGS ?= -n 2
BIN := .venv/bin

.PHONY: demo test check bench screenshots clean

demo:
	@.ci/prepare gui
	@$(BIN)/budgetinator demo

test:
	@.ci/prepare test
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check:
	@.ci/prepare dev
	@status=0; \
	for tool in "ruff check ." "ruff format --check ." "mypy" "lint-imports --no-cache"; do \
		echo "$$tool"; $(BIN)/$$tool || status=1; \
	done; \
	exit $$status

bench:
	@.ci/prepare bench
	$(BIN)/python -m benchmarks

screenshots:
	@.ci/prepare test
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m gui.screenshots build/pictures

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
