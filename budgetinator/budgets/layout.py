"""Where everything stands in a budget workbook: the one table that all who touch one use.

Addresses are those that existing workbooks have. Formulas are the corrected ones; the
older ones, which counted support to third parties into the base of indirect cost, are
known by what they compute (`checks.formulas`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from budgetinator.budgets.model import MAX_WORK_PACKAGES, Partner, Subcontract
from budgetinator.workbooks.addresses import column_letters

__all__ = [
    "BUDGET_OVERVIEW",
    "COLUMNS",
    "FIRST_PARTNER",
    "FORMATS",
    "HIDDEN_COLUMNS",
    "HISTORY",
    "INPUTS",
    "LABEL_ROW",
    "MERGES",
    "NUMBER_ROW",
    "OWN_SHEETS",
    "PARTNER_TITLES",
    "PM_OVERVIEW",
    "PM_SUMMARY",
    "REQUESTED",
    "RESULTS_ROW",
    "RULE_SET",
    "SUMS",
    "TOTALS_ROW",
    "Column",
    "InputCell",
    "Kind",
    "LinkedCell",
    "Overview",
    "PartnerSheet",
    "Summary",
    "input_cell",
    "input_value",
    "is_budget_sheet",
    "link",
    "parse_partner_sheet",
    "partner_formulas",
    "partner_sheet_name",
    "quoted",
]

Kind = Literal["text", "number", "money", "months", "fraction"]

FORMATS: Mapping[Kind, str] = {
    "text": "@",
    "number": "General",
    "money": "#,##0.00 €",
    "months": "#,##0.00",
    "fraction": "0%",
}
"""The number format of each kind of cell."""


# Names of sheets

FIRST_PARTNER = "P1-Coord"
"""The coordinator's sheet, whatever its acronym."""

_PARTNER_SHEET = re.compile(r"P([1-9][0-9]?)([- ])(.+)", re.IGNORECASE)
_NOT_IN_TITLES = str.maketrans(dict.fromkeys("[]:*?/\\", "_"))


@dataclass(frozen=True, slots=True)
class PartnerSheet:
    """What a partner's sheet is called; `is_old` for a space in place of the hyphen."""

    number: int
    acronym: str
    is_old: bool


def partner_sheet_name(number: int, acronym: str) -> str:
    """The name of a partner's sheet; signs that no sheet's name takes become `_` in it."""
    if number == 1:
        return FIRST_PARTNER
    name = f"P{number}-{acronym.translate(_NOT_IN_TITLES)}"
    return name[:-1] + "_" if name.endswith("'") else name


def parse_partner_sheet(name: str) -> PartnerSheet | None:
    """What the name of a partner's sheet says, None for every other sheet."""
    found = _PARTNER_SHEET.fullmatch(name.strip())
    if found is None:
        return None
    return PartnerSheet(int(found[1]), found[3].strip(), found[2] == " ")


def quoted(sheet: str) -> str:
    """The sheet's name as it stands in links: always in apostrophes, its own ones doubled."""
    return "'" + sheet.replace("'", "''") + "'"


def link(sheet: str, cell: str) -> str:
    """The formula that shows a cell of another sheet: `='P2-L''ORE'!G13`."""
    return f"={quoted(sheet)}!{cell}"


# A partner's sheet: what is typed in


@dataclass(frozen=True, slots=True)
class InputCell:
    """A cell that people fill, and the field of Partner that it is.

    `index` counts from 0 within person-months and subcontracts, and `part` names the
    field of the subcontract. `labels` are further texts by which people name the cell.
    """

    field: str
    cell: str
    label: str
    kind: Kind
    label_cell: str | None = None
    required: bool = False
    index: int | None = None
    part: str | None = None
    labels: tuple[str, ...] = ()


def _months() -> tuple[InputCell, ...]:
    return tuple(
        InputCell(
            "person_months",
            f"{column_letters(3 + place)}18",
            f"WP{place + 1}",
            "months",
            f"{column_letters(3 + place)}17",
            index=place,
            labels=(f"WP {place + 1}",),
        )
        for place in range(MAX_WORK_PACKAGES)
    )


def _subcontract(index: int, row: int) -> tuple[InputCell, ...]:
    label = f"Subcontract {index + 1}"
    at = f"B{row}"
    return (
        InputCell("subcontracts", f"D{row}", label, "text", at, index=index, part="name"),
        InputCell("subcontracts", f"F{row}", label, "money", at, index=index, part="amount"),
        InputCell("subcontracts", f"G{row}", label, "text", at, index=index, part="explanation"),
    )


