"""A folder with one saved workbook in it, and locks kept outside of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from budgetinator.workbooks.saving.replacing import Saved, replace_durably
from tests.workbooks.saving.recording import FileJournal, archive, generation_of, verify


@dataclass(frozen=True)
class Place:
    """A user's folder with generation 1 of a workbook in it."""

    folder: Path
    target: Path
    locks: Path
    journal: FileJournal
    save: Callable[..., Saved]

    def left_over(self) -> list[str]:
        """Everything that is there besides the workbook, locks and open journal rows included."""
        files = [name for name in os.listdir(self.folder) if name != self.target.name]
        locks = os.listdir(self.locks) if self.locks.exists() else []
        return files + locks + self.journal.open_rows()

    def generation(self) -> int:
        return generation_of(self.target)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    folder = tmp_path / "budgets"
    folder.mkdir()
    target = folder / "budget.xlsx"
    locks = tmp_path / "locks"
    journal = FileJournal(tmp_path / "journal")

    def save(generation: int = 2, path: Path = target, **options: object) -> Saved:
        settings = {"verify": verify, "journal": journal, "lock_dir": locks, **options}
        return replace_durably(path, settings.pop("write", archive(generation)), **settings)

    save(1)
    return Place(folder, target, locks, journal, save)
