"""What the plugin's two fixtures give a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from budgetinator.testing.checking import SECONDS, measure
from budgetinator.testing.checks import has_failed, quarantine_reason, tell, tell_quarantined
from budgetinator.testing.limits import Limits
from budgetinator.testing.outliving import survivors
from budgetinator.testing.wording import describe_leak, summarize

if TYPE_CHECKING:
    from budgetinator.memory import LeakReport
    from budgetinator.resources import ResourceManagementService

__all__ = ["make_leak_check", "watched_service"]


def make_leak_check(item: pytest.Item, default_runs: int | None) -> Callable[..., LeakReport]:
    """`leak_check` for one test, which knows whether the test is in quarantine."""

    def leak_check(
        function: Callable[..., object],
        /,
        *args: Any,
        objects: float = 0,
        fds: float = 0,
        threads: float = 0,
        bytes: float | None = None,  # noqa: A002 - the name of the mark's argument as well
        seconds: float = SECONDS,
        runs: int | None = None,
    ) -> LeakReport:
        __tracebackhide__ = True
        limits = Limits(objects, fds, threads, bytes)
        reason = quarantine_reason(item)
        report = measure(function, *args, seconds=seconds, runs=runs or default_runs or None)
        findings = limits.exceeded(report)
        if reason is not None:
            tell_quarantined(item, reason, summarize(findings), report.calls)
        elif findings:
            name = getattr(function, "__qualname__", None) or repr(function)
            pytest.fail(describe_leak(name, report, limits), pytrace=True)
        return report

    return leak_check


@contextmanager
def watched_service(item: pytest.Item) -> Iterator[ResourceManagementService]:
    """A service in debug mode; closed at the end, and what it tracked until then is reported."""
    from budgetinator.resources import ResourceManagementService

    service = ResourceManagementService(debug=True)
    try:
        yield service
        left = [] if has_failed(item) else survivors(service)
    finally:
        service.close()
    if not left:
        return
    heading = f"tracked resources outlived {item.name}:"
    reason = quarantine_reason(item)
    if reason is not None:
        tell(item, "quarantined", f"{heading} {'; '.join(left)} (known: {reason})")
    else:
        pytest.fail("\n  ".join([heading, *left]), pytrace=False)
