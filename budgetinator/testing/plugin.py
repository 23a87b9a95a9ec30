"""The pytest plugin's outer half: options, marks, fixtures and the summary.

pytest imports this module in every run. It imports pytest and nothing else; what
measures is imported when the first test asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

    from budgetinator.resources import ResourceManagementService

FIXTURES = frozenset({"leak_check", "resource_service"})
PROPERTY = "leaks"  # the name of what is put on reports; they travel from xdist's workers
LEAST_RUNS = 12
MARKS = (
    "no_leaks(objects=0, fds=0, threads=0, bytes=None): repeat the test; it fails if it leaks more",
    "quarantine(reason): a known leak; the test is measured and reported, and does not fail for it",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("leaks", "leak checks (budgetinator)")
    group.addoption(
        "--leaks",
        nargs="?",
        const=0,
        default=None,
        type=_runs,
        metavar="RUNS",
        help="call every test that passes again and again, and fail those that leak;"
        f" with =RUNS as often in a first round ({LEAST_RUNS} at least)",
    )


def _runs(text: str) -> int:
    import argparse

    try:
        runs = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of calls; give paths before --leaks, or write --leaks=100"
        ) from None
    if runs < LEAST_RUNS:
        raise argparse.ArgumentTypeError(f"a trend needs {LEAST_RUNS} calls at least, not {runs}")
    return runs


def pytest_configure(config: pytest.Config) -> None:
    for mark in MARKS:
        config.addinivalue_line("markers", mark)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("leaks") is not None or any(map(asks_for_checks, items)):
        _ensure_checks(config)


def asks_for_checks(item: pytest.Item) -> bool:
    """Whether a test is to be measured, or uses a fixture that measures."""
    return (
        item.get_closest_marker("no_leaks") is not None
        or item.get_closest_marker("quarantine") is not None
        or not FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
    )


def _ensure_checks(config: pytest.Config) -> None:
    from budgetinator.testing.checks import NAME, LeakChecks

    if not config.pluginmanager.has_plugin(NAME):
        config.pluginmanager.register(LeakChecks(config.getoption("leaks")), NAME)


@pytest.fixture(name="leak_check")
def leak_check_fixture(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """`leak_check(function, *args, objects=0, fds=0, threads=0, bytes=None)` fails on a leak.

    As `budgetinator.testing.leak_check`, but for a test in quarantine, where a leak is reported.
    """
    from budgetinator.testing.fixtures import make_leak_check

    _ensure_checks(request.config)
    return make_leak_check(request.node, request.config.getoption("leaks"))


@pytest.fixture
def resource_service(request: pytest.FixtureRequest) -> Iterator[ResourceManagementService]:
    """A fresh ResourceManagementService; what it still tracks after the test fails the test."""
    from budgetinator.testing.fixtures import watched_service

    _ensure_checks(request.config)
    with watched_service(request.node) as service:
        yield service


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    found: dict[tuple[str, str], None] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, text in getattr(report, "user_properties", ()):
                if name == PROPERTY:
                    found[report.nodeid, text] = None
    if found:
        terminalreporter.section("leaks")
        _write(terminalreporter, found)


def _write(terminal: TerminalReporter, found: dict[tuple[str, str], None]) -> None:
    incomplete = dict.fromkeys(text for _, text in found if text.startswith("incomplete: "))
    for nodeid, text in found:
        if text not in incomplete:
            kind, _, rest = text.partition(": ")
            terminal.write_line(f"{kind.upper()} {nodeid}: {rest}")
    for text in incomplete:
        terminal.write_line(text.partition(": ")[2])
