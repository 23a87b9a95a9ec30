"""Workbooks to begin with, written by a worker: the sample consortium, and a blank budget."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from budgetinator.controllers import Progress, WorkerController, WorkerFactory
from budgetinator.result import Result
from budgetinator.workbooks import Surroundings

__all__ = ["SampleController"]


class SampleController(WorkerController):
    """Writes a workbook to begin with; the result of its worker is the path."""

    def __init__(self, surroundings: Surroundings, *, make_worker: WorkerFactory) -> None:
        super().__init__(service=surroundings, make_worker=make_worker)
        self._begins_with = surroundings

    def start_sample(self, path: Path) -> Result[Any]:
        """Write the sample consortium, unless it is there already."""
        return self.start_worker(_Sample(path, self._begins_with), f"sample {path.name}")

    def start_blank(self, path: Path) -> Result[Any]:
        """Write a blank budget workbook; SaveError where there is a file already."""
        return self.start_worker(_Blank(path, self._begins_with), f"blank {path.name}")


class _Sample:
    def __init__(self, path: Path, surroundings: Surroundings) -> None:
        self._path = path
        self._surroundings = surroundings

    def __call__(self, progress: Progress) -> str:
        from budgetinator.budgets import write_sample

        progress.report(0, "Writing the sample consortium")
        if not self._path.exists():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_sample(self._path, service=self._surroundings)
        return os.fspath(self._path)


class _Blank:
    def __init__(self, path: Path, surroundings: Surroundings) -> None:
        self._path = path
        self._surroundings = surroundings

    def __call__(self, progress: Progress) -> str:
        from budgetinator.budgets import start_budget

        progress.report(0, "Writing a blank budget")
        start_budget(self._path, service=self._surroundings)
        return os.fspath(self._path)
