"""A workbook's formulas computed anew, and the results put into its own file.

Everything but `t` and `v` of formulas' cells and the mark of the workbook stays byte for
byte. What LibreOffice gets is the same bytes that are edited afterwards, and what is
replaced must still be that file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from budgetinator.errors import ChangedOnDisk, RecalculationFailed
from budgetinator.workbooks.addresses import format_cell, quote_sheet
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.opc.partguard import check_parts
from budgetinator.workbooks.patch.calculation import is_marked, unmarked
from budgetinator.workbooks.patch.dependents import FormulaGraph
from budgetinator.workbooks.patch.edit import PackageEdit
from budgetinator.workbooks.patch.elements import MarkupError
from budgetinator.workbooks.patch.parts import damaged_part
from budgetinator.workbooks.patch.results import exchange_results
from budgetinator.workbooks.patch.signatures import refuse_signature
from budgetinator.workbooks.patch.workbookxml import WorkbookPart
from budgetinator.workbooks.patch.writing import write_edit
from budgetinator.workbooks.reading.celltexts import CellTexts
from budgetinator.workbooks.reading.numberformats import Calendar
from budgetinator.workbooks.reading.sharedstrings import SharedStrings
from budgetinator.workbooks.reading.sheetrows import read_rows
from budgetinator.workbooks.recalculation.computed import Computed, read_computed
from budgetinator.workbooks.recalculation.functions import probe_workbook, unknown_functions
from budgetinator.workbooks.recalculation.given import Given, given_outcome
from budgetinator.workbooks.recalculation.libreoffice import computed_files
from budgetinator.workbooks.recalculation.outcome import Cell, Outcome, judge_results

if TYPE_CHECKING:
    from budgetinator.config import OpeningBounds
    from budgetinator.workbooks.opened import OpenWorkbook

__all__ = ["LeftFormula", "Recalculated", "recalculated"]


@dataclass(frozen=True, slots=True)
class LeftFormula:
    """A formula that got no result that can be believed, and why; it keeps the one it had."""

    sheet: str
    cell: str
    reason: str

    @property
    def address(self) -> str:
        """The sheet and the cell, as in a formula."""
        return f"{quote_sheet(self.sheet)}!{self.cell}"

    def __str__(self) -> str:
        return f"{self.address}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Recalculated:
    """The file as it was, and with its new results; `data` is None where nothing differs.

    `cells` have a result that can be believed, `changed` of them another one than before.
    `package` is what it was made from, and is closed by whoever takes this.
    """

    package: Package
    original: bytes
    data: bytes | None
    cells: int
    changed: int
    left: tuple[LeftFormula, ...]
    needs_recalculation: bool


def recalculated(
    opened: OpenWorkbook, bounds: OpeningBounds, timeout: float, given: Given | None = None
) -> Recalculated:
    """Compute the formulas of the file that was opened, and put the results into its bytes.

    Writes to no file of the user's. `timeout` is in seconds. With `given` results nothing is
    computed, and formulas that have none of them are left. Raises ChangedOnDisk,
    RecalculationFailed, WouldLose for a signed file, and what opening raises.
    """
    package, data = _same_file(opened, bounds)
    try:
        refuse_signature(package)
        check_parts(package, sheets=True)
        return _Recalculation(package, data, timeout, given).run()
    except BaseException:
        package.close()
        raise


def _same_file(opened: OpenWorkbook, bounds: OpeningBounds) -> tuple[Package, bytes]:
    """The file in memory, if it is the one that was opened."""
    path = opened.location.path
    with Package.open(path, bounds) as package:
        data = package.path.read_bytes()
        copy = Package.of_bytes(data, package.path, package.status(), bounds)
    expected = opened.fingerprint.sha256 if opened.fingerprint else None
    if expected is not None and hashlib.sha256(data).hexdigest() != expected:
        copy.close()
        raise ChangedOnDisk(
            f"{path} was changed by another program since it was opened; reload it and "
            "recalculate it then.",
            path=path,
        )
    return copy, data


class _Recalculation:
    """One package, from its formulas to its bytes with their results."""

    def __init__(self, package: Package, data: bytes, timeout: float, given: Given | None) -> None:
        self._package = package
        self._data = data
        self._timeout = timeout
        self._given = given
        self._edit = PackageEdit(package)
        self._changed = 0

    def run(self) -> Recalculated:
        was_marked = is_marked(self._package)
        if self._given is not None:
            outcome = given_outcome(self._package, self._given)
        else:
            graph = FormulaGraph(self._package)
            outcome = self._outcome(graph) if graph.count else Outcome()
        cells = sum(len(row) for rows in outcome.results.values() for row in rows.values())
        for part in outcome.results:
            self._exchange(part, outcome)
        left = self._left(outcome)
        needed = self._mark(was_marked, left)
        data = self._written()
        return Recalculated(self._package, self._data, data, cells, self._changed, left, needed)

    def _outcome(self, graph: FormulaGraph) -> Outcome:
        functions = sorted(graph.functions)
        path = str(self._package.path)
        contents = [self._data], [probe_workbook(functions)]
        with computed_files(contents, path=path, timeout=self._timeout) as files:
            try:
                found, probed = (read_computed(file) for file in files)
            except ValueError as error:
                raise _no_result(path, str(error)) from error
        if found is None or probed is None:
            raise _no_result(path, "it could not open a copy of the file")
        unknown = unknown_functions(functions, probed)
        return judge_results(graph, self._by_part(found), unknown, self._old_values)

    def _by_part(self, found: Mapping[str, Computed]) -> dict[str, Computed]:
        by_name = {name.casefold(): computed for name, computed in found.items()}
        return {
            entry.part: by_name.get(entry.name.casefold(), {}) for entry in self._package.sheets
        }

    def _old_values(self, part: str) -> dict[Cell, object]:
        """What the cells of a sheet show so far; dates as their numbers."""
        package = self._package
        entry = next(entry for entry in package.sheets if entry.part == part)
        rows = read_rows(package, entry, CellTexts(Calendar(), SharedStrings(package)))
        return {
            (number, column): value
            for number, values in rows
            for column, value in enumerate(values, 1)
            if value is not None
        }

    def _exchange(self, part: str, outcome: Outcome) -> None:
        streamed = self._edit.streamed_part(part)
        try:
            edit = exchange_results(streamed.source.text, outcome.results[part])
        except MarkupError as error:
            raise damaged_part(self._package, part, str(error)) from error
        streamed.splices += edit.splices
        self._changed += len(edit.changed)
        for place in edit.absent:
            outcome.left[part].setdefault(place, "the file has no cell for its result")

    def _left(self, outcome: Outcome) -> tuple[LeftFormula, ...]:
        return tuple(
            LeftFormula(entry.name, format_cell(row, column), outcome.left[entry.part][row, column])
            for entry in self._package.sheets
            for row, column in sorted(outcome.left.get(entry.part, ()))
        )

    def _mark(self, was_marked: bool, left: tuple[LeftFormula, ...]) -> bool:
        """Set the workbook's mark right; whether it is to be recalculated from now on."""
        book = self._edit.part(self._package.workbook_part)
        if not left:
            book.edit(unmarked)
            return False
        if not was_marked and self._changed:
            # Beside new results, those that were left would pass for true.
            book.edit(lambda data: WorkbookPart.parse(data).recalculating())
        return was_marked or self._changed > 0

    def _written(self) -> bytes | None:
        """The file as it shall be; None where it is so already."""
        changed = self._edit.changed_part(self._package.workbook_part) is not None
        if not changed and not any(part.splices for part in self._edit.streamed.values()):
            return None
        content = BytesIO()
        write_edit(self._edit, content, "auto")
        return content.getvalue()


def _no_result(path: str, why: str) -> RecalculationFailed:
    return RecalculationFailed(
        f"{path} was not recalculated: LibreOffice gave no result ({why}); open it in Excel and "
        "save it. The file is as it was.",
        path=path,
        reason="LibreOffice gave no result",
    )
