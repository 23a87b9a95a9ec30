from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.workbooks.saving.kills import kill_saves


@pytest.mark.timeout(120)
def test_killed_at_random_moments(tmp_path: Path) -> None:
    """Whenever a saving process is killed, the file is whole, and each temp file has its row.

    The lock is freed with the process: the last save waits a second at most.
    """
    tally = kill_saves(tmp_path, count=30, seed=os.getpid())
    assert tally.kills == 30
    assert tally.within_a_save > 10, tally
    assert (tally.corrupt, tally.without_row, tally.lost) == (0, 0, 0), tally
