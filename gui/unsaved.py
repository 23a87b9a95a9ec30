"""Changes that were entered and not saved, kept on the disk until they are.

One small JSON file for each workbook in the user's state folder, with the cells as texts
that `parse_entry` reads back. It tells the process that wrote it, so that a second window
does not take what the first one still holds.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import psutil

from budgetinator.workbooks import CellInput
from gui.cells.entering import entry_text, parse_entry

__all__ = ["UnsavedChanges"]

log = logging.getLogger("budgetinator.gui")

MOST_CELLS = 20_000
"""What is pasted beyond that is kept in the workbook's process alone."""


class UnsavedChanges:
    """The kept changes of one workbook. What cannot be written or read is logged, no more."""

    def __init__(self, folder: Path, workbook: str) -> None:
        key = hashlib.sha256(os.fsencode(os.path.realpath(workbook))).hexdigest()[:32]
        self._file = folder / f"{key}.json"
        self._workbook = workbook

    def keep(self, changes: Mapping[str, CellInput]) -> None:
        """Write these in place of what was kept; nothing is kept where there are none."""
        if not changes:
            self.forget()
            return
        if len(changes) > MOST_CELLS:
            log.info("%d unsaved cells of %s are too many to keep", len(changes), self._workbook)
            return
        cells = {address: entry_text(contents) for address, contents in changes.items()}
        content = {"workbook": self._workbook, "process": _this_process(), "cells": cells}
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", dir=self._file.parent, delete=False
            ) as beside:
                json.dump(content, beside, ensure_ascii=False)
            os.replace(beside.name, self._file)
        except (OSError, UnicodeError) as error:
            log.info("Unsaved changes of %s cannot be kept: %s", self._workbook, error)

    def left(self) -> dict[str, CellInput]:
        """What an ended process left; nothing of one that still runs, be it this one."""
        try:
            content = json.loads(self._file.read_text("utf-8"))
            if _runs(content["process"]):
                return {}
            cells: dict[str, str] = content["cells"]
            return {address: parse_entry(text) for address, text in cells.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.info("Unsaved changes of %s cannot be read: %s", self._workbook, error)
            return {}

    def forget(self) -> None:
        """They were saved, undone or given up."""
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            log.info("Unsaved changes of %s cannot be removed: %s", self._workbook, error)


def _this_process() -> list[float]:
    return [os.getpid(), psutil.Process().create_time()]


def _runs(process: list[float]) -> bool:
    pid, created = process
    try:
        return abs(psutil.Process(int(pid)).create_time() - created) < 1
    except psutil.Error:
        return False
