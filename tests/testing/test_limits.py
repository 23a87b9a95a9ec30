from __future__ import annotations

import pytest

from budgetinator.memory import LeakFinding, LeakReport, Trend
from budgetinator.testing import Limits, describe_leak


def report(bytes_per_call: float = 0.0, **growth: float) -> LeakReport:
    """A report whose metrics grow by so much a call."""
    findings = tuple(
        LeakFinding(metric, Trend(slope, 1e-6), (slope,) * 3, (slope, slope))
        for metric, slope in growth.items()
    )
    return LeakReport(findings, (), (), 100, 1.0, (12, 18, 27), 24, bytes_per_call)


def exceeded(limits: Limits, found: LeakReport) -> list[str]:
    return [finding.metric for finding in limits.exceeded(found)]


def test_without_limits_every_finding_counts() -> None:
    """What the leak rule proves is a leak unless it is allowed."""
    assert exceeded(Limits(), report(blocks=0.2, descriptors=0.1)) == ["blocks", "descriptors"]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Limits(objects=2), []),
        (Limits(objects=1), ["objects"]),
        (Limits(objects=2, bytes=200), []),
        (Limits(objects=2, bytes=100), ["blocks"]),
        (Limits(bytes=200), ["objects"]),
        (Limits(fds=1), ["objects"]),
    ],
)
def test_allowed_growth_passes_and_more_does_not(limits: Limits, expected: list[str]) -> None:
    """Two objects and 150 bytes a call: memory goes along with objects unless it is bounded."""
    found = report(150.0, blocks=4.0, objects=2.0)

    assert exceeded(limits, found) == expected


def test_bytes_of_the_c_allocator_count_as_well() -> None:
    """A leak outside of Python's allocators is bounded by the heap's growth."""
    found = report(0.0, heap=5_000.0)

    assert exceeded(Limits(bytes=4_000), found) == ["heap"]
    assert exceeded(Limits(bytes=6_000), found) == []


@pytest.mark.parametrize("value", [-1, "many"])
def test_limit_that_is_no_growth_is_refused(value: object) -> None:
    """A limit is a number from 0 up, and the argument is named."""
    with pytest.raises(ValueError, match="fds="):
        Limits(fds=value)  # type: ignore[arg-type]


def test_failure_says_what_was_allowed() -> None:
    """The text has the growth that is too much, and not the one that is allowed."""
    text = describe_leak("load", report(objects=2.0, descriptors=1.0), Limits(objects=2))

    assert "load leaks: +1.00 open descriptors a call" in text
    assert "tracked objects" not in text
    assert "allowed a call: objects=2" in text
