"""Defined names added, changed and removed in the file's own list of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openpyxl.workbook.defined_name import DefinedName

from tests.workbooks.builders import make_workbook, minimal_parts, write_zip
from tests.workbooks.merging.books import merged, names, odd_parts, read

MAIN = "Book/workbook.xml"


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    return write_zip(tmp_path / "odd.xlsx", odd_parts())


def test_a_changed_name_keeps_what_openpyxl_does_not_know(odd: Path) -> None:
    """Only the text is another one; a name in another case is another name."""

    def change(workbook: Any) -> None:
        workbook.defined_names["Rate"].value = '"<" & 1'

    result = merged(odd, change)
    assert result.changed == {MAIN}
    line = "<x:definedName name='Rate' own:kept='yes' comment='a &lt; b'>\"&lt;\" &amp; 1<"
    assert line in result.text(MAIN)
    assert read(result.path).defined_names["rate"].attr_text == "0.5"


def test_attributes_of_a_name_are_changed(odd: Path) -> None:
    """A name is shown, and another one gets a comment."""

    def change(workbook: Any) -> None:
        workbook.defined_names["rate"].hidden = None
        workbook.defined_names["Rate"].comment = None

    text = merged(odd, change).text(MAIN)
    assert "<x:definedName name='rate'>0.5<" in text
    assert "<x:definedName name='Rate' own:kept='yes'>" in text


def test_names_are_removed_one_by_one(odd: Path) -> None:
    """A local name with a backslash goes; the others stay, and those openpyxl hides, too."""

    def change(workbook: Any) -> None:
        del workbook["It's three"].defined_names["a\\b"]
        del workbook.defined_names["rate"]

    text = merged(odd, change).text(MAIN)
    assert "name='a\\b'" not in text
    assert "name='rate'" not in text
    assert text.count("<x:definedName ") == 4


def test_names_are_added_for_all_and_for_one_sheet(odd: Path) -> None:
    """In the part's own vocabulary, local ones with the place of their sheet."""

    def change(workbook: Any) -> None:
        workbook.defined_names["new"] = DefinedName("new", attr_text="1&2", hidden=True)
        local = DefinedName("own", attr_text="'Two'!$B$1")
        workbook["Two"].defined_names["own"] = local

    result = merged(odd, change)
    assert '<x:definedName name="new" hidden="1">1&amp;2</x:definedName>' in result.text(MAIN)
    assert names(read(result.path))["Two", "own"] == "'Two'!$B$1"
    assert result.changed == {MAIN}


def test_the_first_name_makes_the_list_in_its_place(tmp_path: Path) -> None:
    """Between the sheets and the settings of calculation (CT_Workbook)."""
    parts = minimal_parts()
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(
        b"</sheets>", b'</sheets><calcPr calcId="1"/>'
    )
    path = write_zip(tmp_path / "book.xlsx", parts)

    def change(workbook: Any) -> None:
        workbook.defined_names["new"] = DefinedName("new", attr_text="1")

    assert (
        '</sheets><definedNames><definedName name="new">1</definedName></definedNames><calcPr'
        in merged(path, change).text()
    )


def test_the_last_name_takes_the_list_along(tmp_path: Path) -> None:
    """An empty list is not left."""
    path = write_zip(tmp_path / "book.xlsx", minimal_parts())

    def add(workbook: Any) -> None:
        workbook.defined_names["new"] = DefinedName("new", attr_text="1")

    result = merged(merged(path, add).path, lambda workbook: workbook.defined_names.clear())
    assert "definedName" not in result.text()


def test_print_settings_become_names(odd: Path) -> None:
    """A new print area, a changed one, and titles; those of untouched sheets stay."""

    def change(workbook: Any) -> None:
        workbook["Two"].print_area = "B2:C3"
        workbook["It's three"].print_title_rows = "1:2"

    result = merged(odd, change)
    text = result.text(MAIN)
    assert "localSheetId='1'>'Two'!$B$2:$C$3<" in text
    assert (
        "<x:definedName name=\"_xlnm.Print_Titles\" localSheetId=\"2\">'It''s three'!$1:$2" in text
    )
    assert names(read(result.path))["Two", "area"] == "'Two'!$B$2:$C$3"


