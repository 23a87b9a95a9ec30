"""The leak rule, proven in small: each leak and each control, in fresh processes.

The whole proof, with other tools beside it, is `python -m benchmarks leakrules`.
"""

from __future__ import annotations

from statistics import median

import pytest

from benchmarks.leakcases import CONTROLS, LEAKS
from benchmarks.leakrules import trials

LONGEST_MEDIAN = 2.5  # seconds


@pytest.mark.parametrize("case", LEAKS)
def test_planted_leak_is_found(case: str) -> None:
    """Each kind of leak is found, alone and with noise around it; of the slow ones one is tried."""
    runs = 1 if "workbook" in case else 2

    found = [trial.found for trial in trials("leak_check", case, runs)]

    assert found == [True] * runs


def test_controls_raise_no_alarm_and_take_their_time() -> None:
    """Nothing clean, noisy, caching or late is a leak; the median check takes 2.5 s at most."""
    done = {case: trials("leak_check", case, runs=2) for case in CONTROLS}

    assert [case for case, each in done.items() if any(trial.found for trial in each)] == []
    assert median(trial.seconds for each in done.values() for trial in each) <= LONGEST_MEDIAN