INPUTS: tuple[InputCell, ...] = (
    InputCell("number", "D2", "Number", "number", "B2", required=True,
              labels=("Partner number", "Partner no.", "No.")),
    InputCell("acronym", "D3", "Acronym", "text", "B3", required=True,
              labels=("Partner acronym", "Short name", "Partner name")),
    InputCell("pic", "D4", "PIC", "text", "B4", required=True,
              labels=("PIC number", "PIC code", "Participant identification code")),
    InputCell("country", "D5", "Country", "text", "B5", required=True),
    InputCell("role", "D6", "Role", "text", "B6", labels=("Role in the project",)),
    InputCell("rate", "D7", "Rate in EUR per person-month", "money", "B7",
              labels=("Rate", "PM rate", "Rate per PM", "EUR per PM", "Person-month rate",
                      "Rate (EUR/PM)", "Average personnel cost per PM")),
    InputCell("funding_rate", "G3", "Funding rate", "fraction", "F3"),
    InputCell("requested", "R13", "Requested EU contribution", "money", "R12"),
    InputCell("in_kind", "V13", "In-kind contributions", "money", "V12"),
    *_months(),
    *_subcontract(0, 22),
    *_subcontract(1, 23),
    InputCell("travel", "F28", "Travel and subsistence", "money", "B28", labels=("Travel",)),
    InputCell("equipment", "F29", "Equipment", "money", "B29"),
    InputCell("other_goods", "F30", "Other goods, works and services", "money", "B30",
              labels=("Other goods, works, services", "Other goods and services")),
    InputCell("third_parties", "F35", "Financial support to third parties", "money", "B35",
              labels=("Third parties", "FSTP")),
    InputCell("internal_goods", "F36", "Internally invoiced goods and services", "money", "B36",
              labels=("Internally invoiced",)),
    InputCell("income", "F42", "Income generated by the action", "money", "B42",
              labels=("Income", "Income from the action")),
    InputCell("contributions", "F43", "Financial contributions", "money", "B43",
              labels=("Contributions",)),
    InputCell("own_resources", "F44", "Own resources", "money", "B44"),
)  # fmt: skip
"""Every cell of a partner's sheet that people fill, in the order of the sheet."""

REQUESTED = "R13"
"""Holds its formula unless a sum was typed over it: the one input that may be a formula."""


def input_cell(field: str, index: int | None = None, part: str | None = None) -> InputCell:
    """The cell of this field of Partner; KeyError for one that no cell holds."""
    return _BY_FIELD[field, index, part]


_BY_FIELD = {(each.field, each.index, each.part): each for each in INPUTS}


def input_value(partner: Partner, cell: InputCell) -> Decimal | str | int | None:
    """What the partner has for this cell."""
    value = getattr(partner, cell.field)
    if cell.index is not None:
        value = value[cell.index]
    if isinstance(value, Subcontract):
        value = getattr(value, cell.part or "amount")
    found: Decimal | str | int | None = value
    return found


# A partner's sheet: what is computed


@dataclass(frozen=True, slots=True)
class Column:
    """A column of table 1: official number, category, figure of BudgetFigures, and formula.

    `figure` is None for the five columns that say who the partner is.
    """

    letter: str
    number: str
    label: str
    kind: Kind
    formula: str | None
    figure: str | None = None
    category: str = ""

    @property
    def cell(self) -> str:
        """The cell of this partner's figure."""
        return f"{self.letter}{RESULTS_ROW}"


NUMBER_ROW, LABEL_ROW, RESULTS_ROW, TOTALS_ROW = 11, 12, 13, 14
"""The rows of table 1 below its title: official numbers, labels, this partner, totals."""

_INDIRECT = "={rate}*(G13+I13+J13+K13)"

