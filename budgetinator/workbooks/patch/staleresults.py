"""Old results of formulas taken out of a file, for programs that know no mark of a workbook."""

from __future__ import annotations

from budgetinator.workbooks.patch.dependents import FormulaGraph, Places
from budgetinator.workbooks.patch.edit import PackageEdit, StreamedPart
from budgetinator.workbooks.patch.elements import MarkupError
from budgetinator.workbooks.patch.parts import damaged_part
from budgetinator.workbooks.patch.results import (
    Result,
    ResultEdit,
    exchange_results,
    without_result,
)
from budgetinator.workbooks.patch.splices import Splice

__all__ = ["drop_stale_results"]


def drop_stale_results(edit: PackageEdit, changed: Places | None) -> int:
    """Take away the results that depend on these cells, which are given their content elsewhere.

    None means that more than cells was changed, a defined name for one, so that any formula
    may depend on it. Called after the other splices of the sheets are there, and changes
    nothing but `t` and `v` of formulas' cells; returns how many cells lost a result. Raises
    WorkbookDamaged.
    """
    if changed is not None and not any(changed.values()):
        return 0
    package, count = edit.package, 0
    graph = FormulaGraph(package)
    stale = graph.cells() if changed is None else graph.dependents(changed)
    for part, cells in stale.items():
        results: dict[int, dict[int, Result | None]] = {}
        for row, column in cells.difference(changed.get(part, ()) if changed else ()):
            results.setdefault(row, {})[column] = None
        streamed = edit.streamed_part(part)
        try:
            found = exchange_results(streamed.source.text, results)
            _add(streamed, found)
        except MarkupError as error:
            raise damaged_part(package, part, str(error)) from error
        count += len(found.changed)
    return count


def _add(streamed: StreamedPart, found: ResultEdit) -> None:
    """Add the splices; a cell that is written anew as a whole loses its result in that."""
    replacing = {s.start: n for n, s in enumerate(streamed.splices) if s.end > s.start}
    for (row, column), cell in found.changed.items():
        number = replacing.get(cell.start)
        if number is None:
            streamed.splices += cell.splices
            continue
        splice = streamed.splices[number]
        data = without_result(row, column, splice.data) if splice.data else b""
        streamed.splices[number] = Splice(splice.start, splice.end, data)
