"""What the operations work on: small real workbooks, sound and unsound, and a runtime."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from budgetinator.runtime import Runtime
from tests.workbooks.builders import make_workbook, ole_file, truncate

__all__ = ["Ground", "Operation", "refused"]


@dataclass(frozen=True, slots=True)
class Ground:
    """A folder with workbooks, and the runtime that all of them are opened in."""

    folder: Path
    runtime: Runtime
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @classmethod
    def prepare(cls, folder: Path, runtime: Runtime) -> Ground:
        """Make the files: two sheets of a few cells each."""
        ground = cls(folder, runtime)
        sheets = {"Budget": [("Travel", 1200), ("Total", "=B1")], "Notes": [("as agreed",)]}
        make_workbook(ground.budget, sheets)
        for path in ground.others:
            shutil.copy(ground.budget, path)
        truncate(shutil.copy(ground.budget, ground.damaged), ground.budget.stat().st_size - 200)
        ole_file(ground.encrypted, ["EncryptionInfo", "EncryptedPackage"])
        ground.text.write_text("Item;Cost\nTravel;1200\n")
        return ground

    @property
    def budget(self) -> Path:
        return self.folder / "budget.xlsx"

    @property
    def others(self) -> tuple[Path, ...]:
        return tuple(self.folder / f"other{number}.xlsx" for number in range(3))

    @property
    def damaged(self) -> Path:
        return self.folder / "damaged.xlsx"

    @property
    def encrypted(self) -> Path:
        return self.folder / "encrypted.xlsx"

    @property
    def text(self) -> Path:
        return self.folder / "budget.csv"

    @property
    def missing(self) -> Path:
        return self.folder / "missing.xlsx"


Operation = Callable[[Ground], object]
"""One call of it must leave nothing behind."""


@contextmanager
def refused(kind: type[BaseException]) -> Iterator[None]:
    """The block raises this, which is let go of; pytest's own way would keep its traceback."""
    try:
        yield
    except kind:
        return
    raise AssertionError(f"{kind.__name__} was not raised")
