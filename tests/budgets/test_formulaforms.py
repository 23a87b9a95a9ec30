"""What formulas compute, whatever way they are written."""

from __future__ import annotations

from fractions import Fraction

import pytest

from budgetinator.budgets.formulaforms import evaluate, form_of


@pytest.mark.parametrize(
    "other",
    [
        "=(G13+I13)/4",
        "=SUM(I13,$G$13)*25%",
        "=0.25*G13 + 0.25*I13",
        "= sum( g13 , i13 ) * .25",
        "=-(-G13-I13)*2.5E-1",
        "=0.25*(SUM(G13:I13)-H13)",
    ],
)
def test_formulas_that_compute_the_same_are_the_same(other: str) -> None:
    """Order, parentheses, percent, anchors, case and blanks do not matter."""
    assert form_of(other) == form_of("=0.25*(G13+I13)")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("=A1+A2", "=A1-A2"),
        ("=A1*A1", "=A1"),
        ("='P2-A'!A1", "=A1"),
        ("=SUM(A1:A3)", "=SUM(A1:A2)"),
    ],
)
def test_formulas_that_compute_something_else_are_not(one: str, other: str) -> None:
    """Signs, powers, sheets and ranges count."""
    assert form_of(one) != form_of(other)


@pytest.mark.parametrize(
    "formula",
    ["=IF(A1,1,2)", '="text"', "=A1:A2", "=A1/A2", "=1/0", "=ROUND(A1,2)", "=A1=A2", "=A1^2", "=",
     "=#REF!A1", "=Name", "=A1 A2", "=SUM(A1", "=SUM(A1:XFD1048576)", "=" + "(" * 900 + "1",
     "=A1()", "=" + "*".join(["(A1+A2+A3+A4+A5+A6+A7+A8+A9)"] * 40)],
)  # fmt: skip
def test_other_formulas_have_no_form(formula: str) -> None:
    """Nothing is guessed, and nothing takes long."""
    assert form_of(formula) is None


def test_apostrophes_in_names_of_sheets_are_doubled() -> None:
    """As links write them, and sheets are compared without case."""
    assert form_of("='P2-L''ORE'!G13") == {(("p2-l'ore", "G13"),): Fraction(1)}


def test_a_form_is_evaluated_over_its_cells() -> None:
    """A cell without a value counts as zero."""
    form = form_of("=D7*B18+1+C3")
    values = {("", "D7"): Fraction(6000), ("", "B18"): Fraction(41)}
    assert form is not None
    assert evaluate(form, values.get) == 246_001
