"""The plugin's working half: measures the tests that ask for it, and keeps what it found.

Registered with the first test that asks, so that other runs do without it. It is the
innermost of the wrappers around a test's call: captures, log handlers and
warnings of the call are in place while it repeats the test.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any

import pytest

from budgetinator.errors import MonitorError
from budgetinator.testing.checking import SECONDS, measure
from budgetinator.testing.limits import Limits
from budgetinator.testing.plugin import FIXTURES, PROPERTY
from budgetinator.testing.repeating import Repetition
from budgetinator.testing.wording import describe_leak, summarize, unmeasured

if TYPE_CHECKING:
    from budgetinator.memory import LeakReport

__all__ = ["NAME", "LeakChecks", "has_failed", "quarantine_reason", "tell", "tell_quarantined"]

NAME = "budgetinator-leak-checks"
_failed = pytest.StashKey[bool]()


def has_failed(item: pytest.Item) -> bool:
    """Whether the test did not pass: its traceback keeps objects alive, and it has its report."""
    return item.stash.get(_failed, False)


def tell(item: pytest.Item, kind: str, text: str) -> None:
    """Put a line on the test's reports, for the summary."""
    entry = (PROPERTY, f"{kind}: {text}")
    if entry not in item.user_properties:
        item.user_properties.append(entry)


class LeakChecks:
    """One a process. `runs` is what `--leaks` asked for: None not given, 0 without a number."""

    def __init__(self, runs: int | None) -> None:
        self._runs = runs
        self._reported: str | None = None

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        self._reported = None
        try:
            result = yield
        except BaseException:
            item.stash[_failed] = True
            raise
        if getattr(item, "_excinfo", None):  # of a unittest test, which does not raise
            item.stash[_failed] = True
        elif self._is_measured(item):
            try:
                self._check(item)
            except BaseException:
                item.stash[_failed] = True
                raise
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note who reports while it runs: subtests do, and would with each repetition."""
        if report.when == "call":
            self._reported = report.nodeid

    def _is_measured(self, item: pytest.Item) -> bool:
        if item.get_closest_marker("no_leaks") is not None:
            return True
        used = FIXTURES.intersection(getattr(item, "fixturenames", ()))
        if self._runs is not None:
            return "leak_check" not in used  # it measures, and takes its time
        return not used and item.get_closest_marker("quarantine") is not None

    def _check(self, item: pytest.Item) -> None:
        limits, reason = _read_marks(item)
        if self._reported == item.nodeid:
            self._not_measured(item, "it reports subtests, and would again with each call")
            return
        if "leak_check" in getattr(item, "fixturenames", ()):
            self._not_measured(item, "it calls leak_check, which measures already")
            return
        repetition = Repetition(item)
        report = self._measure(repetition)
        if report is None:
            self._refuse(item, repetition)
            return
        if report.unmeasured:
            tell(item, "incomplete", unmeasured(report.unmeasured))
        findings = limits.exceeded(report)
        if reason is not None:
            tell_quarantined(item, reason, summarize(findings), report.calls)
        elif findings:
            pytest.fail(describe_leak(item.name, report, limits), pytrace=False)

    def _measure(self, repetition: Repetition) -> LeakReport | None:
        """None if the test could not be repeated."""
        with repetition.quiet():
            try:
                return measure(repetition, seconds=SECONDS, runs=self._runs or None)
            except MonitorError as error:
                if error is not repetition.refusal:
                    raise
                return None

    def _refuse(self, item: pytest.Item, repetition: Repetition) -> None:
        """The test's own error, if it is marked: it says more than that there was one."""
        __tracebackhide__ = True
        cause = repetition.refusal and repetition.refusal.__cause__
        if _must_hold(item) and isinstance(cause, Exception):
            cause.add_note(f"{item.name} cannot be measured: it passed once, and this came later")
            raise cause
        self._not_measured(item, str(repetition.refusal))

    def _not_measured(self, item: pytest.Item, why: str) -> None:
        """A failure if the test is marked, since the mark says that it holds; else a line."""
        if _must_hold(item):
            pytest.fail(f"{item.name} cannot be measured: {why}", pytrace=False)
        tell(item, "not measured", why)


def _must_hold(item: pytest.Item) -> bool:
    return item.get_closest_marker("no_leaks") is not None and quarantine_reason(item) is None


def _read_marks(item: pytest.Item) -> tuple[Limits, str | None]:
    marker = item.get_closest_marker("no_leaks")
    try:
        limits = Limits() if marker is None else Limits(*marker.args, **marker.kwargs)
        return limits, quarantine_reason(item)
    except (TypeError, ValueError) as error:
        wrong = str(error)
    pytest.fail(f"the marks of {item.name} cannot be read: {wrong}", pytrace=False)


def quarantine_reason(item: pytest.Item) -> str | None:
    """The reason of the test's quarantine; None without one, TypeError for one without reason."""
    marker = item.get_closest_marker("quarantine")
    if marker is None:
        return None
    given: Iterable[Any] = (*marker.args, marker.kwargs.get("reason"))
    reason = next((each for each in given if isinstance(each, str) and each), None)
    if reason is None:
        raise TypeError('quarantine needs a reason: @pytest.mark.quarantine(reason="...")')
    return reason


def tell_quarantined(item: pytest.Item, reason: str, leaks: str, calls: int) -> None:
    """Report a known leak, or that it is gone."""
    if leaks:
        tell(item, "quarantined", f"{leaks} (known: {reason})")
    else:
        tell(
            item,
            "no longer leaks",
            f"clean in {calls} calls; take its quarantine away (was: {reason})",
        )
