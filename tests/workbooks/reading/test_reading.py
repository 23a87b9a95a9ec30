"""openpyxl behind the guard."""

from __future__ import annotations

import os
import traceback
import warnings
from pathlib import Path

import openpyxl
import pytest

from budgetinator.config import OpeningBounds
from budgetinator.errors import (
    BudgetinatorError,
    WorkbookDamaged,
    WorkbookNotFound,
    WorkbookRefused,
)
from budgetinator.workbooks.reading.loading import load_workbook_guarded
from tests.workbooks.builders import (
    MACRO_TYPE,
    MAIN,
    OFFICE,
    SHEET,
    TYPES,
    WORKBOOK,
    WORKBOOK_TYPE,
    Parts,
    change_part,
    make_workbook,
    minimal_parts,
    relationships_xml,
    sheet_xml,
    with_strings,
    workbook_xml,
    write_zip,
)


def descriptors() -> int:
    """How many descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("data_only", [False, True])
def test_a_workbook_opens_as_openpyxl_opens_it(tmp_path: Path, data_only: bool) -> None:
    """Cells and sheets are those of openpyxl's own load, and nothing stays open."""
    path = make_workbook(tmp_path / "a.xlsx", {"One": [(1, "=A1")], "Two": [("x", None, 2.5)]})
    before = descriptors()
    loaded = load_workbook_guarded(path, read_only=False, data_only=data_only)
    expected = openpyxl.load_workbook(path, data_only=data_only)
    assert loaded.workbook.sheetnames == expected.sheetnames
    for name in expected.sheetnames:
        assert list(loaded.workbook[name].values) == list(expected[name].values)
    assert (loaded.notes, loaded.left_out, descriptors()) == ((), (), before)


def test_read_only_keeps_the_file_until_the_workbook_is_closed(tmp_path: Path) -> None:
    """A read-only workbook streams from one descriptor, which its close gives back."""
    path = make_workbook(tmp_path / "a.xlsx")
    before = descriptors()
    workbook = load_workbook_guarded(path, read_only=True, data_only=False).workbook
    rows = list(workbook["Budget"].values)
    during = descriptors()
    workbook.close()
    assert rows == [("Travel", 1200), ("Total", "=B1")]
    assert (during - before, descriptors() - before) == (1, 0)


def test_what_was_checked_is_what_is_read(tmp_path: Path) -> None:
    """A file exchanged after the opening does not come in."""
    path = make_workbook(tmp_path / "a.xlsx")
    workbook = load_workbook_guarded(path, read_only=True, data_only=False).workbook
    make_workbook(tmp_path / "b.xlsx", {"Other": [(0,)]}).replace(path)
    assert next(iter(workbook["Budget"].values)) == ("Travel", 1200)
    workbook.close()


def cell(xml: str) -> Parts:
    """The smallest workbook with this cell as its second row."""
    return minimal_parts(f'<row r="1"><c r="A1"><v>1</v></c></row><row r="2">{xml}</row>')


BROKEN_CELLS = {
    "a string that is not there": '<c r="C2" t="s"><v>7</v></c>',
    "a string counted from the end": '<c r="C2" t="s"><v>-1</v></c>',
    "a number that is none": '<c r="C2"><v>12,5</v></c>',
    "a date that is none": '<c r="C2" t="d"><v>yesterday</v></c>',
    "a format that is not there": '<c r="C2" s="9999"><v>1</v></c>',
}


@pytest.mark.parametrize("what", BROKEN_CELLS)
def test_a_broken_cell_is_named(tmp_path: Path, what: str) -> None:
    """An index, number or date that makes no sense is damage with sheet, cell and part."""
    parts = with_strings(cell(BROKEN_CELLS[what]), f'<sst xmlns="{MAIN}"><si><t>a</t></si></sst>')
    path = write_zip(tmp_path / "a.xlsx", parts)
    before = descriptors()
    with pytest.raises(WorkbookDamaged) as caught:
        load_workbook_guarded(path, read_only=False, data_only=False)
    error = caught.value
    assert (error.sheet, error.cell, error.part) == ("Budget", "C2", SHEET)
    assert error.__cause__ is not None
    assert descriptors() == before


BROKEN_PARTS = {
    "no XML": (SHEET, b"not XML at all"),
    "cut XML": (SHEET, sheet_xml().encode()[:-20]),
    "a row number that is none": (SHEET, sheet_xml('<row r="x"><c/></row>').encode()),
    "a cell that is none": (SHEET, sheet_xml('<row r="1"><c r="1A"/></row>').encode()),
    "a sheet with a forbidden name": (WORKBOOK, workbook_xml(("A/B",)).encode()),
    "two sheets of one name": (WORKBOOK, workbook_xml(("A", "A")).encode()),
    "a workbook without sheets": (WORKBOOK, workbook_xml(()).encode()),
    "a column that is none": (
        SHEET,
        sheet_xml(before='<cols><col min="99999" max="99999"/></cols>').encode(),
    ),
}


