"""What is written is what is read."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings

from budgetinator.budgets import Budget
from budgetinator.budgets.making import write_budget
from budgetinator.budgets.reading import read_budget
from tests.budgets.consortia import budgets, random_budget, three_partners, written


@given(budgets())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_model_to_workbook_to_model_is_the_identity(budget: Budget) -> None:
    """Empty stays empty, zero stays zero, and every text and figure comes back."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "budget.xlsx")
        write_budget(budget, path)
        assert read_budget(path).budget == budget


def test_a_large_consortium_comes_back(tmp_path: Path) -> None:
    """Twenty partners and fifteen work packages fit."""
    seeds = range(1000)
    budget = next(
        each
        for each in map(random_budget, seeds)
        if (len(each.partners), len(each.work_packages)) == (20, 15)
    )
    assert read_budget(written(tmp_path / "large.xlsx", budget)).budget == budget


def test_nothing_odd_is_found_in_what_is_written(tmp_path: Path) -> None:
    """Labels, sheets and numbers stand where the reader expects them."""
    read = read_budget(written(tmp_path / "budget.xlsx"))
    assert (read.budget, read.findings) == (three_partners(), ())
