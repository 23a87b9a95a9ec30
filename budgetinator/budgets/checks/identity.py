"""Who the partners are: numbers, acronyms, PICs, countries, and the names of their sheets."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from budgetinator.budgets.catalogue import finding
from budgetinator.budgets.findings import CellCorrection, Finding, Fix
from budgetinator.budgets.layout import partner_sheet_name
from budgetinator.budgets.model import MAX_PARTNERS
from budgetinator.budgets.partnerreading import ReadPartner
from budgetinator.budgets.reading import ReadBudget

__all__ = ["check"]

_LONGEST_ACRONYM = 16
_PIC_DIGITS = 9
_LEAST_PARTNERS = 3
_ACTIONS_OF_CONSORTIA = frozenset({"HE-RIA", "HE-IA"})


def check(read: ReadBudget) -> Iterator[Finding]:
    """Each partner by itself, then among the others."""
    for each in read.partners:
        yield from _number(each)
        yield from _acronym(each)
        yield from _pic(each)
        if each.partner.country is None:
            yield _at(each, "country-missing", "country", "The country is empty")
    yield from _twice(read, "number-twice", "number", lambda each: str(each.partner.number))
    yield from _twice(
        read, "acronym-twice", "acronym", lambda each: each.partner.acronym.casefold()
    )
    yield from _twice(read, "pic-twice", "pic", lambda each: each.partner.pic)
    yield from _consortium(read)


def _number(each: ReadPartner) -> Iterator[Finding]:
    number = each.partner.number
    if number != each.name.number:
        cell = each.cell("number")
        change = CellCorrection(each.sheet, cell, each.cells.value(cell), each.name.number)
        fix = Fix(f"Put in the sheet's number {each.name.number}", (change,), is_safe=False)
        yield _at(each, "number-differs", "number", f"The number is {number}", fix)
    if number > MAX_PARTNERS:
        yield _at(each, "number-beyond", "number", f"The number is {number}")


def _acronym(each: ReadPartner) -> Iterator[Finding]:
    acronym = each.partner.acronym
    if len(acronym) > _LONGEST_ACRONYM:
        yield _at(each, "acronym-long", "acronym", f"It has {len(acronym)} characters")
    if each.name.is_old:
        what = f"The sheet is called {each.sheet!r}"
        yield finding("old-sheet-name", each.sheet, None, what)
    named = partner_sheet_name(each.name.number, acronym)
    if named.casefold() != each.sheet.replace(" ", "-", 1 if each.name.is_old else 0).casefold():
        what = f"The acronym is {acronym!r}, and the sheet is called {each.sheet!r}"
        yield finding("sheet-name", each.sheet, None, what)


def _pic(each: ReadPartner) -> Iterator[Finding]:
    pic, cell = each.partner.pic, each.cell("pic")
    if pic is None:
        yield _at(each, "pic-missing", "pic", "The PIC is empty")
        return
    if len(pic) != _PIC_DIGITS or not (pic.isascii() and pic.isdigit()):
        yield _at(each, "pic-digits", "pic", f"The PIC is {pic!r}")
    value = each.cells.value(cell)
    if isinstance(value, int | float) and each.cells.formula(cell) is None:
        fix = Fix("Make it text", (CellCorrection(each.sheet, cell, value, pic),), is_safe=True)
        yield _at(each, "pic-number", "pic", f"The PIC {pic} is a number", fix)


def _twice(
    read: ReadBudget, rule: str, field: str, key: Callable[[ReadPartner], str | None]
) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for each in read.partners:
        value = key(each)
        if value is None:
            continue
        if value in first:
            shown = getattr(each.partner, field)
            yield _at(each, rule, field, f"{shown!r} stands in {first[value]} too")
        first.setdefault(value, each.sheet)


def _consortium(read: ReadBudget) -> Iterator[Finding]:
    if not read.partners:
        return
    if all(each.partner.number != 1 for each in read.partners):
        yield finding("no-coordinator", None, None, "There is no partner of number 1")
    countries = {each.partner.country for each in read.partners} - {None}
    few = min(len(read.partners), len(countries))
    if read.rules.name in _ACTIONS_OF_CONSORTIA and few < _LEAST_PARTNERS:
        what = f"Partners: {len(read.partners)}; countries: {len(countries)}"
        yield finding("few-partners", None, None, what)


def _at(each: ReadPartner, rule: str, field: str, what: str, fix: Fix | None = None) -> Finding:
    return finding(rule, each.sheet, each.cell(field), what, fix=fix)
