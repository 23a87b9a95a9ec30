from __future__ import annotations

import os
import warnings
from pathlib import Path

import openpyxl
import pytest

from budgetinator.config import OpeningBounds
from budgetinator.errors import WorkbookError
from budgetinator.workbooks.losses.finding import losses_through_openpyxl
from budgetinator.workbooks.releasing import release_workbook
from budgetinator.workbooks.saving.verifying import verify_package
from tests.workbooks.saving.referee import Book

CORPUS = Path(
    os.environ.get("BUDGETINATOR_CORPUS", Path(__file__).parents[4] / "shared" / "corpus")
)
CHUNKS = 6
LARGEST = 30_000  # bytes; what is larger takes openpyxl seconds and shows nothing new

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="no real workbooks at $BUDGETINATOR_CORPUS or ../shared/corpus"
)


def real_files() -> list[Path]:
    small = (path for path in CORPUS.rglob("*.xls[xm]") if path.stat().st_size < LARGEST)
    return sorted(small)[::2]


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_loss_is_true(tmp_path: Path, chunk: int) -> None:
    """A real file for which no loss is named comes out of openpyxl with all it showed."""
    checked = 0
    for path in real_files()[chunk::CHUNKS]:
        try:
            if losses_through_openpyxl(path):
                continue
        except WorkbookError:
            continue
        saved = tmp_path / path.name
        rewrite(path, saved)
        # openpyxl writes each text once; a file that repeats few of them grows over the bounds.
        verify_package(saved, bounds=OpeningBounds(max_file_mb=1000, max_ratio=1000))
        assert_same(path, saved)
        checked += 1
    assert checked > 10


def rewrite(path: Path, saved: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        workbook = openpyxl.load_workbook(path, keep_vba=path.suffix == ".xlsm")
        workbook.save(saved)
    release_workbook(workbook)


def assert_same(path: Path, saved: Path) -> None:
    old, new = Book(path), Book(saved)
    if not old.styles.known:
        return  # without a style sheet a program shows what it likes
    assert new.names() == old.names(), path.name
    before, after = old.sheets(), new.sheets()
    assert list(after) == list(before), path.name
    for sheet, shown in before.items():
        for what, expected in shown.items():
            assert after[sheet][what] == expected, f"{path.name}, {sheet}, {what}"