COLUMNS: tuple[Column, ...] = (
    Column("B", "0", "Number", "number", "=D2"),
    Column("C", "1", "PIC", "text", "=D4"),
    Column("D", "2", "Name", "text", "=D3"),
    Column("E", "3", "Country", "text", "=D5"),
    Column("F", "4", "Role", "text", "=D6"),
    Column("G", "5", "Personnel", "money", "=D7*B18", "personnel", "A"),
    Column("H", "6", "Subcontracting", "money", "=F24", "subcontracting", "B"),
    Column("I", "7", "Travel", "money", "=F28", "travel", "C1"),
    Column("J", "8", "Equipment", "money", "=F29", "equipment", "C2"),
    Column("K", "9", "Other goods, works, services", "money", "=F30", "other_goods", "C3"),
    Column("L", "10", "Support to third parties", "money", "=F35", "third_parties", "D1"),
    Column("M", "11", "Internally invoiced", "money", "=F36", "internal_goods", "D2"),
    Column("N", "12", "Indirect cost", "money", _INDIRECT, "indirect", "E"),
    Column("O", "13", "Total eligible cost", "money", "=SUM(G13:N13)", "total_eligible"),
    Column("P", "14", "Funding rate", "fraction", "=G3", "funding_rate"),
    Column("Q", "15", "Maximum EU contribution", "money", "=O13*P13", "maximum_contribution"),
    Column("R", "16", "Requested EU contribution", "money", "=Q13", "requested_contribution"),
    Column("S", "17", "Grant amount", "money", "=R13", "grant_amount"),
    Column("T", "18", "Income from the action", "money", "=F42", "income"),
    Column("U", "19", "Financial contributions", "money", "=F43", "contributions"),
    Column("V", "", "In-kind contributions", "money", None, "in_kind"),
    Column("W", "20", "Own resources", "money", "=F44", "own_resources"),
    Column("X", "21", "Total income", "money", "=S13+T13+U13+V13+W13", "total_income"),
)
"""Table 1 of a partner's sheet, from left to right."""

HIDDEN_COLUMNS = ("V",)

SUMS: Mapping[str, tuple[str, Kind]] = {
    "B18": ("=SUM(C18:Q18)", "months"),
    "F24": ("=SUM(F22:F23)", "money"),
    "F31": ("=SUM(F28:F30)", "money"),
    "F37": ("=SUM(F35:F36)", "money"),
    "F45": ("=SUM(F42:F44)", "money"),
}
"""The sums below their inputs: cell to formula and kind."""


def partner_formulas(indirect_rate: Decimal = Decimal("0.25")) -> dict[str, str]:
    """Every formula of a partner's sheet by its cell, row 14 included."""
    found = {cell: formula for cell, (formula, _) in SUMS.items()}
    for column in COLUMNS:
        if column.formula is not None:
            found[column.cell] = column.formula.format(rate=f"{indirect_rate.normalize():f}")
        if column.kind == "money":
            found[f"{column.letter}{TOTALS_ROW}"] = f"=SUM({column.cell})"
    return found


PARTNER_TITLES: Mapping[str, str] = {
    "B10": "Table 1: costs and income",
    "B14": "Total",
    "B16": "Table 2: person-months",
    "B17": "Total",
    "B20": "Table B: subcontracting",
    "D21": "Name",
    "F21": "Amount",
    "G21": "Explanation",
    "B24": "Total",
    "B26": "Table C: purchases",
    "F27": "Amount",
    "B31": "Total",
    "B33": "Table D: other cost categories",
    "F34": "Amount",
    "B37": "Total",
    "B40": "Table X: income",
    "F41": "Amount",
    "B45": "Total",
    **{f"{column.letter}{NUMBER_ROW}": column.number for column in COLUMNS if column.number},
    **{f"{column.letter}{LABEL_ROW}": column.label for column in COLUMNS},
}
"""Texts of a partner's sheet that label no input; those of the inputs stand in `INPUTS`."""

MERGES: tuple[str, ...] = (
    *(f"{pair[0]}{row}:{pair[1]}{row}" for row in range(2, 8) for pair in ("BC", "DE")),
    *(f"{pair[0]}{row}:{pair[1]}{row}" for row in (22, 23) for pair in ("BC", "DE", "GH")),
    *(f"B{row}:E{row}" for row in (28, 29, 30, 35, 36, 42, 43, 44)),
)
"""The merged areas of a partner's sheet."""


# Overviews


