"""The figures of docs/benchmarks.md: ratios within one run, never times by themselves.

`python -m benchmarks` measures everything and prints the table, `--write` puts
it into docs/benchmarks.md, and names choose single benchmarks.
"""