@pytest.mark.parametrize("what", BROKEN_PARTS)
def test_every_exception_of_openpyxl_becomes_damage(tmp_path: Path, what: str) -> None:
    """Whatever a broken part leads to, it is WorkbookDamaged with the path."""
    name, data = BROKEN_PARTS[what]
    parts = {**minimal_parts(), name: data}
    parts["xl/_rels/workbook.xml.rels"] = relationships_xml(
        ("rId1", "worksheet", "worksheets/sheet1.xml"),
        ("rId2", "worksheet", "worksheets/sheet1.xml"),
    ).encode()
    path = write_zip(tmp_path / "a.xlsx", parts)
    with pytest.raises(WorkbookDamaged) as caught:
        load_workbook_guarded(path, read_only=False, data_only=False)
    assert caught.value.path == str(path)


def test_deep_nesting_does_not_overflow(tmp_path: Path) -> None:
    """Half a million elements within each other neither crash nor hide the cells."""
    deep = "<a>" * 500_000 + "</a>" * 500_000
    path = write_zip(tmp_path / "a.xlsx", minimal_parts(after=deep))
    bounds = OpeningBounds(max_ratio=2000)
    loaded = load_workbook_guarded(path, read_only=False, data_only=False, bounds=bounds)
    assert loaded.workbook["Budget"]["A1"].value == 1


@pytest.mark.parametrize("read_only", [False, True])
def test_strict_workbooks_are_refused_and_not_opened_empty(tmp_path: Path, read_only: bool) -> None:
    """openpyxl finds no sheet in Strict markup, so it is refused with the reason."""
    strict = b"http://purl.oclc.org/ooxml/officeDocument/relationships"
    parts = {n: data.replace(OFFICE.encode(), strict) for n, data in minimal_parts().items()}
    path = write_zip(tmp_path / "a.xlsx", parts)
    with pytest.raises(WorkbookRefused) as caught:
        load_workbook_guarded(path, read_only=read_only, data_only=False)
    assert caught.value.reason == "strict Open XML"


def test_a_sheet_whose_part_is_missing_is_not_skipped(tmp_path: Path) -> None:
    """As many sheets as declared, or damage with the sheet's name."""
    parts = minimal_parts()
    parts[WORKBOOK] = workbook_xml(("Budget", "Gone")).encode()
    parts["xl/_rels/workbook.xml.rels"] = relationships_xml(
        ("rId1", "worksheet", "worksheets/sheet1.xml"),
        ("rId2", "worksheet", "worksheets/sheet2.xml"),
    ).encode()
    with pytest.raises(WorkbookDamaged) as caught:
        load_workbook_guarded(
            write_zip(tmp_path / "a.xlsx", parts), read_only=False, data_only=False
        )
    assert caught.value.sheet == "Gone"


def test_more_cells_than_the_bound_are_refused_for_editing_only(tmp_path: Path) -> None:
    """Reading values streams, so the bound on cells is for editing."""
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n * 31}</v></c></row>' for n in range(1, 30_001))
    path = write_zip(tmp_path / "a.xlsx", minimal_parts(rows))
    bounds = OpeningBounds(max_cells=29_999)
    with pytest.raises(WorkbookRefused) as caught:
        load_workbook_guarded(path, read_only=False, data_only=False, bounds=bounds)
    assert caught.value.limit == "max_cells"
    workbook = load_workbook_guarded(path, read_only=True, data_only=True, bounds=bounds).workbook
    assert sum(1 for _ in workbook["Budget"].values) == 30_000
    workbook.close()


@pytest.mark.parametrize(
    ("name", "media", "project", "expected"),
    [
        ("a.xlsx", WORKBOOK_TYPE, False, False),
        ("a.xlsm", WORKBOOK_TYPE, False, True),
        ("a.xlsx", MACRO_TYPE, False, True),
        ("a.xlsm", MACRO_TYPE, True, True),
        ("a.xlsx", WORKBOOK_TYPE, True, True),
    ],
)
def test_macros_are_kept_by_part_type_or_name(
    tmp_path: Path, name: str, media: str, project: bool, expected: bool
) -> None:
    """A macro workbook stays one through a save by openpyxl, with its macros byte for byte."""
    parts = minimal_parts()
    parts[TYPES] = parts[TYPES].replace(WORKBOOK_TYPE.encode(), media.encode())
    if project:
        parts["xl/vbaProject.bin"] = b"macros"
        parts["xl/_rels/workbook.xml.rels"] = (
            relationships_xml(("rId1", "worksheet", "worksheets/sheet1.xml"))
            .replace(
                "</Relationships>",
                '<Relationship Id="rId9" Type="http://schemas.microsoft.com/office/2006/relationships/'
                'vbaProject" Target="vbaProject.bin"/></Relationships>',
            )
            .encode()
        )
    path = write_zip(tmp_path / name, parts)
    workbook = load_workbook_guarded(path, read_only=False, data_only=False).workbook
    assert (workbook.vba_archive is not None) is expected
    workbook.save(tmp_path / f"saved-{name}")
    if project:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            again = load_workbook_guarded(
                tmp_path / f"saved-{name}", read_only=False, data_only=False
            ).workbook
        assert again.vba_archive is not None
        assert again.vba_archive.read("xl/vbaProject.bin") == b"macros"
        again.vba_archive.close()
    if workbook.vba_archive:
        workbook.vba_archive.close()


