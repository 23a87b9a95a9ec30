"""Processes that edit and save with openpyxl's workbook, killed at any moment.

`KILLED_EDITS=300` kills more often.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import openpyxl

from tests.workbooks.reading.test_lazy import make_rich_budget
from tests.workbooks.validity import new_violations

KILLS = int(os.environ.get("KILLED_EDITS", "12"))
ROOT = Path(__file__).parents[2]
EDITING = """
import sys
from pathlib import Path
from openpyxl.comments import Comment
from budgetinator import excel_context

path, number = Path(sys.argv[1]), int(sys.argv[2])
while True:
    number += 1
    with excel_context(path, save=True) as book:
        sheet = book["Plan"]
        sheet["H1"] = number
        sheet.column_dimensions["H"].width = 10 + number % 50
        sheet["H2"].comment = Comment(f"edit {number}", "Ada")
        if "Extra" in book.sheetnames:
            book.remove(book["Extra"])
        else:
            book.create_sheet("Extra")["A1"] = number
    print(number, flush=True)
"""


def _edits_until_killed(path: Path, last: int, seconds: float) -> int:
    """The number of the last edit that was told; the process is killed so long after the first."""
    child = subprocess.Popen(
        [sys.executable, "-c", EDITING, str(path), str(last)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    assert child.stdout is not None
    told, timer = last, threading.Timer(seconds, child.kill)
    with child:
        for line in child.stdout:
            if not timer.is_alive() and told == last:
                timer.start()
            told = int(line)
        timer.cancel()
    return told


def test_a_killed_edit_leaves_a_whole_workbook(tmp_path: Path) -> None:
    """The last edit that was told is there, or the one after it; nothing is half done."""
    original = make_rich_budget(tmp_path / "original.xlsx")
    path = tmp_path / "budget.xlsx"
    path.write_bytes(original.read_bytes())
    chance, last = random.Random(7), 0
    for _ in range(KILLS):
        told = _edits_until_killed(path, last, chance.uniform(0.0, 0.3))
        assert told > last, "it was killed before its first edit"
        book = openpyxl.load_workbook(path)
        found = book["Plan"]["H1"].value
        assert found in {told, told + 1}
        assert book["Plan"]["H2"].comment.text == f"edit {found}"
        assert book["Plan"]["B2"].comment.text == "why?"
        assert new_violations(original, path) == []
        last = found
