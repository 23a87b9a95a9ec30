"""Everything in an open workbook that refers to cells by formulas: where, and how to change it.

Cells, defined names, rules of conditional formats, validations, charts and links within the
workbook. Pivot tables are only told of: their source is not a formula.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from budgetinator.budgets.amending import Amendment
from budgetinator.budgets.sheetnames import renamed_sheet
from budgetinator.errors import BudgetError
from budgetinator.workbooks import Formula
from budgetinator.workbooks.addresses import quote_sheet

__all__ = ["Referrer", "pivot_sources", "referrers", "rename_sheet"]

Kind = Literal["cell", "array", "name", "rule", "validation", "chart", "link"]


@dataclass(frozen=True, slots=True)
class Referrer:
    """One formula, with its equals sign; `sheet` is where it stands, None for the workbook.

    `owner` and `key` say where the text is kept: a cell, a list and a place, an object and
    an attribute, a mapping and a name.
    """

    kind: Kind
    where: str
    sheet: str | None
    text: str
    owner: Any
    key: Any = None

    def write(self, amendment: Amendment, text: str) -> None:
        """Give it another formula."""
        bare = text.removeprefix("=")
        if self.kind == "cell":
            amendment.put(self.owner.parent, {self.owner.coordinate: Formula(text)})
        elif self.kind == "rule":
            formulas = list(self.owner.formula)
            formulas[self.key] = bare
            amendment.exchange(self.owner.formula, formulas)
        elif self.kind == "name":
            amendment.change(self.owner[self.key], "attr_text", bare)
        elif self.kind == "link":
            sign = "#" if self.key == "target" else ""
            amendment.change(self.owner.hyperlink, self.key, sign + bare)
        else:
            amendment.change(self.owner, self.key, text if self.kind == "array" else bare)

    @property
    def can_go(self) -> bool:
        """Whether it can be taken away without spoiling what it is a part of."""
        return self.kind in {"cell", "name", "link"}

    def drop(self, amendment: Amendment) -> None:
        """Take away one that can go: the cell empty, the name or the link gone."""
        if self.kind == "cell":
            amendment.put(self.owner.parent, {self.owner.coordinate: None})
        elif self.kind == "name":
            amendment.forget(self.owner, self.key)
        else:
            amendment.change(self.owner, "hyperlink", None)


def referrers(workbook: Any) -> Iterator[Referrer]:
    """All of them; reads every sheet."""
    for name, defined in workbook.defined_names.items():
        text = f"={defined.attr_text}"
        yield Referrer("name", f"the name {name}", None, text, workbook.defined_names, name)
    for sheet in workbook.worksheets:
        yield from _of_sheet(sheet)
    for sheet in (*workbook.worksheets, *workbook.chartsheets):
        for chart in sheet._charts:  # noqa: SLF001  openpyxl has no other list of them
            for found in _references(chart, set()):
                where = f"a chart on {sheet.title}"
                yield Referrer("chart", where, sheet.title, f"={found.f}", found, "f")


def pivot_sources(workbook: Any) -> Iterator[tuple[str, str]]:
    """The sheets that have a pivot table, each with the sheet that it takes its figures from."""
    for sheet in workbook.worksheets:
        for pivot in sheet._pivots:  # noqa: SLF001  openpyxl has no other list of them
            source = getattr(pivot.cache.cacheSource, "worksheetSource", None)
            if source is not None and source.sheet:
                yield sheet.title, source.sheet


def rename_sheet(amendment: Amendment, sheet: Any, title: str) -> None:
    """Give a sheet another name, and have everything that refers to it follow.

    Raises BudgetError where a pivot table takes its figures from it, and InvalidCellValue
    for a name that no sheet can have.
    """
    old = sheet.title
    if old == title:
        return
    if any(source.casefold() == old.casefold() for _, source in pivot_sources(amendment.workbook)):
        raise BudgetError(
            f"A pivot table takes its figures from {old!r}, so that the sheet cannot get another "
            "name here; rename it in Excel first."
        )
    pointing = [
        (each, renamed_sheet(each.text, old, title)) for each in referrers(amendment.workbook)
    ]
    amendment.rename(sheet, title)
    for each, text in pointing:
        if text != each.text:
            each.write(amendment, text)


def _of_sheet(sheet: Any) -> Iterator[Referrer]:
    title = sheet.title
    for name, defined in sheet.defined_names.items():
        text = f"={defined.attr_text}"
        yield Referrer("name", f"the name {name}", title, text, sheet.defined_names, name)
    for cell in list(sheet._cells.values()):  # noqa: SLF001  asking by rows would make cells
        yield from _of_cell(cell, title)
    for area in sheet.conditional_formatting:
        for rule in area.rules:
            for place, formula in enumerate(rule.formula):
                where = f"a rule on {quote_sheet(title)}!{area.sqref}"
                yield Referrer("rule", where, title, f"={formula}", rule, place)
    for validation in sheet.data_validations.dataValidation:
        for key in ("formula1", "formula2"):
            if formula := getattr(validation, key):
                where = f"a validation on {quote_sheet(title)}!{validation.sqref}"
                yield Referrer("validation", where, title, f"={formula}", validation, key)


def _of_cell(cell: Any, title: str) -> Iterator[Referrer]:
    where = f"{quote_sheet(title)}!{cell.coordinate}"
    if cell.data_type == "f":
        if isinstance(cell.value, str):
            yield Referrer("cell", where, title, cell.value, cell)
        elif isinstance(text := getattr(cell.value, "text", None), str):
            yield Referrer("array", where, title, text, cell.value, "text")
    link = getattr(cell, "hyperlink", None)
    for key in ("location", "target") if link is not None else ():
        place = getattr(link, key) or ""
        if key == "location" or place.startswith("#"):  # any other target is outside
            yield Referrer("link", where, title, f"={place.removeprefix('#')}", cell, key)


def _references(held: Any, seen: set[int]) -> Iterator[Any]:
    """The objects within a chart that name cells."""
    from openpyxl.descriptors.serialisable import Serialisable

    if isinstance(held, list | tuple):
        for item in held:
            yield from _references(item, seen)
    elif isinstance(held, Serialisable) and id(held) not in seen:
        seen.add(id(held))
        if isinstance(getattr(held, "f", None), str):
            yield held
        for value in list(vars(held).values()):
            yield from _references(value, seen)
