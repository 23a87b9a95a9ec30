"""Real workbooks: every one opens or is refused with a typed error, and none hangs.

The files are at `$BUDGETINATOR_CORPUS` or at `../shared/corpus`; where there
are none, the tests skip. python-calamine is the referee: what it reads, and
the standard library finds whole, must open here and show as many values.
"""

from __future__ import annotations

import contextlib
import os
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest
from python_calamine import CalamineError, CalamineWorkbook

from budgetinator.errors import (
    NotAWorkbook,
    WorkbookDamaged,
    WorkbookEncrypted,
    WorkbookError,
    WorkbookRefused,
)
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.reading.contents import describe
from budgetinator.workbooks.reading.loading import load_workbook_guarded
from budgetinator.workbooks.reading.values import CellError, iter_cells

ROOT = Path(__file__).parents[3]
CORPUS = Path(os.environ.get("BUDGETINATOR_CORPUS", ROOT.parent / "shared" / "corpus"))
FILES = sorted(path for ending in ("xlsx", "xlsm") for path in CORPUS.rglob(f"*.{ending}"))
CHUNKS = 16
SECONDS = 20
TYPED = (NotAWorkbook, WorkbookDamaged, WorkbookEncrypted, WorkbookRefused)
# Refused on purpose, although other programs take some of them.
ON_PURPOSE = {"strict Open XML", "duplicate member", "document type definition"}

pytestmark = [
    pytest.mark.skipif(not FILES, reason=f"there is no corpus at {CORPUS}"),
    pytest.mark.parametrize("chunk", range(CHUNKS)),
]


class Hung(BaseException):
    """A file took too long; no except clause of the library catches this."""


@contextlib.contextmanager
def in_time(path: Path) -> Iterator[None]:
    """Raise in the middle of whatever takes longer than 20 seconds."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Hung(path)

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def refusal(path: Path) -> WorkbookError | None:
    """The error with which the file is refused for editing, or None."""
    try:
        with in_time(path):
            loaded = load_workbook_guarded(path, read_only=False, data_only=False)
    except TYPED as error:
        return error
    if loaded.workbook.vba_archive:
        loaded.workbook.vba_archive.close()
    return None


def is_whole(path: Path) -> bool:
    """Whether the standard library can read every member."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (zipfile.BadZipFile, EOFError, ValueError, OSError):
        return False


def counted_by_referee(path: Path) -> dict[str, int] | None:
    """How many values calamine finds in each worksheet, or None where it gives up."""
    try:
        with CalamineWorkbook.from_path(path) as book:
            return {
                meta.name: sum(
                    value != ""
                    for row in book.get_sheet_by_name(meta.name).to_python()
                    for value in row
                )
                for meta in book.sheets_metadata
                if str(meta.typ) == "SheetTypeEnum.WorkSheet"
            }
    except CalamineError:
        return None


def counted_by_us(path: Path) -> dict[str, int]:
    """How many values each worksheet shows, errors and empty texts left out as calamine does."""
    with Package.open(path) as package:
        names = [entry.name for entry in package.sheets if entry.kind == "worksheet"]
    return {
        name: sum(
            cell.value != "" and not isinstance(cell.value, CellError)
            for cell in iter_cells(path, name)
        )
        for name in names
    }


def test_every_file_opens_or_is_refused_with_a_typed_error(chunk: int) -> None:
    """No hang and no other exception; nothing is refused that is whole and the referee reads."""
    wrongly = []
    for path in FILES[chunk::CHUNKS]:
        error = refusal(path)
        if error is None:
            with in_time(path):
                assert describe(path).sheets
            continue
        assert (error.path, path.name in str(error)) == (str(path), True)
        on_purpose = getattr(error, "reason", None) in ON_PURPOSE
        if not on_purpose and is_whole(path) and counted_by_referee(path) is not None:
            wrongly.append(str(error))
    assert wrongly == []


def test_no_value_is_lost(chunk: int) -> None:
    """Each worksheet shows as many values as the referee finds."""
    differing = {}
    for path in FILES[chunk::CHUNKS]:
        expected = counted_by_referee(path)
        if expected is None:
            continue
        with contextlib.suppress(*TYPED), in_time(path):
            actual = counted_by_us(path)
            if {name: actual.get(name) for name in expected} != expected:
                differing[path.name] = (actual, expected)
    assert differing == {}
