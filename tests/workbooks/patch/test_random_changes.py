"""Random changes of random sheets, against what was asked and what openpyxl reads."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetinator.workbooks.addresses import format_cell
from budgetinator.workbooks.patch import Formula
from tests.workbooks.patch.building import MAIN, part, patched, write_workbook

Places = st.tuples(st.integers(1, 9), st.integers(1, 6))
Texts = st.text("ab<&>\"' \n=é€\U0001f4b6_", min_size=1, max_size=8)
Values = st.one_of(
    st.integers(-(10**9), 10**9),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    Texts,
    st.sampled_from(["A1", "SUM(B1:B3)", '"<"&C2']).map(Formula),
    st.none(),
)


@dataclass(frozen=True)
class Spelling:
    """How a sheet is written: its prefix, its quotes, its order, what stands between."""

    prefix: str
    quote: str
    comment: bool
    shuffled: bool
    numbered_rows: bool
    spans: bool


Spellings = st.builds(
    Spelling,
    prefix=st.sampled_from(["", "x:"]),
    quote=st.sampled_from(['"', "'"]),
    comment=st.booleans(),
    shuffled=st.booleans(),
    numbered_rows=st.booleans(),
    spans=st.booleans(),
)


def cell_xml(place: tuple[int, int], number: int, spelling: Spelling) -> str:
    p, q = spelling.prefix, spelling.quote
    kind = number % 3
    if kind == 0:
        inner, attribute = f"<{p}f>{number}+1</{p}f><{p}v>{number}</{p}v>", ""
    elif kind == 1:
        inner, attribute = f"<{p}v>{number}.5</{p}v>", ""
    else:
        attribute = f" t={q}inlineStr{q}"
        inner = f"<{p}is><{p}t>text {number}</{p}t></{p}is>"
    return f"<{p}c r={q}{format_cell(*place)}{q} s={q}0{q}{attribute}>{inner}</{p}c>"


def build(cells: dict[tuple[int, int], str], spelling: Spelling) -> str:
    p, q = spelling.prefix, spelling.quote
    rows = ""
    numbers = sorted({row for row, _ in cells}, reverse=spelling.shuffled)
    for row in numbers:
        columns = sorted((c for r, c in cells if r == row), reverse=spelling.shuffled)
        number = f" r={q}{row}{q}" if spelling.numbered_rows else ""
        spans = f" spans={q}{min(columns)}:{max(columns)}{q}" if spelling.spans else ""
        rows += f"<{p}row{number}{spans}>{''.join(cells[row, c] for c in columns)}</{p}row>"
    comment = "<!-- <row> -->" if spelling.comment else ""
    namespace = f"xmlns:{p[:-1]}" if p else "xmlns"
    return (
        f'<{p}worksheet {namespace}="{MAIN}"><{p}dimension ref="A1"/>'
        f"<{p}sheetData>{comment}{rows}</{p}sheetData></{p}worksheet>"
    )


def shown(path: Path) -> dict[str, tuple[bool, Any]]:
    """Each filled cell as openpyxl reads it: whether a formula, and what."""
    sheet = openpyxl.load_workbook(path)["Data"]
    return {
        cell.coordinate: (cell.data_type == "f", cell.value)
        for row in sheet
        for cell in row
        if cell.value is not None
    }


@settings(max_examples=200, deadline=None)
@given(
    st.lists(Places, unique=True, max_size=25),
    st.dictionaries(Places, Values, min_size=1, max_size=12),
    Spellings,
)
def test_random_changes_are_made_and_all_other_cells_keep_their_bytes(
    places: list[tuple[int, int]], changes: dict[tuple[int, int], Any], spelling: Spelling
) -> None:
    """The sheet shows the new values and the old ones; unchanged cells are their own bytes."""
    cells = {place: cell_xml(place, n, spelling) for n, place in enumerate(places)}
    with tempfile.TemporaryDirectory() as folder:
        book = write_workbook(Path(folder) / "book.xlsx", build(cells, spelling))
        expected = shown(book)
        target, _ = patched(book, {format_cell(*place): v for place, v in changes.items()})
        for place, value in changes.items():
            expected.pop(format_cell(*place), None)
            if isinstance(value, Formula):
                expected[format_cell(*place)] = (True, f"={value.text}")
            elif value is not None:
                expected[format_cell(*place)] = (False, value)
        assert shown(target) == expected
        result = part(target)
        for place, xml in cells.items():
            assert (place in changes and changes[place] is not None) or (
                (xml in result) == (place not in changes)
            )
        rows = [int(n) for n in re.findall(r"row r=[\"'](\d+)", result)]
        assert spelling.shuffled or rows == sorted(rows)
