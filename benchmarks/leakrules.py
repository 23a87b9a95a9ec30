"""Four rules for leaks on the same functions: which find what leaks, and which cry wolf.

- `leak_check`: ours, as a user calls it.
- The rule of seed 004: 100 calls, and the resident size may not grow by 10 MB.
- pytest-memray: `limit_leaks` on a test of 100 calls, with Python's allocators traced; with
  1 KB a line of code, which a leak of one object a call needs, and with 100 KB.
- psleak: `MemoryLeakTestCase.execute` as it is, with PYTHONMALLOC=malloc, which it asks for.

Every run has a process of its own: psleak calls a function that leaks 22,000 times, descriptors
run out, and a module is imported once.

`python -m benchmarks.leakrules RULE CASE RUN` is such a process, and prints its trial as JSON.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import psutil

from benchmarks.leakcases import CONTROLS, LEAKS, make
from benchmarks.timing import Figure

__all__ = ["RULES", "Trial", "leakrules", "trials"]

LEAK_RUNS = 12
CONTROL_RUNS = 4
REPOSITORY = Path(__file__).resolve().parents[1]
SEED_BYTES = 10 * 1024 * 1024
CALLS = 100
MOST_SECONDS = 400  # for the trials of one case

MEMRAY_TEST = """
import pytest
from benchmarks.leakcases import make
kept = []
@pytest.mark.limit_leaks({limit!r})
def test_it():
    function = make({case!r}, {run})
    kept.append(function)
    for _ in range({calls}):
        function()
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of one rule on one function: whether it said leak, and how long it took."""

    found: bool
    seconds: float


def leakrules() -> Iterator[Figure]:
    """The table: a row for each rule, of 12 runs of each leak and 36 of controls."""
    for rule, needed in RULES.items():
        if needed is not None and importlib.util.find_spec(needed) is None:
            yield Figure(f"{rule}: not installed (the extra dev has {needed})", "", "", True)
            continue
        yield from _table(rule)


def _table(rule: str) -> Iterator[Figure]:
    leaks = {case: trials(rule, case, LEAK_RUNS) for case in LEAKS}
    controls = {case: trials(rule, case, CONTROL_RUNS) for case in CONTROLS}
    found = sum(trial.found for each in leaks.values() for trial in each)
    alarms = sum(trial.found for each in controls.values() for trial in each)
    planted, clean = len(LEAKS) * LEAK_RUNS, len(CONTROLS) * CONTROL_RUNS
    left = planted + clean - sum(len(each) for each in (*leaks.values(), *controls.values()))
    missing = f", {left} not tried for lack of time" if left else ""
    ours = rule == "leak_check"
    yield Figure(
        f"{rule}: planted leaks found, false alarms",
        f"{found} of {planted}, {alarms} of {clean}{missing}",
        f"{planted} of {planted}, 0 of {clean}" if ours else "",
        found == planted and not alarms,
    )
    yield Figure(f"{rule}: by case", _by_case(leaks, controls), "", True)
    seconds = [t.seconds for each in (*leaks.values(), *controls.values()) for t in each]
    median = statistics.median(seconds)
    yield Figure(
        f"{rule}: median time of a check",
        f"{median:.2f} s (longest {max(seconds):.1f} s)",
        "≤ 2.5 s" if ours else "",
        median <= 2.5,
    )


def _by_case(leaks: dict[str, list[Trial]], controls: dict[str, list[Trial]]) -> str:
    missed = _counts(leaks, found=False)
    alarms = _counts(controls, found=True)
    return f"missed: {', '.join(missed) or 'none'}; alarms: {', '.join(alarms) or 'none'}"


def _counts(cases: dict[str, list[Trial]], *, found: bool) -> list[str]:
    """The cases with at least one trial that ended so, and how many did."""
    counted = {case: sum(t.found is found for t in made) for case, made in cases.items()}
    return [f"{case} {n}/{len(cases[case])}" for case, n in counted.items() if n]


def trials(rule: str, case: str, runs: int) -> list[Trial]:
    """As many trials, each in a process of its own; fewer if time is up."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    if rule == "psleak":
        environment["PYTHONMALLOC"] = "malloc"
    made: list[Trial] = []
    ending = time.monotonic() + MOST_SECONDS
    for run in range(runs):
        if time.monotonic() > ending:
            break
        arguments = (rule, case, str(run))
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.leakrules", *arguments],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=REPOSITORY,
        )
        made.append(Trial(**json.loads(done.stdout)))
    return made


def _own(function: Callable[[], object]) -> bool:
    from budgetinator.testing import leak_check

    try:
        leak_check(function)
    except AssertionError:
        return True
    return False


def _seed(function: Callable[[], object]) -> bool:
    process = psutil.Process()
    initial_memory = process.memory_info().rss
    for _ in range(CALLS):
        function()
    gc.collect()
    return bool(process.memory_info().rss - initial_memory >= SEED_BYTES)


def _psleak(function: Callable[[], object]) -> bool:
    psleak = importlib.import_module("psleak")

    case = psleak.MemoryLeakTestCase("execute")
    try:
        case.execute(function)
    except psleak.Error:
        return True
    return False


# Each rule, and the package that it needs.
RULES: dict[str, str | None] = {
    "leak_check": None,
    "seed 004": None,
    "pytest-memray 1 KB": "pytest_memray",
    "pytest-memray 100 KB": "pytest_memray",
    "psleak": "psleak",
}
_IN_PROCESS = {"leak_check": _own, "seed 004": _seed, "psleak": _psleak}


def _run_here(rule: str, case: str, run: int) -> Trial:
    function = make(case, run)
    began = time.perf_counter()
    found = _IN_PROCESS[rule](function)
    return Trial(found, time.perf_counter() - began)


def _run_memray(limit: str, case: str, run: int) -> Trial:
    """pytest's own report is the verdict."""
    with tempfile.TemporaryDirectory() as folder:
        test = Path(folder) / "test_it.py"
        text = MEMRAY_TEST.format(run=run, case=case, calls=CALLS, limit=limit)
        test.write_text(text, encoding="utf-8")
        report = Path(folder) / "report.xml"
        options = f"-q --memray --trace-python-allocators -p no:cacheprovider --junitxml={report}"
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTEST_ADDOPTS": ""}
        subprocess.run(
            [sys.executable, "-m", "pytest", *options.split(), f"--rootdir={folder}", str(test)],
            check=False,
            capture_output=True,
            env=environment,
        )
        return _read_junit(report)


def _read_junit(report: Path) -> Trial:
    (test,) = ET.parse(report).getroot().iter("testcase")
    failure = test.find("failure")
    said = "" if failure is None else failure.get("message") or ""
    if test.find("error") is not None or (failure is not None and "leak" not in said):
        raise RuntimeError(f"pytest-memray could not run: {ET.tostring(test, 'unicode')}")
    return Trial(failure is not None, float(test.get("time") or 0))


def _main(rule: str, case: str, run: str) -> None:
    if rule.startswith("pytest-memray "):
        made = _run_memray(rule.removeprefix("pytest-memray "), case, int(run))
    else:
        made = _run_here(rule, case, int(run))
    json.dump(asdict(made), sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # threads that were left waiting, on purpose, are not waited for


if __name__ == "__main__":
    _main(*sys.argv[1:])
