"""What is wrong within one worksheet: order, numbers, areas and indices."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from budgetinator.workbooks.addresses import column_letters
from tests.workbooks.xmlreading import children, local

__all__ = ["cells_with_formulas", "sheet_violations"]

# CT_Worksheet, part 1, section 18.3.1.99
_NAMES = (
    "sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection "
    "protectedRanges scenarios autoFilter sortState dataConsolidate customSheetViews mergeCells "
    "phoneticPr conditionalFormatting dataValidations hyperlinks printOptions pageMargins "
    "pageSetup headerFooter rowBreaks colBreaks customProperties cellWatches ignoredErrors "
    "smartTags drawing legacyDrawing legacyDrawingHF drawingHF picture oleObjects controls "
    "webPublishItems tableParts extLst"
)
_ORDER = _NAMES.split()
_MANY = {"conditionalFormatting"}
_KINDS = {"b", "d", "e", "inlineStr", "n", "s", "str"}
_COUNTED = {
    "mergeCells": "mergeCell",
    "tableParts": "tablePart",
    "dataValidations": "dataValidation",
}
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d+)")

Area = tuple[int, int, int, int]


def sheet_violations(
    part: str, sheet: Element, styles: Element | None, strings: Element | None
) -> Iterator[str]:
    """Every broken rule of one worksheet, with the place."""
    for problem in (
        *_of_order(sheet),
        *_of_columns(sheet, _size(styles, "cellXfs")),
        *_of_cells(sheet, _size(styles, "cellXfs"), _strings(strings)),
        *_of_shared(sheet),
        *_of_formats(sheet, _size(styles, "dxfs")),
        *_of_merged(sheet),
        *_of_counts(sheet),
    ):
        yield f"{part}: {problem}"


def cells_with_formulas(sheet: Element) -> set[str]:
    """Their references; an array formula stands in all cells of its area."""
    found: set[str] = set()
    for cell in (each for each in sheet.iter() if local(each) == "c"):
        for formula in (each for each in cell if local(each) == "f"):
            found.add(cell.get("r", ""))
            if formula.get("t") in {"array", "dataTable"}:
                found.update(_cells_of(_area(formula.get("ref", ""))))
    return found


def _cells_of(area: Area | None) -> Iterator[str]:
    if area is not None:
        top, left, bottom, right = area
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                yield f"{column_letters(column)}{row}"


def _size(styles: Element | None, table: str) -> int:
    if styles is None:
        return 1
    return next((len(child) for child in styles if local(child) == table), 0)


def _strings(strings: Element | None) -> int:
    return 0 if strings is None else sum(1 for child in strings if local(child) == "si")


def _of_order(sheet: Element) -> Iterator[str]:
    last, seen = -1, set()
    for child in sheet:
        name = _inner(child)
        if name is None:
            continue
        if name not in _ORDER:
            yield f"{name} is no child of a worksheet"
            continue
        rank = _ORDER.index(name)
        if rank < last:
            yield f"{name} stands too late"
        if name in seen and name not in _MANY:
            yield f"{name} stands twice"
        seen.add(name)
        last = max(last, rank)


def _inner(child: Element) -> str | None:
    """What a child is; of alternate content, what it offers."""
    if local(child) != "AlternateContent":
        return local(child)
    return next((local(each) for choice in child for each in choice), None)


def _of_columns(sheet: Element, formats: int) -> Iterator[str]:
    last = 0
    for column in children(sheet, "cols", "col"):
        first, end = int(column.get("min", "0")), int(column.get("max", "0"))
        if first <= last or end < first or end > 16384:
            yield f"the columns {first} to {end} overlap others, or are out of order"
        if int(column.get("style", "0")) >= max(formats, 1):
            yield f"the column {first} has a style out of range"
        last = max(last, end)
    if any(local(child) == "cols" and not len(child) for child in sheet):
        yield "cols is empty"


def _of_cells(sheet: Element, formats: int, strings: int) -> Iterator[str]:
    last_row = 0
    for row in children(sheet, "sheetData", "row"):
        number = int(row.get("r", last_row + 1))
        if number <= last_row:
            yield f"the row {number} stands after the row {last_row}"
        last_row = max(number, last_row)
        if int(row.get("s", "0")) >= max(formats, 1):
            yield f"the row {number} has a style out of range"
        yield from _of_row(row, number)
        for cell in (each for each in row if local(each) == "c"):
            yield from _of_cell(cell, formats, strings)


def _of_row(row: Element, number: int) -> Iterator[str]:
    last = 0
    for cell in (each for each in row if local(each) == "c"):
        row_number, column = _cell_place(cell.get("r"), number, last + 1)
        if row_number != number:
            yield f"the cell {cell.get('r')} stands in the row {number}"
        if column <= last:
            yield f"the cell {cell.get('r')} stands twice or too late"
        last = max(last, column)


def _of_shared(sheet: Element) -> Iterator[str]:
    masters: set[str | None] = set()
    followers: set[str | None] = set()
    for formula in (each for each in sheet.iter() if local(each) == "f"):
        if formula.get("t") == "shared":
            (masters if formula.text else followers).add(formula.get("si"))
    for missing in followers - masters:
        yield f"the shared formula {missing} has no master"


def _cell_place(reference: str | None, row: int, column: int) -> tuple[int, int]:
    found = _REFERENCE.fullmatch(reference or "")
    return (int(found[2]), _column(found[1])) if found else (row, column)


def _of_cell(cell: Element, formats: int, strings: int) -> Iterator[str]:
    where, kind = cell.get("r"), cell.get("t", "n")
    if int(cell.get("s", "0")) >= max(formats, 1):
        yield f"the cell {where} has a style out of range"
    if kind not in _KINDS:
        yield f"the cell {where} has the type {kind}"
    names = [local(child) for child in cell]
    if names != sorted(names, key=("f", "v", "is", "extLst").index):
        yield f"the cell {where} has {names}"
    value = next((child.text or "" for child in cell if local(child) == "v"), None)
    if kind == "s" and value is not None and not (value.isdigit() and int(value) < strings):
        yield f"the cell {where} shows a shared string that is not there"
    if kind == "n" and value and not _is_number(value):
        yield f"the cell {where} has the number {value!r}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _of_formats(sheet: Element, formats: int) -> Iterator[str]:
    for element in sheet.iter():
        number = element.get("dxfId")
        if number is not None and int(number) >= formats:
            yield f"{local(element)} has a dxfId out of range"


def _of_merged(sheet: Element) -> Iterator[str]:
    areas: list[tuple[str, Area]] = []
    for merged in children(sheet, "mergeCells", "mergeCell"):
        reference = merged.get("ref", "")
        area = _area(reference)
        areas += [(reference, area)] if area else []
    areas.sort(key=lambda item: item[1])
    for index, (name, one) in enumerate(areas):
        for other_name, other in areas[index + 1 :]:
            if other[0] > one[2]:
                break
            if one[1] <= other[3] and other[1] <= one[3]:
                yield f"the merged areas {name} and {other_name} overlap"


def _area(reference: str) -> Area | None:
    found = _REFERENCE.findall(reference)
    if len(found) not in (1, 2):
        return None
    (first, top), (last, bottom) = found[0], found[-1]
    return int(top), _column(first), int(bottom), _column(last)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _of_counts(sheet: Element) -> Iterator[str]:
    for child in sheet:
        name = _COUNTED.get(local(child))
        if name and child.get("count"):
            count = sum(1 for each in child if local(each) == name)
            if int(child.get("count", "0")) != count:
                yield f"the count of {local(child)} is wrong"
            if not count:
                yield f"{local(child)} is empty"
