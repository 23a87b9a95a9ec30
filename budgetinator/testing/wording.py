"""What a leak is told as: the metric, how sure it is, the rounds, the lines, and what holds it."""

from __future__ import annotations

import linecache
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from budgetinator.memory import LeakFinding, LeakReport
    from budgetinator.testing.limits import Limits

__all__ = ["METRICS", "describe_leak", "summarize"]

METRICS = {
    "blocks": "memory blocks",
    "heap": "bytes of the C allocator",
    "descriptors": "open descriptors",
    "threads": "threads",
    "objects": "tracked objects",
}
SHOWN = 5
SHARE = 0.5  # of the growth; what is kept less often than that is something else
MEBIBYTE = 1024 * 1024


def summarize(findings: tuple[LeakFinding, ...]) -> str:
    """The metrics and their growth, on one line."""
    return ", ".join(
        f"{_growth(each.trend.slope)} {METRICS[each.metric]} a call" for each in findings
    )


def describe_leak(name: str, report: LeakReport, limits: Limits) -> str:
    """The whole of it, for the report of a failed test; paths as seen from the current folder."""
    findings = limits.exceeded(report)
    rounds = ", ".join(map(str, report.rounds))
    parts = [f"{name} leaks: {summarize(findings)}", *(_finding(f, report) for f in findings)]
    parts.append(
        f"  {report.calls} calls in {report.seconds:.1f} s: rounds of {rounds}, 12 readings in each"
    )
    if report.bytes_per_call >= 1:
        parts.append(f"  Python's allocators keep {report.bytes_per_call:,.0f} bytes a call")
    parts += _section("allocated and kept by", _lines(report))
    parts += _section("what stays, and what holds it", _kept(report))
    allowed = {key: value for key, value in _allowed(limits) if value}
    if allowed:
        parts.append("  allowed a call: " + ", ".join(f"{k}={v:g}" for k, v in allowed.items()))
    if report.unmeasured:
        parts.append("  " + unmeasured(report.unmeasured))
    return "\n".join(parts)


def unmeasured(metrics: tuple[str, ...]) -> str:
    """Which counters this system lacks."""
    return "not measured, because this system does not tell: " + ", ".join(
        METRICS[each] for each in metrics
    )


def _finding(finding: LeakFinding, report: LeakReport) -> str:
    low, high = finding.interval
    rounds = ", ".join(
        f"{_growth(growth)} in {calls} calls"
        for growth, calls in zip(finding.growth_per_call, report.rounds, strict=False)
    )
    return (
        f"  {METRICS[finding.metric]}: {_growth(finding.trend.slope)} a call, 95 % sure of"
        f" {_growth(low)} to {_growth(high)}; by chance alone: p = {finding.trend.p:.1g}\n"
        f"    by rounds: {rounds}"
    )


def _growth(value: float) -> str:
    return f"{value:+,.0f}" if abs(value) >= 100 else f"{value:+.2f}"


def _section(title: str, lines: Iterator[str]) -> list[str]:
    found = [f"    {line}" for line in lines]
    return [f"  {title}:", *found] if found else []


def _lines(report: LeakReport) -> Iterator[str]:
    calls = max(1, report.explained_calls)
    for each in report.lines[:SHOWN]:
        if each["count"] < _least(report):
            continue
        size = each["size_mb"] * MEBIBYTE / calls
        source = linecache.getline(each["file"], each["line"]).strip()
        yield (
            f"{_short(each['file'])}:{each['line']}: {_growth(each['count'] / calls)} allocations,"
            f" {size:,.0f} bytes a call" + (f"    {source}" if source else "")
        )


def _kept(report: LeakReport) -> Iterator[str]:
    if report.kept is None:
        return
    calls = max(1, report.explained_calls)
    grown = [t for t in report.kept["types"] if t["count_delta"] >= _least(report)]
    for kind in sorted(grown, key=lambda t: -t["count_delta"])[:SHOWN]:
        yield f"{kind['type']} ({_growth(kind['count_delta'] / calls)} a call)"
        paths = sorted(kind["held_by"], key=lambda path: not path.startswith("module "))
        yield from (f"  {path}" for path in paths[:2])
    if _found(report, "descriptors"):
        for new in report.kept["descriptors"][-3:]:
            yield f"descriptor {new['descriptor']} of {new['path']}"
    if _found(report, "threads"):
        yield from (f"thread {name!r}" for name in report.kept["threads"][-3:])


def _least(report: LeakReport) -> float:
    """How often something must have been kept to be part of what was found."""
    slopes = [f.trend.slope for f in report.findings if f.metric != "heap"]
    return max(2.0, SHARE * min([1.0, *slopes]) * report.explained_calls)


def _found(report: LeakReport, metric: str) -> bool:
    return any(each.metric == metric for each in report.findings)


def _allowed(limits: Limits) -> Iterator[tuple[str, float]]:
    for name in ("objects", "fds", "threads", "bytes"):
        yield name, getattr(limits, name) or 0


def _short(file: str) -> str:
    try:
        near = os.path.relpath(file)
    except ValueError:  # another drive
        return file
    return file if near.startswith("..") else str(Path(near))