@dataclass(frozen=True, slots=True)
class LinkedCell:
    """A column of an overview and the cell of the partner's sheet that it shows."""

    letter: str
    label: str
    source: str
    kind: Kind
    is_summed: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """A sheet with a row for each partner, and a total under the last.

    `row_sum` is the column that sums a row up, if there is one; `name_letter` the one that
    has the name of the partner's sheet as text, and `total_letter` that of the word for the
    total.
    """

    sheet: str
    label_row: int
    offset: int
    columns: tuple[LinkedCell, ...]
    total_letter: str
    total_label: str = "Consortium"
    name_letter: str | None = None
    row_sum: str | None = None

    def row(self, number: int) -> int:
        """The row of the partner of this number."""
        return number + self.offset

    def total_row(self, numbers: Iterable[int]) -> int:
        """The row under the last of these partners."""
        return self.row(max(numbers, default=0)) + 1

    def row_formulas(
        self, number: int, partner_sheet: str, actual: Callable[[str], str] = str
    ) -> dict[str, str]:
        """The formulas of a partner's row by their cells; `actual` says where its cells stand."""
        row = self.row(number)
        found = {
            f"{each.letter}{row}": link(partner_sheet, actual(each.source)) for each in self.columns
        }
        if self.row_sum is not None:
            found[f"{self.row_sum}{row}"] = self._sum_of_row(row)
        return found

    def total_formulas(self, numbers: Iterable[int]) -> dict[str, str]:
        """The formulas of the total by their cells; the rows of absent partners are empty."""
        wanted = tuple(numbers)
        total, first, last = self.total_row(wanted), self.row(1), self.total_row(wanted) - 1
        if last < first:
            return {}
        found = {
            f"{each.letter}{total}": f"=SUM({each.letter}{first}:{each.letter}{last})"
            for each in self.columns
            if each.is_summed
        }
        if self.row_sum is not None:
            found[f"{self.row_sum}{total}"] = f"=SUM({self.row_sum}{first}:{self.row_sum}{last})"
        return found

    def _sum_of_row(self, row: int) -> str:
        return f"=SUM({self.columns[0].letter}{row}:{self.columns[-1].letter}{row})"


def _shifted(column: Column) -> LinkedCell:
    """A column of table 1 in the overview, one to the left."""
    letter = chr(ord(column.letter) - 1)
    return LinkedCell(letter, column.label, column.cell, column.kind, column.kind == "money")


BUDGET_OVERVIEW = Overview(
    sheet="Budget Overview",
    label_row=7,
    offset=7,
    columns=(
        LinkedCell("B", "PIC", "D4", "text", is_summed=False),
        LinkedCell("C", "Name", "D13", "text", is_summed=False),
        LinkedCell("D", "Country", "D5", "text", is_summed=False),
        LinkedCell("E", "Role", "D6", "text", is_summed=False),
        *(_shifted(column) for column in COLUMNS if column.figure is not None),
    ),
    total_letter="B",
)

PM_OVERVIEW = Overview(
    sheet="PM Overview",
    label_row=4,
    offset=4,
    columns=tuple(
        LinkedCell(each.cell.removesuffix("18"), each.label, each.cell, "months", is_summed=True)
        for each in INPUTS
        if each.field == "person_months"
    ),
    total_letter="A",
    name_letter="A",
    row_sum="B",
)

RULE_SET = ("B4", "Rule set", "C4")
"""Where the budget overview names the rule set: the label's cell, the label, the name's cell."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A sheet of plain rows: for each field its column and the column's label.

    Row `first_row` is that of number 1.
    """

    sheet: str
    label_row: int
    first_row: int
    columns: Mapping[str, tuple[str, str]]

    def row(self, number: int) -> int:
        """The row of this number, counted from 1."""
        return self.first_row + number - 1

    def cell(self, field: str, number: int) -> str:
        """The cell of a field in the row of this number."""
        return f"{self.columns[field][0]}{self.row(number)}"


PM_SUMMARY = Summary(
    sheet="PM Summary",
    label_row=3,
    first_row=4,
    columns={
        "number": ("A", "WP"),
        "title": ("B", "Title"),
        "lead": ("D", "Lead partner"),
        "start_month": ("F", "Start month"),
        "end_month": ("G", "End month"),
    },
)
"""The work packages: WP 1 in `first_row`, up to 15."""

HISTORY = Summary(
    sheet="Version History",
    label_row=1,
    first_row=2,
    columns={
        "timestamp": ("A", "Timestamp"),
        "info": ("B", "Version Info"),
        "summary": ("C", "Summary"),
    },
)
"""One row for each change, in the order of time."""

OWN_SHEETS = (BUDGET_OVERVIEW.sheet, PM_OVERVIEW.sheet, PM_SUMMARY.sheet, HISTORY.sheet)
"""The sheets that a budget workbook has beside those of the partners."""

_OWN = frozenset(name.casefold() for name in OWN_SHEETS)


def is_budget_sheet(name: str) -> bool:
    """Whether the sheet is of this table; all others are left as they are."""
    return name.casefold() in _OWN or parse_partner_sheet(name) is not None
