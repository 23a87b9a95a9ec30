"""Tabs opened, worked in and closed, in every order: nothing is left.

`CYCLES=200` runs so many instead of a few, `CYCLES_SEED` draws others.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.gui.window.conftest import CORPUS

REPOSITORY = Path(__file__).parents[3]
CYCLES = int(os.environ.get("CYCLES") or 12)
SEED = os.environ.get("CYCLES_SEED") or "5"
FILE = CORPUS / "poi" / "45540_form_Header.xlsx"
SECONDS = 100 if CYCLES <= 12 else 6 * CYCLES
# The window says nothing of its own on stderr.
OFFSCREEN_LACKS = "This plugin does not support propagateSizeHints"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a process of its own printed about the cycles that it ran."""
    folder = tmp_path_factory.mktemp("cycles")
    arguments = [str(folder), str(CYCLES), SEED, *([str(FILE)] if FILE.exists() else [])]
    done = subprocess.run(
        [sys.executable, "-m", "tests.gui.cycles.program", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    said = [line for line in done.stderr.splitlines() if OFFSCREEN_LACKS not in line]
    trace = folder / "trace.txt"
    last = trace.read_text().splitlines()[-1:] if trace.exists() else []
    assert done.returncode == 0, "\n".join([*said, "the last cycle:", *last])
    return {**json.loads(done.stdout), "stderr": said}


pytestmark = pytest.mark.timeout(SECONDS + 15)


def test_no_counter_rises(ran: dict[str, Any]) -> None:
    """By the leak rule: bytes, objects, descriptors, threads, and what there is of Qt."""
    assert ran["cycles"] >= CYCLES
    assert ran["findings"] == [], "\n".join(ran["explained"])


def test_no_cycle_leaves_anything(ran: dict[str, Any]) -> None:
    """After each there are as many widgets, threads, timers, resources and processes as before."""
    assert ran["left"] == []


def test_nothing_is_complained_of(ran: dict[str, Any]) -> None:
    """No warning is logged but of the processes that were killed, and none by Python or Qt."""
    assert ran["warnings"] == {}
    assert ran["stderr"] == []


def test_nothing_is_held_after_the_end(ran: dict[str, Any]) -> None:
    """The spare process is all that is tracked while no tab is open; then not even that."""
    assert ran["resources at the end"] == 1
    assert ran["held after the end"] == []
