"""Add one to a cell, many times, as one of several programs: `TARGET LOCKS TIMES`."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import openpyxl

from budgetinator.errors import ChangedOnDisk
from budgetinator.workbooks.saving.fingerprint import Fingerprint
from budgetinator.workbooks.saving.replacing import replace_durably
from budgetinator.workbooks.saving.verifying import verify_package


def add_one(target: Path, locks: Path) -> None:
    """Open, add, save; once more for as long as others were faster."""
    while True:
        opened = Fingerprint.of(target)
        workbook = openpyxl.load_workbook(target)
        workbook["Sheet"]["A1"] = int(workbook["Sheet"]["A1"].value) + 1
        verify = partial(verify_package, sheets=["Sheet"])
        try:
            replace_durably(target, workbook.save, verify=verify, expected=opened, lock_dir=locks)
        except ChangedOnDisk:
            continue
        return


if __name__ == "__main__":
    for _ in range(int(sys.argv[3])):
        add_one(Path(sys.argv[1]), Path(sys.argv[2]))
