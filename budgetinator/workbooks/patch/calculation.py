"""Whether a workbook says that its formulas have to be computed anew, and taking that back.

ECMA-376 part 1, section 18.2.2 (calcPr): `fullCalcOnLoad` asks programs to compute all
formulas on opening, and `calcCompleted` is false where the program that saved the file had
not done so. Either means that results may be old.
"""

from __future__ import annotations

from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch.elements import Element, MarkupError, parse_elements
from budgetinator.workbooks.patch.parts import SmallPart, damaged_part
from budgetinator.workbooks.patch.splices import Splice, splice_bytes
from budgetinator.workbooks.patch.tags import is_true, without_attributes

__all__ = ["is_marked", "unmarked"]

_MARKS = frozenset({b"fullCalcOnLoad", b"calcCompleted"})


def is_marked(package: Package) -> bool:
    """Whether the results of its formulas may be old; WorkbookDamaged for a broken part."""
    part = SmallPart.read(package, package.workbook_part)
    try:
        calculation = _calculation(part.data)
    except MarkupError as error:
        raise damaged_part(package, part.name, str(error)) from error
    if calculation is None:
        return False
    completed = calculation.attributes.get("calcCompleted")
    asked = is_true(calculation.attributes.get("fullCalcOnLoad"))
    return asked or (completed is not None and not is_true(completed))


def unmarked(data: bytes) -> bytes:
    """The workbook part without these marks; the same bytes where there are none."""
    calculation = _calculation(data)
    if calculation is None:
        return data
    tag = data[calculation.start : calculation.opened]
    bare = without_attributes(tag, _MARKS)
    if bare == tag:
        return data
    return splice_bytes(data, (Splice(calculation.start, calculation.opened, bare),))


def _calculation(data: bytes) -> Element | None:
    return parse_elements(data).find("calcPr")
