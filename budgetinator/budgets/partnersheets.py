"""A partner's sheet in an open workbook: found, made, filled, looked at."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any

from openpyxl.worksheet.datavalidation import DataValidation

from budgetinator.budgets.amending import Amendment
from budgetinator.budgets.layout import (
    COLUMNS,
    FORMATS,
    HIDDEN_COLUMNS,
    INPUTS,
    LABEL_ROW,
    MERGES,
    NUMBER_ROW,
    PARTNER_TITLES,
    REQUESTED,
    RESULTS_ROW,
    SUMS,
    TOTALS_ROW,
    InputCell,
    input_cell,
    input_value,
    parse_partner_sheet,
    partner_formulas,
    partner_sheet_name,
)
from budgetinator.budgets.looks import (
    HEADING,
    INPUT,
    LABEL,
    NUMBERING,
    RESULT,
    TITLE,
    TOTAL,
    dress,
    set_up_pages,
    set_widths,
)
from budgetinator.budgets.model import MAX_PARTNERS, Partner
from budgetinator.budgets.places import Places, find_places
from budgetinator.budgets.rules import RuleSet
from budgetinator.budgets.sheetcells import cells_of
from budgetinator.errors import BudgetError
from budgetinator.workbooks import Formula
from budgetinator.workbooks.changes.writable import check_title

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from budgetinator.workbooks import CellInput

__all__ = [
    "check_partner",
    "fill_partner_sheet",
    "make_partner_sheet",
    "names_of_partner",
    "partner_sheet",
    "partner_sheets",
    "places_on",
    "said",
    "typed_in",
    "written",
]

_CENT = Decimal("0.01")
_WIDTHS = {"A": 3, "B": 12, "C": 13, "D": 16, "E": 13, "F": 15, "G": 15}
_LATER_WIDTH = 15


def partner_sheets(workbook: Workbook) -> dict[int, Worksheet]:
    """The partners' sheets by their numbers, in the order of the numbers.

    Raises BudgetError where two have the same number.
    """
    found: dict[int, Worksheet] = {}
    for sheet in workbook.worksheets:
        name = parse_partner_sheet(sheet.title)
        if name is None:
            continue
        if name.number in found:
            raise BudgetError(
                f"The sheets {found[name.number].title!r} and {sheet.title!r} have the same "
                "partner number; give one of them another name first."
            )
        found[name.number] = sheet
    return dict(sorted(found.items()))


def partner_sheet(workbook: Workbook, number: int) -> Worksheet:
    """The sheet of the partner of this number; BudgetError names those that there are."""
    sheets = partner_sheets(workbook)
    if number not in sheets:
        listed = ", ".join(sheet.title for sheet in sheets.values()) or "none"
        raise BudgetError(f"There is no partner {number}; there are {listed}.")
    return sheets[number]


def check_partner(partner: Partner) -> str:
    """The name of the partner's sheet; BudgetError for a number or acronym that none can have."""
    if not 1 <= partner.number <= MAX_PARTNERS:
        raise BudgetError(
            f"There is no room for a partner {partner.number}; partners are numbered from 1 "
            f"to {MAX_PARTNERS}."
        )
    acronym = partner.acronym
    if acronym != acronym.strip():
        raise BudgetError(f"The acronym {acronym!r} begins or ends with a blank; take it away.")
    if not 1 <= len(acronym) <= 16:
        raise BudgetError(
            f"The acronym {acronym!r} has {len(acronym)} characters; it needs 1 to 16."
        )
    try:
        check_title(f"P{partner.number}-{acronym}")
    except ValueError as error:
        raise BudgetError(
            f"{acronym!r} cannot be the acronym of a partner, because Excel refuses it in the name "
            f"of a sheet: {error}."
        ) from None
    return partner_sheet_name(partner.number, acronym)


def written(value: Decimal | str | int | None, cell: InputCell) -> CellInput:
    """The value as the cell is given it: money rounded half-even to cents, blank text as None."""
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise BudgetError(f"{value} is no amount that {cell.label} could have.")
        if cell.kind == "money":
            value = value.quantize(_CENT, ROUND_HALF_EVEN)
        return int(value) if value == value.to_integral_value() else value
    return value


def make_partner_sheet(amendment: Amendment, partner: Partner, rules: RuleSet) -> Worksheet:
    """A new sheet for the partner, dressed and filled, behind those of smaller numbers."""
    title = check_partner(partner)
    sheets = partner_sheets(amendment.workbook)
    before = [sheet for number, sheet in sheets.items() if number < partner.number]
    place = amendment.workbook.index(before[-1]) + 1 if before else 0
    sheet = amendment.create(title, place)
    contents: dict[str, CellInput] = dict(PARTNER_TITLES)
    contents |= {
        each.label_cell: each.label
        for each in INPUTS
        if each.label_cell is not None and _is_label(each)
    }
    amendment.put(sheet, contents)
    _dress(sheet)
    for area in MERGES:
        sheet.merge_cells(area)
    fill_partner_sheet(amendment, sheet, partner, rules)
    return sheet


def fill_partner_sheet(
    amendment: Amendment, sheet: Worksheet, partner: Partner, rules: RuleSet
) -> None:
    """Write the partner's inputs and every formula of the sheet; labels stay as they are.

    Raises BudgetError where a label of a template cannot be found.
    """
    places = places_on(sheet, INPUTS)
    formulas = places.formulas(partner_formulas(rules.indirect_rate))
    contents: dict[str, CellInput] = {cell: Formula(text) for cell, text in formulas.items()}
    for each in INPUTS:
        value = written(input_value(partner, each), each)
        if value is not None or each.cell != REQUESTED:
            contents[places.actual(each.cell)] = value
    amendment.put(sheet, contents)


