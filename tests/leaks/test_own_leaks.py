"""What the project does to workbooks, over and over: no leak by the leak rule."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from budgetinator.config import ResourceOptions, Settings
from budgetinator.memory import LeakReport, find_leaks
from budgetinator.runtime import make_runtime
from tests.leaks import (
    budget_operations,
    failing_operations,
    memory_operations,
    resource_operations,
    upper_operations,
    workbook_operations,
)
from tests.leaks.ground import Ground, Operation

SECONDS = 0.4
HOLDERS = 8
TRACEMALLOC = "monitor, lines of an operation"

OPERATIONS = {
    **budget_operations.OPERATIONS,
    **workbook_operations.OPERATIONS,
    **failing_operations.OPERATIONS,
    **resource_operations.OPERATIONS,
    **memory_operations.OPERATIONS,
    **upper_operations.OPERATIONS,
}


def settings_in(folder: Path) -> Settings:
    """The journal has operations of its own: sqlite3 keeps up to 200 dead cursors."""
    return Settings(resources=ResourceOptions(journal=False, state_dir=str(folder / "state")))


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    # The record that the tests keep of opened files is full, and grows no longer.
    for number in range(600):
        (tmp_path / f"record{number}").touch()
    logging.disable()  # what is warned of would be kept by those who record it for the tests
    try:
        with make_runtime(settings_in(tmp_path)) as runtime:
            yield Ground.prepare(tmp_path, runtime)
    finally:
        logging.disable(logging.NOTSET)


def forget_attributes() -> None:
    """Empty Python's cache of attributes by name.

    It keeps the last 4,096 names that were looked up, and with them texts made for the purpose,
    as by `setattr`. Filling up takes hundreds of calls, and hides what is smaller.
    """
    clear = getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache
    clear()


def check(operation: Operation, ground: Ground, seconds: float = SECONDS) -> LeakReport:
    def run() -> None:
        operation(ground)
        forget_attributes()

    return find_leaks(run, seconds=seconds)


def described(report: LeakReport) -> str:
    """What grew, where it was allocated, and what holds it."""
    lines = [
        f"{finding.metric}: {', '.join(f'{each:.3g}' for each in finding.growth_per_call)}"
        f" a call in each round, p {finding.trend.p:.1g}"
        for finding in report.findings
    ]
    lines += [
        f"  allocated at {line['file']}:{line['line']}, {line['count']} pieces"
        for line in report.lines
    ]
    if report.kept is not None:
        for grown in report.kept["types"][:HOLDERS]:
            lines += [
                f"  {grown['count_delta']} {grown['type']}: {each}" for each in grown["held_by"]
            ]
        lines += [f"  open: {each['path']}" for each in report.kept["descriptors"][:HOLDERS]]
        lines += [f"  runs: {name}" for name in report.kept["threads"][:HOLDERS]]
    return "\n".join(lines)


@pytest.mark.parametrize("name", OPERATIONS)
def test_nothing_is_left_behind(name: str, ground: Ground) -> None:
    """Called over and over, it makes no counter of the process rise for good."""
    # tracemalloc itself keeps some bytes of the C heap each time that it is stopped. That
    # is looked into for eight times as long as a check without suspicion, so that is short.
    expected = {"heap"} if name == TRACEMALLOC else set()

    report = check(OPERATIONS[name], ground, SECONDS / 4 if expected else SECONDS)

    assert not {finding.metric for finding in report.findings} - expected, (
        f"{name} leaks over {report.calls} calls\n{described(report)}"
    )


def test_a_planted_leak_is_found_and_described(ground: Ground) -> None:
    """One list kept by each opening is found, with its line and what holds it."""
    kept: list[object] = []

    def leaky(ground: Ground) -> None:
        workbook_operations.touch_in_excel_context(ground)
        kept.append([ground])

    text = described(check(leaky, ground))

    assert "objects: 1, 1, 1" in text
    assert f"allocated at {__file__}:" in text
    assert "kept[" in text
