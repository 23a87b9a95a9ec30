"""Findings mended in the workbook, and taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from budgetinator.budgets.checks import check_budget
from budgetinator.budgets.findings import Finding
from budgetinator.budgets.fixes import apply_fixes, undo
from budgetinator.workbooks import ExcelManager
from tests.budgets.test_checks import CASES, LORE, Case
from tests.budgets.workbooks import with_results, write

SAFE = {
    "text-for-number",
    "blank-text",
    "pic-number",
    "formula-missing",
    "formula-typed-over",
    "formula-old",
    "formula-other",
    "overview-row-missing",
    "link-typed-over",
    "link-wrong",
    "link-broken",
    "overview-total",
}
BY_HAND = {
    "number-differs",
    "number-twice",
    "number-beyond",
    "funding-rate-percent",
    "requested-over-maximum",
    "overview-row-stray",
}


def written(case: Case, path: Path) -> Path:
    write(path, case.budget, case.change)
    return with_results(path, case.results) if case.results else path


def keys(findings: tuple[Finding, ...]) -> set[tuple[str, str, str]]:
    return {(each.rule, each.place, each.what) for each in findings}


@pytest.mark.parametrize(
    "case", [each for each in CASES if each.rule in SAFE], ids=lambda case: case.rule
)
def test_a_safe_fix_mends_and_can_be_undone(case: Case, tmp_path: Path) -> None:
    """After it the rule finds nothing; after the undoing all is found that was before."""
    path = written(case, tmp_path / "budget.xlsx")
    before = check_budget(path)
    with ExcelManager(path) as manager:
        applied = apply_fixes(manager, before)
        manager.save()
        after = check_budget(path)
        undo(manager, applied.undoing)
        manager.save()
    assert case.rule in {each.rule for each in applied.mended}
    assert case.rule not in {each.rule for each in after}
    assert keys(check_budget(path)) == keys(before)


@pytest.mark.parametrize(
    "case", [each for each in CASES if each.rule in BY_HAND], ids=lambda case: case.rule
)
def test_a_fix_that_loses_an_entry_is_left(case: Case, tmp_path: Path) -> None:
    """Unless it is asked for."""
    path = written(case, tmp_path / "budget.xlsx")
    before = check_budget(path)
    with ExcelManager(path) as manager:
        assert apply_fixes(manager, before).mended == ()
        assert not manager.is_modified
        applied = apply_fixes(manager, before, unsafe=True)
        manager.save()
    assert applied.mended
    assert not {each.rule for each in applied.mended} & {each.rule for each in check_budget(path)}


def test_no_other_rule_offers_a_fix(tmp_path: Path) -> None:
    """What the two lists leave out is for people to decide."""
    offering = set()
    for number, case in enumerate(CASES):
        found = check_budget(written(case, tmp_path / f"{number}.xlsx"))
        offering |= {each.rule for each in found if each.fix is not None}
    assert offering <= SAFE | BY_HAND


def test_a_formula_over_which_a_sum_was_typed_is_safe_only_where_inputs_give_one(
    tmp_path: Path,
) -> None:
    """Without inputs the typed sum is all that is known."""
    cells = {f"{LORE}!G13": 246000, f"{LORE}!D7": None}
    case = Case("formula-typed-over", f"{LORE}!G13", cells)
    found = {each.rule: each for each in check_budget(written(case, tmp_path / "budget.xlsx"))}
    fix = found["formula-typed-over"].fix
    assert fix is not None
    assert not fix.is_safe


def test_of_two_fixes_for_one_cell_the_first_counts(tmp_path: Path) -> None:
    """The other is left, and told."""
    path = written(CASES[0], tmp_path / "budget.xlsx")
    (case,) = [each for each in CASES if each.rule == "link-wrong"]
    (found,) = check_budget(written(case, tmp_path / "other.xlsx"))
    with ExcelManager(path) as manager:
        applied = apply_fixes(manager, (found, found))
        manager.save()
    assert (applied.mended, applied.left) == ((found,), (found,))
