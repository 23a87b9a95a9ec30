"""Measuring on a noisy machine: candidates take turns, and medians are compared."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["Figure", "interleaved", "median_ratio"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    what: str
    measured: str
    reach: str
    reached: bool


def interleaved(
    candidates: Mapping[str, Callable[[], object]], rounds: int
) -> dict[str, list[float]]:
    """Seconds of each candidate in each round; every round runs all of them, in turn.

    The collector runs between the candidates and not within them.
    """
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for candidate in candidates.values():
        candidate()
    for _ in range(rounds):
        for name, candidate in candidates.items():
            gc.collect()
            gc.disable()
            start = time.perf_counter()
            candidate()
            seconds[name].append(time.perf_counter() - start)
            gc.enable()
    return seconds


def median_ratio(seconds: Mapping[str, list[float]], of: str, against: str) -> float:
    """The median, over the rounds, of one candidate's time by the other's."""
    pairs = zip(seconds[of], seconds[against], strict=True)
    return statistics.median(mine / theirs for mine, theirs in pairs)