def test_openpyxls_warnings_are_handed_back(tmp_path: Path) -> None:
    """What openpyxl drops is a note, once, and no warning reaches the caller."""
    after = '<extLst><ext uri="{05C60535-1F16-4fd2-B633-F4F36F0B64E0}"/></extLst>'
    path = write_zip(tmp_path / "a.xlsx", minimal_parts(after=after))
    loaded = load_workbook_guarded(path, read_only=False, data_only=False)
    assert any("extension is not supported" in note for note in loaded.notes)
    assert len(set(loaded.notes)) == len(loaded.notes)


def test_a_style_sheet_that_openpyxl_cannot_take_becomes_plainer(tmp_path: Path) -> None:
    """Odd formats lose their looks and nothing else: what is a date stays a date."""
    parts = minimal_parts('<row r="1"><c r="A1" s="1"><v>45000</v></c></row>')
    parts["xl/styles.xml"] = (
        f'<styleSheet xmlns="{MAIN}" xmlns:mc="http://schemas.openxmlformats.org/markup-'
        'compatibility/2006"><fonts><mc:AlternateContent><mc:Choice Requires="z"><font><b/></font>'
        '</mc:Choice><mc:Fallback><font><sz val="9"/></font></mc:Fallback></mc:AlternateContent>'
        '</fonts><fills><fill><patternFill patternType="plaid"/></fill></fills><borders><border/>'
        '</borders><cellStyleXfs><xf/></cellStyleXfs><cellXfs><xf fontId="0"/>'
        '<xf numFmtId="14" odd="1" xfId="0"/></cellXfs><cellStyles><cellStyle xfId="0"/>'
        "</cellStyles></styleSheet>"
    ).encode()
    loaded = load_workbook_guarded(
        write_zip(tmp_path / "a.xlsx", parts), read_only=False, data_only=False
    )
    first = loaded.workbook["Budget"]["A1"]
    assert (first.value.isoformat(), first.number_format) == ("2023-03-15T00:00:00", "mm-dd-yy")
    assert loaded.left_out == ("xl/styles.xml",)


def test_document_properties_that_are_broken_do_not_keep_the_figures_away(tmp_path: Path) -> None:
    """A part without figures is left out, and the workbook says so."""
    path = change_part(
        make_workbook(tmp_path / "a.xlsx"),
        "docProps/core.xml",
        lambda data: data.replace(b"T", b"?", 3) + b"<",
    )
    loaded = load_workbook_guarded(path, read_only=False, data_only=False)
    assert loaded.workbook["Budget"]["B1"].value == 1200
    assert loaded.left_out == ("docProps/core.xml",)


def test_parts_are_found_under_other_spellings(tmp_path: Path) -> None:
    """Backslashes, other case and a style sheet elsewhere do not hide figures or dates."""
    parts = minimal_parts('<row r="1"><c r="A1" s="1"><v>45000</v></c></row>')
    parts["xl/looks.xml"] = (
        f'<styleSheet xmlns="{MAIN}"><fonts><font/></fonts><fills><fill/></fills><borders><border/>'
        '</borders><cellStyleXfs><xf/></cellStyleXfs><cellXfs><xf/><xf numFmtId="14"/></cellXfs>'
        '<cellStyles><cellStyle name="Normal" xfId="0"/></cellStyles></styleSheet>'
    ).encode()
    parts["xl/_rels/workbook.xml.rels"] = relationships_xml(
        ("rId1", "worksheet", "worksheets/sheet1.xml"), ("rId2", "styles", "looks.xml")
    ).encode()
    spelt = {name.upper().replace("/", "\\"): data for name, data in parts.items()}
    loaded = load_workbook_guarded(
        write_zip(tmp_path / "a.xlsx", spelt), read_only=False, data_only=False
    )
    assert loaded.workbook["Budget"]["A1"].is_date


def test_a_missing_file_is_told_before_openpyxl_is_asked(tmp_path: Path) -> None:
    """Opening raises the package's errors unchanged."""
    with pytest.raises(WorkbookNotFound):
        load_workbook_guarded(tmp_path / "none.xlsx", read_only=False, data_only=False)


def test_a_failed_load_frees_what_it_had_built(tmp_path: Path) -> None:
    """The error that is kept does not keep the half-read workbook."""
    path = write_zip(tmp_path / "a.xlsx", cell(BROKEN_CELLS["a number that is none"]))
    kept: BudgetinatorError | None = None
    try:
        load_workbook_guarded(path, read_only=False, data_only=False)
    except BudgetinatorError as error:
        kept = error
    assert kept is not None
    held = []
    link: BaseException | None = kept.__cause__
    while link is not None:
        held += [frame for frame, _ in traceback.walk_tb(link.__traceback__)]
        link = link.__cause__
    reading = [frame.f_locals for frame in held if frame.f_code.co_name == "read_worksheets"]
    assert reading
    assert not any(reading)
