"""What `import budgetinator` adds to the start of an interpreter."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.timing import Figure

ROUNDS = 25


def importing() -> Iterator[Figure]:
    """The median difference of pairs of interpreters, with and without the import."""
    differences = [(_run("import budgetinator") - _run("pass")) * 1000 for _ in range(ROUNDS)]
    added = statistics.median(differences)
    yield Figure(
        "import of budgetinator over bare Python", f"{added:.1f} ms", "≤ 25 ms", added <= 25
    )
    differences = [
        (_run("from budgetinator import excel_context") - _run("pass")) * 1000
        for _ in range(ROUNDS)
    ]
    added = statistics.median(differences)
    yield Figure(
        "`from budgetinator import excel_context` over bare Python", f"{added:.1f} ms", "", True
    )


def _run(code: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start
