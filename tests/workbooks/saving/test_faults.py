from __future__ import annotations

from pathlib import Path

import pytest

from tests.workbooks.saving.faults import can_inject, inject

needs_strace = pytest.mark.skipif(not can_inject(), reason="strace is missing or may not trace")


@needs_strace
@pytest.mark.parametrize("backup", [False, True])
def test_system_call_that_fails(tmp_path: Path, backup: bool) -> None:
    """Whichever system call fails or is the last one, the file is whole and the answer true.

    With an error, no temporary file is left; after a kill, each has its journal row.
    """
    tally = inject(tmp_path, stride=47, backup=backup)
    assert tally.faults > 12
    assert tally.refused > 3, tally
    assert (tally.corrupt, tally.wrong) == (0, []), tally
