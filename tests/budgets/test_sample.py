"""The sample consortium, and the errors that are planted in its workbook."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from budgetinator.budgets import figures, rule_set
from budgetinator.budgets.checks import check_budget
from budgetinator.budgets.making import write_budget
from budgetinator.budgets.reading import read_budget
from budgetinator.budgets.sample import PLANTED, sample_budget, write_sample


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "sample.xlsx"
    write_sample(path)
    return path


def test_a_check_finds_exactly_what_was_planted(sample: Path) -> None:
    """Three errors, and not even a note beside them."""
    found = {(each.rule, each.sheet, each.cell) for each in check_budget(sample)}
    assert found == set(PLANTED)


def test_without_the_planted_cells_one_error_is_left(tmp_path: Path) -> None:
    """The request that stands in the budget itself."""
    path = tmp_path / "sound.xlsx"
    write_budget(sample_budget(), path)
    assert [each.rule for each in check_budget(path)] == ["requested-over-maximum"]


def test_the_workbook_holds_the_budget(sample: Path) -> None:
    """Empties and zeros among it."""
    budget = read_budget(sample).budget
    assert budget == sample_budget()
    assert (budget.partners[0].equipment, budget.partners[0].other_goods) == (None, 0)


def test_the_figures_that_the_module_names() -> None:
    """Indirect cost 29 000, which the older formula makes 44 000; 5 000 too much asked for."""
    rules = rule_set(sample_budget().rule_set)
    ore, terra = (figures(sample_budget().partners[place], rules) for place in (1, 3))
    assert ore.indirect == 29_000
    assert Decimal("0.25") * 60_000 + ore.indirect == 44_000
    assert terra.requested_contribution is not None
    assert terra.maximum_contribution is not None
    assert terra.requested_contribution - terra.maximum_contribution == 5_000


def test_the_cells_are_planted(sample: Path) -> None:
    """They stand where the list says."""
    book = openpyxl.load_workbook(sample)
    assert book["P2-L'ORE"]["N13"].value == "=0.25*(G13+I13+J13+K13+L13)"
    assert book["Budget Overview"]["F10"].value == 92300
    book.close()