def places_on(sheet: Worksheet, cells: Iterable[InputCell] = ()) -> Places:
    """Where the layout's cells stand on this sheet: with their labels, if those moved.

    Raises BudgetError if one of these cells cannot be told: its label stands nowhere, and
    that of another cell stands at its place; or it stands elsewhere beside an empty cell,
    while the usual one is filled.
    """
    places, _ = find_places(cells_of(sheet))
    for each in cells:
        if each.cell in places.alone:
            raise BudgetError(
                f"{sheet.title!r} has {each.label!r} at {places.alone[each.cell]} beside an empty "
                f"cell, and a number at {each.cell}; bring label and number together first."
            )
        if each.cell in places.missing:
            raise BudgetError(
                f"{sheet.title!r} has no label {each.label!r}, and at {each.label_cell} stands "
                f"another one; put the label beside its cell before {each.cell} is changed."
            )
    return places


def typed_in(sheet: Worksheet) -> dict[InputCell, Any]:
    """What people have typed into the cells for figures and subcontracts, their formulas too."""
    places = places_on(sheet)
    formula = places.translated(partner_formulas()[REQUESTED])
    typed = [each for each in INPUTS if each.kind in {"money", "months"} or each.part is not None]
    found = {
        each: sheet[places.actual(each.cell)].value
        for each in typed
        if each.cell not in places.missing
    }
    return {
        each: value
        for each, value in found.items()
        if value is not None and not (each.cell == REQUESTED and value == formula)
    }


def names_of_partner(sheet: Worksheet, number: int) -> frozenset[str]:
    """How people name a partner: by its acronym, its sheet, or its number; in lower case."""
    acronym = sheet[places_on(sheet).actual(input_cell("acronym").cell)].value
    names = {str(acronym or ""), sheet.title, f"P{number}", str(number)}
    return frozenset(name.strip().casefold() for name in names if name.strip())


def said(each: InputCell) -> str:
    """The input as people call it."""
    part = f" ({each.part})" if each.part not in (None, "amount") else ""
    return f"{each.label}{part}"


def _is_label(each: InputCell) -> bool:
    return each.label_cell is not None and each.label_cell not in PARTNER_TITLES


def _dress(sheet: Worksheet) -> None:
    letters = [column.letter for column in COLUMNS]
    titles = [cell for cell in PARTNER_TITLES if cell.startswith("B")]
    dress(sheet, [c for c in titles if PARTNER_TITLES[c].startswith("Table")], TITLE)
    dress(sheet, [f"{letter}{NUMBER_ROW}" for letter in letters], NUMBERING)
    dress(sheet, [f"{letter}{LABEL_ROW}" for letter in letters], HEADING)
    dress(sheet, [f"{letter}{TOTALS_ROW}" for letter in letters], TOTAL)
    headings = [cell for cell in PARTNER_TITLES if cell[1:] in {"21", "27", "34", "41"}]
    dress(sheet, headings, HEADING)
    for column in COLUMNS:
        dress(sheet, [column.cell], RESULT, column.kind)
        sheet[f"{column.letter}{TOTALS_ROW}"].number_format = FORMATS[column.kind]
    _dress_tables(sheet)
    for area in MERGES:
        (top,) = sheet[area]
        dress(sheet, [cell.coordinate for cell in top], LABEL if area[0] == "B" else RESULT)
    for each in INPUTS:
        dress(sheet, [each.cell], INPUT, each.kind)
    _finish(sheet)


def _dress_tables(sheet: Worksheet) -> None:
    labels = [each.label_cell for each in INPUTS if each.label_cell and _is_label(each)]
    dress(sheet, [cell for cell in labels if not cell.endswith("17")], LABEL)
    dress(sheet, [f"{letter}17" for letter in "BCDEFGHIJKLMNOPQ"], HEADING)
    for cell, (_, kind) in SUMS.items():
        row = cell[1:]
        if row != "18":
            dress(sheet, [f"{letter}{row}" for letter in "BCDE"], TOTAL)
        dress(sheet, [cell], TOTAL, kind)


def _finish(sheet: Worksheet) -> None:
    widths = {column.letter: float(_LATER_WIDTH) for column in COLUMNS}
    set_widths(sheet, widths | _WIDTHS)
    for letter in HIDDEN_COLUMNS:
        sheet.column_dimensions[letter].hidden = True
    sheet.row_dimensions[LABEL_ROW].height = 45
    sheet.freeze_panes = "A8"
    sheet.print_area = f"A1:{COLUMNS[-1].letter}45"
    set_up_pages(sheet)
    _validate(sheet)


def _validate(sheet: Worksheet) -> None:
    """Have Excel refuse negative person-months and amounts, and rates that are no fractions."""
    amounts = [each.cell for each in INPUTS if each.kind in {"money", "months"}]
    for cells, bounds in ((amounts, (0, None)), (["G3"], (0, 1))):
        low, high = bounds
        validation = DataValidation(
            type="decimal",
            operator="between" if high is not None else "greaterThanOrEqual",
            formula1=str(low),
            formula2=None if high is None else str(high),
            allow_blank=True,
            showErrorMessage=True,
            errorTitle="Not in range",
            error="Leave the cell empty for what is not determined yet, and type 0 for no budget."
            if high is None
            else "The funding rate is a fraction: 70% or 0.7.",
        )
        for cell in cells:
            if cell != f"V{RESULTS_ROW}":
                validation.add(cell)
        sheet.add_data_validation(validation)
