"""Tables of reports as text for programs and for people, and as a workbook."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from budgetinator.budgets import (
    Table,
    TableField,
    csv_lines,
    guarded,
    markdown_lines,
    records_json,
    write_tables,
)
from budgetinator.errors import ChangedOnDisk

COLUMNS = (TableField("who", "Who"), TableField("cost", "Cost", "money"))


def table(*rows: tuple[object, object]) -> Table:
    return Table("costs", "Costs", COLUMNS, rows)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM", "\t=1", "\r=1", "\n=1", " =1", "＝1"])
def test_what_could_be_a_formula_is_guarded(text: str) -> None:
    """With an apostrophe in front, blanks or not."""
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "ACME", "a=b", "L'ORE", "1-2", "'=1"])
def test_other_text_stays(text: str) -> None:
    """Nothing is added where nothing is to be feared."""
    assert guarded(text) == text


@given(st.lists(st.tuples(st.text(), st.none() | st.decimals(-(10**9), 10**9, places=2))))
def test_csv_is_read_back_as_it_was(rows: list[tuple[str, Decimal | None]]) -> None:
    """Quotes, commas, ends of lines and signs of all kinds, and amounts to the cent."""
    text = "".join(csv_lines([table(*rows)]))
    found = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert [each[0] for each in found] == [guarded(who) for who, _ in rows]
    assert [Decimal(each[1]) if each[1] else None for each in found] == [cost for _, cost in rows]


def test_no_field_of_csv_begins_as_a_formula() -> None:
    """But negative amounts, which are numbers."""
    text = "".join(csv_lines([table(("=1", Decimal(-5)), ("-1", None))]))
    assert text.splitlines() == ["who,cost", "'=1,-5.00", "'-1,"]


def test_json_rounds_money_and_keeps_gaps() -> None:
    """Half-even to cents; null for what is not determined."""
    found = records_json(table(("a", Decimal("0.125")), ("b", None), ("c", Decimal(3))))
    assert found == [
        {"who": "a", "cost": 0.12},
        {"who": "b", "cost": None},
        {"who": "c", "cost": 3},
    ]


def test_markdown_is_one_line_a_row() -> None:
    """Whatever the text holds; amounts as people of the locale write them."""
    lines = list(markdown_lines(table(("a|b\nc_d", Decimal("1234.5"))), "de"))
    assert lines[:5] == [
        "## Costs",
        "",
        "| Who | Cost |",
        "| --- | ---: |",
        r"| a\|b<br>c\_d | 1.234,50 |",
    ]


def test_a_workbook_has_values_alone(tmp_path: Path) -> None:
    """Formulas stay text, also when somebody edits the cell; amounts are numbers."""
    path = tmp_path / "costs.xlsx"
    rows = (("=1+1", Decimal("2.5")), ("\x01 odd", None), (datetime(2026, 5, 1), Decimal(-3)))
    write_tables(path, [table(*rows)])
    workbook = load_workbook(path)
    sheet = workbook["Costs"]
    assert [[cell.value for cell in row] for row in sheet["A4:B6"]] == [
        ["=1+1", 2.5],
        ["\ufffd odd", None],
        [datetime(2026, 5, 1), -3],
    ]
    assert (sheet["A4"].data_type != "f", sheet["A4"].quotePrefix) == (True, True)
    assert sheet["B4"].number_format == "#,##0.00 €"
    workbook.close()


def test_a_workbook_is_not_replaced_unasked(tmp_path: Path) -> None:
    """What is there stays."""
    path = tmp_path / "costs.xlsx"
    path.write_text("mine")
    with pytest.raises(ChangedOnDisk):
        write_tables(path, [table()])
    assert path.read_text() == "mine"
