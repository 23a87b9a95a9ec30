"""Every rule of the catalogue has a workbook in which it finds something, and finds just that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from budgetinator.budgets import Budget, Partner, figures, rule_set
from budgetinator.budgets.catalogue import RULES
from budgetinator.budgets.checks import check_budget
from budgetinator.budgets.layout import partner_formulas
from tests.budgets.workbooks import SAMPLE, example, months, named, with_results, write

COORD, LORE, OEKO = "P1-Coord", "P2-L'ORE", "P3-Öko Lab"


@dataclass(frozen=True)
class Case:
    """Cells set, sheets renamed or removed, results put in; and where the rule finds it.

    `besides` are rules that cannot but find something too.
    """

    rule: str
    place: str
    cells: dict[str, Any] | None = None
    budget: Budget = SAMPLE
    results: dict[str, float | str] | None = None
    renamed: tuple[str, str] | None = None
    removed: str | None = None
    hidden_row: int | None = None
    besides: frozenset[str] = frozenset()

    def change(self, workbook: Workbook) -> None:
        for address, value in (self.cells or {}).items():
            sheet, _, cell = address.rpartition("!")
            workbook[sheet][cell] = value
        if self.renamed:
            workbook[self.renamed[0]].title = self.renamed[1]
        if self.removed:
            workbook.remove(workbook[self.removed])
        if self.hidden_row:
            workbook[LORE].row_dimensions[self.hidden_row].hidden = True


def second(**changes: Any) -> Budget:
    """The sample with the second partner changed."""
    one, two, three = SAMPLE.partners
    return replace(SAMPLE, partners=(one, replace(two, **changes), three))


def package(number: int, **changes: Any) -> Budget:
    """The sample with a work package changed."""
    packages = [
        replace(each, **changes) if each.number == number else each for each in SAMPLE.work_packages
    ]
    return replace(SAMPLE, work_packages=tuple(packages))


def own_resources_for(partner: Partner) -> Partner:
    """The partner with the own resources that its cost needs."""
    found = figures(replace(partner, own_resources=Decimal(0)), rule_set())
    assert found.total_eligible is not None
    assert found.total_income is not None
    return replace(partner, own_resources=found.total_eligible - found.total_income)


def second_paid(**changes: Any) -> Budget:
    """As `second`, with own resources that make income cost."""
    changed = own_resources_for(replace(SAMPLE.partners[1], **changes))
    return second(**{**changes, "own_resources": changed.own_resources})


OVERVIEW, PM = "Budget Overview", "PM Overview"
OLD_INDIRECT = "=0.25*(G13+I13+J13+K13+L13)"

CASES = [
    Case("sheet-missing", "", removed="Version History"),
    Case("label-moved", f"{LORE}!B8", {f"{LORE}!B7": None, f"{LORE}!D7": None,
         f"{LORE}!B8": "Rate in EUR per person-month", f"{LORE}!D8": 5000,
         f"{LORE}!G13": "=D8*B18"}),
    Case("label-missing", f"{LORE}!B29", {f"{LORE}!B29": "Own resources"}),
    Case("text-for-number", f"{LORE}!F29", {f"{LORE}!F29": "12,50"}),
    Case("blank-text", f"{LORE}!F29", {f"{LORE}!F29": "  "}),
    Case("not-a-number", f"{LORE}!F29", {f"{LORE}!F29": datetime(2026, 3, 2)}),
    Case("input-unknown", f"{LORE}!F29", {f"{LORE}!F29": "=ROUND(3,0)"}),
    Case("error-value", f"{LORE}!F29", {f"{LORE}!F29": "#N/A"}),
    Case("unknown-rule-set", f"{OVERVIEW}!C4", {f"{OVERVIEW}!C4": "FP7"}),
    Case("number-missing", f"{LORE}!D2", {f"{LORE}!D2": None}),
    Case("number-differs", f"{LORE}!D2", {f"{LORE}!D2": 4}),
    Case("number-twice", f"{OEKO}!D2", {f"{OEKO}!D2": 2},
         besides=frozenset({"number-differs"})),
    Case("number-beyond", f"{LORE}!D2", {f"{LORE}!D2": 21},
         besides=frozenset({"number-differs"})),
    Case("no-coordinator", "", budget=named(*SAMPLE.partners[1:], replace(
        SAMPLE.partners[0], number=4, pic="999000004"))),
    Case("acronym-missing", f"{LORE}!D3", {f"{LORE}!D3": None}),
    Case("acronym-long", "P2-ABCDEFGHIJKLMNOPQ!D3", budget=second(acronym="ABCDEFGHIJKLMNOPQ"),
         besides=frozenset({"lead-unknown"})),
    Case("acronym-twice", f"{LORE}!D3", {f"{LORE}!D3": "coord"},
         besides=frozenset({"sheet-name", "lead-unknown"})),
    Case("sheet-name", LORE, {f"{LORE}!D3": "OTHER", "PM Summary!D5": "P2"}),
    Case("old-sheet-name", "P2 L'ORE", renamed=(LORE, "P2 L'ORE"),
         besides=frozenset({"link-wrong"})),
    Case("pic-missing", f"{LORE}!D4", budget=second(pic=None)),
    Case("pic-digits", f"{LORE}!D4", budget=second(pic="99900000")),
    Case("pic-number", f"{LORE}!D4", {f"{LORE}!D4": 999000002}),
    Case("pic-twice", f"{LORE}!D4", budget=second(pic="999000001")),
    Case("country-missing", f"{LORE}!D5", budget=replace(
        second(country=None), rule_set="HE-CSA")),
    Case("few-partners", "", budget=second(country="DE")),
    Case("rate-negative", f"{LORE}!D7", budget=second_paid(rate=Decimal(-1), travel=Decimal(90))),
    Case("months-negative", f"{LORE}!C18", budget=second(person_months=months(-1, 9))),
    Case("months-without-rate", f"{LORE}!D7", budget=second_paid(rate=None)),
    Case("rate-without-months", f"{LORE}!D7", budget=second(person_months=months()),
         besides=frozenset({"lead-without-months"})),
    Case("undeclared-package", f"{LORE}!E18", budget=second(person_months=months(1, 1, 2))),
    Case("package-number", "PM Summary!A6", {"PM Summary!A6": 2, "PM Summary!B6": "Again"}),
    Case("package-without-lead", "PM Summary!D5", budget=package(2, lead=None)),
    Case("lead-unknown", "PM Summary!D5", budget=package(2, lead="NOBODY")),
    Case("lead-without-months", "PM Summary!D5", budget=second(person_months=months(7))),
    Case("package-without-months", "PM Summary!A6", {"PM Summary!A6": 3, "PM Summary!D6": "P1"}),
    Case("months-order", "PM Summary!F5", budget=package(2, start_month=31)),
    Case("month-beyond", "PM Summary!G5", budget=package(2, end_month=2027)),
    Case("amount-negative", f"{LORE}!F29", budget=second(equipment=Decimal(-5))),
    Case("no-cost", f"{LORE}!O13", budget=second(
        rate=None, travel=None, person_months=months(0)),
         besides=frozenset({"lead-without-months"})),
    Case("funding-rate-missing", f"{LORE}!G3", budget=second(
        funding_rate=None, own_resources=Decimal(44375))),
    Case("funding-rate-percent", f"{LORE}!G3", {f"{LORE}!R13": 44375},
         budget=second(funding_rate=Decimal(100))),
    Case("funding-rate-unknown", f"{LORE}!G3", budget=second_paid(funding_rate=Decimal("0.7"))),
    Case("requested-over-maximum", f"{LORE}!R13", budget=second(requested=Decimal("44375.01")),
         besides=frozenset({"income-differs"})),
    Case("income-differs", f"{LORE}!X13", budget=second(income=Decimal("0.01"))),
    Case("purchases-share", f"{LORE}!F31", budget=second(travel=Decimal(5000))),
    Case("audit-certificate", f"{LORE}!R13", budget=second(person_months=months(60, 10))),
    Case("subcontract-unnamed", f"{LORE}!F22", {f"{LORE}!D22": None, f"{LORE}!G22": "Why"},
         budget=second(subcontracts=example().subcontracts)),
    Case("hidden-figure", f"{LORE}!F28", hidden_row=28),
    Case("formula-missing", f"{LORE}!S13", {f"{LORE}!S13": None}),
    Case("formula-typed-over", f"{LORE}!O13", {f"{LORE}!O13": 44375}),
    Case("formula-old", f"{LORE}!N13", {f"{LORE}!N13": OLD_INDIRECT}),
    Case("formula-other", f"{LORE}!Q13", {f"{LORE}!Q13": "=O13*P13/2"}),
    Case("formula-unclear", f"{LORE}!G13", {f"{LORE}!G13": '=IF(D7="","",D7*B18)'}),
    Case("result-differs", f"{LORE}!G13", results={f"{LORE}!G13": 32501}),
    Case("overview-row-missing", f"{PM}!C6", {f"{PM}!{each}6": None for each in "CDEFGHIJKLMNOPQ"}),
    Case("link-typed-over", f"{OVERVIEW}!F9", {f"{OVERVIEW}!F9": 32500}),
    Case("link-wrong", f"{OVERVIEW}!F9", {f"{OVERVIEW}!F9": f"='{COORD}'!G13"}),
    Case("link-broken", f"{OVERVIEW}!F9", {f"{OVERVIEW}!F9": "=#REF!G13"}),
    Case("overview-row-stray", f"{OVERVIEW}!F12", {f"{OVERVIEW}!F12": 7}),
    Case("overview-total", f"{OVERVIEW}!F11", {f"{OVERVIEW}!F11": "=SUM(F8:F9)"}),
    Case("overview-old", f"{OVERVIEW}!F9",
         results={f"{OVERVIEW}!F9": 1, f"{LORE}!G13": 32500}),
]  # fmt: skip


def fired(cases: Iterable[Any]) -> set[tuple[str, str]]:
    return {(each.rule, each.place) for each in cases}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_each_rule_finds_its_own(case: Case, tmp_path: Path) -> None:
    """At its place, with nothing else but what comes of the same cause."""
    path = write(tmp_path / "budget.xlsx", case.budget, case.change)
    if case.results:
        with_results(path, case.results)
    found = check_budget(path)
    assert (case.rule, case.place) in fired(found)
    assert {each.rule for each in found} == {case.rule, *case.besides}


def test_a_workbook_without_partners_is_told(tmp_path: Path) -> None:
    """It is read all the same, and its overviews are left alone."""
    path = write(tmp_path / "budget.xlsx", Budget())
    assert {each.rule for each in check_budget(path)} == {"no-partner"}


def test_every_rule_has_a_case() -> None:
    """The catalogue holds no rule that nothing finds."""
    assert {case.rule for case in CASES} | {"no-partner"} == set(RULES)


def test_a_correct_budget_has_no_findings(tmp_path: Path) -> None:
    """None of all the rules, with and without results."""
    path = write(tmp_path / "budget.xlsx")
    assert check_budget(path) == ()


def test_the_older_formulas_are_found_cell_by_cell(tmp_path: Path) -> None:
    """82 250 for 67 250, and 360 250 for 405 250, each with the formula that mends it."""
    without_support = "=G13+H13+I13+J13+K13+M13+N13"

    def older(workbook: Workbook) -> None:
        sheet = workbook["P2-ACME"]
        sheet["N13"], sheet["O13"] = OLD_INDIRECT, without_support

    budget = named(SAMPLE.partners[0], example(), SAMPLE.partners[2])
    path = write(tmp_path / "budget.xlsx", budget, older)
    with_results(path, {"P2-ACME!N13": 82250, "P2-ACME!O13": 360250})
    found = {each.cell: each for each in check_budget(path) if each.rule == "formula-old"}
    assert set(found) == {"N13", "O13"}
    assert "82250.00 for 67250.00" in found["N13"].what
    assert "L13 (Support to third parties) in" in found["N13"].what
    assert "360250.00 for 405250.00" in found["O13"].what
    assert "L13 (Support to third parties) out" in found["O13"].what
    formulas = partner_formulas()
    for cell, each in found.items():
        assert each.fix is not None
        assert each.fix.is_safe
        assert str(each.fix.changes[0].after.text) == formulas[cell]


def test_only_the_wrong_cell_is_found(tmp_path: Path) -> None:
    """A total of 420 250 is wrong because of the indirect cost in it; its formula is right."""
    budget = named(SAMPLE.partners[0], example(), SAMPLE.partners[2])

    def older(workbook: Workbook) -> None:
        workbook["P2-ACME"]["N13"] = "=SUM(G13,I13:L13)*25%"

    path = write(tmp_path / "budget.xlsx", budget, older)
    with_results(path, {"P2-ACME!N13": 82250, "P2-ACME!O13": 420250})
    errors = [each for each in check_budget(path) if each.severity == "error"]
    assert [(each.rule, each.cell) for each in errors if "formula" in each.rule] == [
        ("formula-old", "N13")
    ]
