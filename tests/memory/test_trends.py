from __future__ import annotations

import math
import random

import pytest

from budgetinator.memory.trends import fades, mann_kendall, rises, sen_interval, theil_sen, trend


def test_theil_sen_is_the_slope_of_a_line_with_an_outlier() -> None:
    """One wild reading among twelve does not move the slope."""
    xs = list(range(12))
    ys = [3.0 * x + 7 for x in xs]
    ys[5] = 10_000

    assert theil_sen(xs, ys) == 3.0


def test_theil_sen_of_one_reading_is_no_slope() -> None:
    """There is no slope through a single point."""
    assert theil_sen([4], [2]) == 0.0


def test_interval_of_a_line_is_its_slope() -> None:
    """Without noise there is no doubt, and without two points there is nothing."""
    assert sen_interval([0, 1, 2, 3], [0, 2, 4, 6]) == (2.0, 2.0)
    assert sen_interval([1], [1]) == (0.0, 0.0)


def test_interval_has_the_true_slope_in_it_as_often_as_it_says() -> None:
    """Of 1,000 noisy lines of slope 2 about 95 in a hundred have 2 in their interval."""
    chance = random.Random(11)
    xs = list(range(12))

    intervals = [sen_interval(xs, [2 * x + chance.gauss(0, 3) for x in xs]) for _ in range(1_000)]

    assert 920 <= sum(low <= 2 <= high for low, high in intervals) <= 980


def test_mann_kendall_of_a_series_worked_by_hand() -> None:
    """Twelve rising readings: S = 66, variance 212.67, z = 65 / 14.583."""
    z = 65 / math.sqrt(12 * 11 * 29 / 18)

    assert mann_kendall(list(range(12))) == pytest.approx(0.5 * math.erfc(z / math.sqrt(2)))
    assert mann_kendall(list(range(12))) < 0.001


def test_mann_kendall_corrects_for_ties() -> None:
    """Steps of 4, 5 and 3 equal readings: S = 47, variance (3828 - 522) / 18."""
    z = 46 / math.sqrt((3828 - 522) / 18)

    actual = mann_kendall([0] * 4 + [1] * 5 + [2] * 3)

    assert actual == pytest.approx(0.5 * math.erfc(z / math.sqrt(2)))


@pytest.mark.parametrize("ys", [[], [5], [5] * 12, list(range(12, 0, -1))])
def test_no_rise_is_not_significant(ys: list[float]) -> None:
    """No readings, equal ones and falling ones are no trend upwards."""
    assert mann_kendall(ys) > 0.5


def test_noise_is_a_trend_as_seldom_as_it_says() -> None:
    """Of 2,000 series of noise about one in a hundred is below p = 0.01."""
    chance = random.Random(7)

    false = sum(mann_kendall([chance.gauss(0, 1) for _ in range(12)]) < 0.01 for _ in range(2_000))

    assert false <= 40


@pytest.mark.parametrize(
    ("metric", "a_call", "expected"),
    [("blocks", 0.05, False), ("blocks", 0.2, True), ("heap", 8, False), ("heap", 300, True)],
)
def test_growth_below_the_floor_is_not_looked_at(
    metric: str, a_call: float, expected: bool
) -> None:
    """However steady, growth under the metric's floor is no suspicion."""
    xs = [float(10 * n) for n in range(12)]

    assert rises(trend(xs, [a_call * x for x in xs]), metric) is expected


def test_cache_that_fills_up_fades() -> None:
    """Growth that falls below 60 % of the first round's is fading; steady growth is not."""
    assert fades([10, 9, 5.9])
    assert not fades([10, 9, 6.1])