def test_a_print_area_is_taken_away(odd: Path) -> None:
    """Its name goes."""

    def change(workbook: Any) -> None:
        workbook["Two"].print_area = None

    assert "Print_Area" not in merged(odd, change).text(MAIN)


@pytest.mark.parametrize("touched", [False, True])
def test_names_that_are_made_of_a_sheet_follow_its_title(odd: Path, touched: bool) -> None:
    """Print area, filter and criteria of a renamed sheet; a user's own name stays as it is."""

    def change(workbook: Any) -> None:
        if touched:
            assert workbook["Two"].max_row == 1
        workbook["Two"].title = "A 'b'"

    result = merged(odd, change)
    text = result.text(MAIN)
    assert "localSheetId='1'>'A ''b'''!$A$1:$C$3</x:definedName>" in text
    assert "localSheetId='1' hidden='1'>'A ''b'''!$A$1:$B$2" in text
    assert ">'Two'!$A$1</x:definedName>" in text
    assert result.report.dangling == ()


def test_a_title_within_another_title_is_not_touched(tmp_path: Path) -> None:
    """A print area may name its own sheet only, but its text is anybody's."""
    path = make_workbook(tmp_path / "book.xlsx", {"A": [(1,)], "B A": [(2,)]})
    area = "'B A'!$A$1,A!$A$2,BA!$A$3"
    name = f'<definedName name="_xlnm.Criteria" localSheetId="0">{area}</definedName>'
    with_name = merged(path, lambda workbook: None).parts
    with_name["xl/workbook.xml"] = with_name["xl/workbook.xml"].replace(
        b"<definedNames />", f"<definedNames>{name}</definedNames>".encode()
    )
    write_zip(path, with_name)

    def change(workbook: Any) -> None:
        workbook["A"].title = "C"

    assert "'B A'!$A$1,'C'!$A$2,BA!$A$3<" in merged(path, change).text()


def test_names_are_told_for_the_very_title_of_a_removed_sheet(tmp_path: Path) -> None:
    """Not for a title that the removed one is the end of."""
    path = make_workbook(tmp_path / "book.xlsx", {"A": [(1,)], "BA": [(2,)]})

    def change(workbook: Any) -> None:
        for name, text in (("one", "BA!$A$1"), ("two", "1+A!$A$1"), ("three", "'A'!$A$1")):
            workbook.defined_names[name] = DefinedName(name, attr_text=text)
        workbook.remove(workbook["A"])

    assert merged(path, change).report.dangling == ("two", "three")


def test_a_filter_of_a_new_sheet_is_named(odd: Path) -> None:
    """Excel finds a filter's area by a hidden name."""

    def change(workbook: Any) -> None:
        workbook.create_sheet("New", 0).auto_filter.ref = "A1:B2"

    line = (
        '<x:definedName name="_xlnm._FilterDatabase" hidden="1" localSheetId="0">'
        "'New'!$A$1:$B$2</x:definedName>"
    )
    assert line in merged(odd, change).text(MAIN)


def test_a_name_local_to_no_sheet_does_not_become_one(tmp_path: Path) -> None:
    """It is left where it is, until a sheet comes to stand in that place."""
    parts = minimal_parts()
    name = b'<definedNames><definedName name="x" localSheetId="1">1</definedName></definedNames>'
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b"</sheets>", b"</sheets>" + name)
    path = write_zip(tmp_path / "book.xlsx", parts)

    def rename(workbook: Any) -> None:
        workbook["Budget"].title = "Plan"

    assert name.decode() in merged(path, rename).text()
    assert 'name="x"' not in merged(path, lambda workbook: workbook.create_sheet("New")).text()
