"""Whether a series of readings rises: Theil-Sen slope and Mann-Kendall test.

Both compare every pair of readings, so that one outlier moves neither.
Sources: P. K. Sen, "Estimates of the regression coefficient based on
Kendall's tau", JASA 63 (1968); H. B. Mann, "Nonparametric tests against
trend", Econometrica 13 (1945), with the variance corrected for ties as in
M. G. Kendall, "Rank Correlation Methods" (1975). Plain Python: the series
have at most a few hundred readings, and numpy would cost more to import.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "FLOORS",
    "SIGNIFICANCE",
    "STEADY",
    "Trend",
    "fades",
    "mann_kendall",
    "rises",
    "sen_interval",
    "theil_sen",
    "trend",
]

# The leak rule: growth a call below its floor is not looked at, nor is growth
# that chance explains with more than this probability.
FLOORS: Mapping[str, float] = {
    "blocks": 0.1,
    "objects": 0.05,
    "descriptors": 0.05,
    "threads": 0.05,
    "heap": 16.0,
}
SIGNIFICANCE = 0.001
STEADY = 0.6
QUANTILE = 1.959964  # of the normal distribution: 95 % lie within as many deviations


@dataclass(frozen=True, slots=True)
class Trend:
    """`slope` in units of the metric a call; `p` the chance of it without growth."""

    slope: float
    p: float


def theil_sen(xs: Sequence[float], ys: Sequence[float]) -> float:
    """The median of the slopes of all pairs; 0.0 for fewer than two distinct xs."""
    slopes = _slopes(xs, ys)
    return median(slopes) if slopes else 0.0


def sen_interval(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """Between which slopes the true one lies with a confidence of 95 %, as in Sen (1968)."""
    slopes = sorted(_slopes(xs, ys))
    if not slopes:
        return 0.0, 0.0
    width = QUANTILE * math.sqrt(max(_spread(ys), 0) / 18)
    first = max(0, math.floor((len(slopes) - width) / 2))
    last = min(len(slopes) - 1, math.ceil((len(slopes) + width) / 2))
    return slopes[first], slopes[last]


def _slopes(xs: Sequence[float], ys: Sequence[float]) -> list[float]:
    return [
        (ys[j] - ys[i]) / (xs[j] - xs[i])
        for i in range(len(xs))
        for j in range(i + 1, len(xs))
        if xs[j] != xs[i]
    ]


def mann_kendall(ys: Sequence[float]) -> float:
    """The one-sided probability that a series without trend rises as much as this one.

    Normal approximation with continuity correction: good from about ten readings.
    """
    n = len(ys)
    score = sum((ys[j] > ys[i]) - (ys[j] < ys[i]) for i in range(n) for j in range(i + 1, n))
    spread = _spread(ys)
    if spread <= 0:
        return 1.0
    corrected = score - (score > 0) + (score < 0)
    return 0.5 * math.erfc(corrected / math.sqrt(spread / 18) / math.sqrt(2))


def _spread(ys: Sequence[float]) -> int:
    """18 times the variance of Mann's score, corrected for ties."""
    n, ties = len(ys), Counter(ys).values()
    return n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)


def trend(xs: Sequence[float], ys: Sequence[float]) -> Trend:
    """Slope and probability of a series; `xs` rise."""
    return Trend(theil_sen(xs, ys), mann_kendall(ys))


def rises(found: Trend, metric: str) -> bool:
    """The leak rule's test of one series: above the metric's floor, and not by chance."""
    return found.slope > FLOORS[metric] and found.p < SIGNIFICANCE


def fades(growths: Sequence[float]) -> bool:
    """Whether growth a call falls below 60 % of the first of `growths`: a cache that fills up."""
    return any(later < STEADY * growths[0] for later in growths[1:])
