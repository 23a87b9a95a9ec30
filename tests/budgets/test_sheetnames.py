"""Formulas that name sheets: renamed, gone, and led to another row."""

from __future__ import annotations

import pytest

from budgetinator.budgets.sheetnames import GoneSheet, moved_row, renamed_sheet, without_sheet

TABS = ("P1-Coord", "P2-L'ORE", "P3-X", "Notes")


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("='P2-L''ORE'!G13", "='P2-N''EU'!G13"),
        ("='p2-l''ore'!$G$13*2", "='P2-N''EU'!$G$13*2"),
        ("=SUM('P1-Coord:P2-L''ORE'!G13)", "=SUM('P1-Coord:P2-N''EU'!G13)"),
        ("=\"'P2-L''ORE'!G13\"&A1", "=\"'P2-L''ORE'!G13\"&A1"),
        ("='[1]P2-L''ORE'!G13", "='[1]P2-L''ORE'!G13"),
        ("=SUM('[1]P1:P2-L''ORE'!G13)", "=SUM('[1]P1:P2-L''ORE'!G13)"),
        ("='P2-L''ORE 2'!G13+Total", "='P2-L''ORE 2'!G13+Total"),
        ("=A1", "=A1"),
    ],
)
def test_a_renamed_sheet_is_named_anew(formula: str, expected: str) -> None:
    """In any case, within spans of sheets, never in texts nor in other files."""
    assert renamed_sheet(formula, "P2-L'ORE", "P2-N'EU") == expected


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("='P1-Coord'!G13+'P2-L''ORE'!G13", "='P1-Coord'!G13+0"),
        ("=SUM('P2-L''ORE'!G13,'P3-X'!G13)", "=SUM(0,'P3-X'!G13)"),
        ("='P2-L''ORE'!G13", None),
        ("='P2-L''ORE'!G13*2", None),
        ("='P2-L''ORE'!G13/'P1-Coord'!G13", None),
        ("=IF('P2-L''ORE'!G13>0,A1,A2)", None),
        ("=share+A1", "=0+A1"),
        ("=SUM('P2-L''ORE:Notes'!G13)", "=SUM('P3-X'!G13)".replace("P3-X", "P3-X:Notes")),
        ("=SUM('P1-Coord:P2-L''ORE'!G13)", "=SUM('P1-Coord'!G13)"),
        ("=SUM('P1-Coord:P3-X'!G13)", "=SUM('P1-Coord:P3-X'!G13)"),
        ("=A1+1", "=A1+1"),
    ],
)
def test_without_a_sheet_nothing_is_a_broken_reference(formula: str, expected: str | None) -> None:
    """Terms of sums become 0, spans end with the neighbour, the rest can say nothing."""
    gone = GoneSheet("P2-L'ORE", TABS, frozenset({"share"}))
    assert without_sheet(formula, gone) == expected


@pytest.mark.parametrize(
    ("formula", "own", "expected"),
    [
        ("='Budget Overview'!N13/2", False, "='Budget Overview'!N14/2"),
        ("=N$13+N130", True, "=N$14+N130"),
        ("=N13", False, "=N13"),
        ("=SUM('Budget Overview'!N8:N13)", False, "=SUM('Budget Overview'!N8:N13)"),
    ],
)
def test_references_to_a_row_follow_it(formula: str, own: bool, expected: str) -> None:
    """Those to single cells, with the sheet's name or on the sheet itself."""
    assert moved_row(formula, "Budget Overview", own, (13, 14)) == expected
