"""The workbooks that were opened last, kept in the user's state folder."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from pathlib import Path

__all__ = ["RecentFiles"]

log = logging.getLogger("budgetinator.gui")

_KEPT = 12


class RecentFiles:
    """Paths, the latest first, in a JSON file that several windows may share.

    It is read anew at each question. What cannot be read or written is no reason to
    open no workbook: it is logged, and the list is empty or stays as it was.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def paths(self) -> tuple[str, ...]:
        """The latest first, whether they are still there or not."""
        try:
            found = json.loads(self._file.read_text("utf-8"))
        except FileNotFoundError:
            return ()
        except (OSError, ValueError) as error:
            log.info("The list of recent files %s cannot be read: %s", self._file, error)
            return ()
        if not isinstance(found, list):
            return ()
        return tuple(path for path in found if isinstance(path, str))[:_KEPT]

    def add(self, path: str | os.PathLike[str]) -> None:
        """This one was opened just now."""
        latest = os.path.abspath(path)
        self._write([latest, *(each for each in self.paths if each != latest)][:_KEPT])

    def forget(self, path: str | os.PathLike[str]) -> None:
        """Take one from the list."""
        gone = os.path.abspath(path)
        self._write([each for each in self.paths if each != gone])

    def clear(self) -> None:
        """Forget all."""
        self._write([])

    def _write(self, paths: list[str]) -> None:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", dir=self._file.parent, delete=False
            ) as beside:
                json.dump(paths, beside, ensure_ascii=False, indent=1)
            os.replace(beside.name, self._file)
        except OSError as error:
            log.info("The list of recent files %s cannot be written: %s", self._file, error)
