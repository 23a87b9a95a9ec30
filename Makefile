# Each target makes what it needs: Python 3.11 or newer, git and make are enough.
#   make demo    a sample budget is made, printed, checked, changed and saved
#   make test    all tests
#   make check   style, types and the direction of imports
#   make bench   the figures of docs/benchmarks.md
#   make clean   removes .venv and everything that was built

PYTEST_ARGS ?= -n 2
BIN := .venv/bin

.PHONY: demo test check bench clean

demo:
	@.ci/prepare
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

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
