"""Seed 001: run the app, work in it, close it, and look at what the terminal shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.workbooks.builders import make_workbook

REPOSITORY = Path(__file__).parents[3]

# The program as it is started by `budgetinator open FILE`, closed as soon as the file is shown.
PROGRAM = """
import sys

from PySide6.QtCore import QTimer

import gui.door
from budgetinator.cli import main
from gui.main_window import MainWindow

class ClosedSoon(MainWindow):
    def open_files(self, paths):
        super().open_files(paths)
        self.workbooks()[0].opened.connect(self.close_soon)

    def close_soon(self):
        QTimer.singleShot(0, self.close)

gui.door.MainWindow = ClosedSoon
sys.exit(main(["open", sys.argv[1], "--debug"]))
"""

GOOD_SIGNS = (
    r"Registered component: OpenController_\d+ \(type: controller\)",
    r"Tracking worker opening_\d{6}",
    r"Worker opening_\d{6} finished after \d+\.\d+s",
    r"Released resource \S+ for OpenController_\d+",
    r"Component cleanup complete: OpenController_\d+",
)
BAD_SIGNS = ("being deleted with", "AttributeError", "Traceback", "still runs")


def test_the_app_runs_and_closes_without_a_bad_sign(tmp_path: Path) -> None:
    """What "Run the App" and "Terminal Output to Verify" ask for: good signs in order, none bad."""
    path = make_workbook(tmp_path / "file.xlsx")

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    rest = iter(done.stderr.splitlines())
    missing = [sign for sign in GOOD_SIGNS if not any(re.search(sign, line) for line in rest)]
    assert (done.returncode, missing) == (0, []), done.stderr
    assert [sign for sign in BAD_SIGNS if sign in done.stderr] == []
