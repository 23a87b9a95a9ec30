"""Changes that were entered and not saved, kept on the disk until they are.

One small JSON file for each workbook in the user's state folder, with the cells as texts
that `parse_entry` reads back. It tells the process that wrote it, so that a second window
does not take what the first one still holds.
"""

from __future__ import annotations

import datetime as dt
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

_Written = str | int | float | list[int]
_NOBODY = [0, 0]
MOST_CELLS = 20_000
"""What is pasted beyond that is kept in the workbook's process alone."""


class UnsavedChanges:
    """The kept changes of one workbook. What cannot be written or read is logged, no more."""

    def __init__(self, folder: Path, workbook: str) -> None:
        key = hashlib.sha256(os.fsencode(os.path.realpath(workbook))).hexdigest()[:32]
        self._file = folder / f"{key}.json"
        self._workbook = workbook

    def keep(self, changes: Mapping[str, CellInput], *, is_left: bool = False) -> bool:
        """Write these in place of what was kept; nothing is kept where there are none.

        With `is_left` the next opening is offered them, also one by this process. False where
        there are too many: then nothing is kept, because a part of them would pass for all.
        """
        if not changes:
            self.forget()
            return True
        if len(changes) > MOST_CELLS:
            log.info("%d unsaved cells of %s are too many to keep", len(changes), self._workbook)
            self.forget()
            return False
        cells = {address: _written(contents) for address, contents in changes.items()}
        process = _NOBODY if is_left else _this_process()
        content = {"workbook": self._workbook, "process": process, "cells": cells}
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", dir=self._file.parent, delete=False
            ) as beside:
                json.dump(content, beside, ensure_ascii=False)
            os.replace(beside.name, self._file)
        except (OSError, UnicodeError) as error:
            log.info("Unsaved changes of %s cannot be kept: %s", self._workbook, error)
        return True

    def left(self) -> dict[str, CellInput]:
        """What an ended process left; nothing of one that still runs, be it this one."""
        try:
            content = json.loads(self._file.read_text("utf-8"))
            if _runs(content["process"]):
                return {}
            cells: dict[str, _Written] = content["cells"]
            return {address: _read(written) for address, written in cells.items()}
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


def _written(contents: CellInput) -> _Written:
    """Numbers with all their digits, which an entry's text has not."""
    if isinstance(contents, dt.timedelta):
        return [contents.days, contents.seconds, contents.microseconds]
    return contents if isinstance(contents, int | float) else entry_text(contents)


def _read(written: _Written) -> CellInput:
    if isinstance(written, list):
        return dt.timedelta(*written)
    return parse_entry(written) if isinstance(written, str) else written


def _this_process() -> list[float]:
    return [os.getpid(), psutil.Process().create_time()]


def _runs(process: list[float]) -> bool:
    pid, created = process
    try:
        return abs(psutil.Process(int(pid)).create_time() - created) < 1
    except psutil.Error:
        return False
