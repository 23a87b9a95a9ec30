"""Caches of pivot tables, slicers and timelines when sheets are removed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.workbooks.builders import (
    MAIN,
    OFFICE,
    TYPES,
    Parts,
    encoded,
    relationships_xml,
    sheet_xml,
    types_xml,
    write_zip,
)
from tests.workbooks.merging.books import merged, read

ROOT = Path(__file__).parents[3]
CORPUS = Path(os.environ.get("BUDGETINATOR_CORPUS", ROOT.parent / "shared" / "corpus"))
CACHE = "xl/pivotCache/pivotCacheDefinition{}.xml"
SLICERS = "http://schemas.microsoft.com/office/2007/relationships"
X14 = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
_TABLE = (
    '<pivotTableDefinition xmlns="{main}" name="T" cacheId="{cache}" dataCaption="v">'
    '<location ref="A1:B2" firstHeaderRow="1" firstDataRow="1" firstDataCol="1"/>'
    "</pivotTableDefinition>"
)


def slicer_parts() -> Parts:
    """A pivot table on "Pivot" with a slicer on "Board" and one on "Pivot"; one table on "Own"."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    names = ("Pivot", "Board", "Own")
    parts = {
        TYPES: "",
        "_rels/.rels": relationships_xml(("r", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        + "".join(f'<sheet name="{n}" sheetId="{i}" r:id="s{i}"/>' for i, n in enumerate(names, 4))
        + '</sheets><pivotCaches><pivotCache cacheId="1" r:id="c1"/><pivotCache cacheId="2" '
        'r:id="c2"/></pivotCaches><extLst><ext uri="{BBE1A952-AA13-448e-AADC-164F8A28A991}">'
        f'<x14:slicerCaches xmlns:x14="{X14}"><x14:slicerCache r:id="k1"/>'
        '<x14:slicerCache r:id="k2"/></x14:slicerCaches></ext></extLst></workbook>',
        "xl/_rels/workbook.xml.rels": relationships_xml(
            *((f"s{i}", "worksheet", f"worksheets/sheet{i}.xml") for i in (4, 5, 6)),
            ("c1", "pivotCacheDefinition", f"/{CACHE.format(1)}"),
            ("c2", "pivotCacheDefinition", f"/{CACHE.format(2)}"),
            ("k1", "slicerCache", "slicerCaches/slicerCache1.xml"),
            ("k2", "slicerCache", "slicerCaches/slicerCache2.xml"),
        ),
        "xl/worksheets/_rels/sheet4.xml.rels": relationships_xml(
            ("p", "pivotTable", "../pivotTables/pivotTable1.xml"),
            ("s", "slicer", "../slicers/slicer2.xml"),
        ),
        "xl/worksheets/_rels/sheet5.xml.rels": relationships_xml(
            ("s", "slicer", "../slicers/slicer1.xml")
        ),
        "xl/worksheets/_rels/sheet6.xml.rels": relationships_xml(
            ("p", "pivotTable", "../pivotTables/pivotTable2.xml")
        ),
    }
    for number in (4, 5, 6):
        parts[f"xl/worksheets/sheet{number}.xml"] = sheet_xml()
    for number in (1, 2):
        table = f"xl/pivotTables/pivotTable{number}.xml"
        parts[table] = _TABLE.format(main=MAIN, cache=number)
        parts[f"xl/pivotTables/_rels/pivotTable{number}.xml.rels"] = relationships_xml(
            ("c", "pivotCacheDefinition", f"/{CACHE.format(number)}")
        )
        parts[CACHE.format(number)] = (
            f'<pivotCacheDefinition xmlns="{MAIN}"><cacheSource type="worksheet"><worksheetSource '
            f'ref="A1:B2" sheet="Own"/></cacheSource><cacheFields count="0"/>'
            "</pivotCacheDefinition>"
        )
        parts[f"xl/slicers/slicer{number}.xml"] = (
            f'<slicers xmlns="{X14}"><slicer name="S{number}" cache="Slicer{number}"/></slicers>'
        )
        parts[f"xl/slicerCaches/slicerCache{number}.xml"] = (
            f'<slicerCacheDefinition xmlns="{X14}" name="Slicer{number}"><pivotTables><pivotTable '
            'tabId="4" name="T"/></pivotTables><data><tabular pivotCacheId="1"/></data>'
            "</slicerCacheDefinition>"
        )
    types = {"xl/workbook.xml": f"{kind}.sheet.main+xml"}
    for name in parts:
        if "worksheets/sheet" in name and "_rels" not in name:
            types[name] = f"{kind}.worksheet+xml"
    parts[TYPES] = types_xml(types)
    return encoded(parts)


def gone(result: Any) -> set[str]:
    return {name for name in result.was if name not in result.parts and "_rels" not in name}


def removing(*titles: str) -> Any:
    def change(workbook: Any) -> None:
        for title in titles:
            workbook.remove(workbook[title])

    return change


@pytest.fixture
def sliced(tmp_path: Path) -> Path:
    return write_zip(tmp_path / "sliced.xlsx", slicer_parts())


def test_the_cache_of_a_removed_pivot_table_goes_and_is_told(sliced: Path) -> None:
    """It goes with its element and relationship; other caches stay."""
    result = merged(sliced, removing("Own"))
    assert gone(result) == {
        "xl/worksheets/sheet6.xml",
        "xl/pivotTables/pivotTable2.xml",
        CACHE.format(2),
    }
    assert '<pivotCaches><pivotCache cacheId="1" r:id="c1"/></pivotCaches>' in result.text()
    assert [(loss.kind, loss.sheet) for loss in result.report.losses] == [("pivot_cache", "Own")]


def test_a_slicer_on_another_sheet_stays_with_its_cache(sliced: Path) -> None:
    """It filters nothing any more, which is told; a slicer that went along takes its cache."""
    result = merged(sliced, removing("Pivot"))
    assert gone(result) == {
        "xl/worksheets/sheet4.xml",
        "xl/pivotTables/pivotTable1.xml",
        "xl/slicers/slicer2.xml",
        "xl/slicerCaches/slicerCache2.xml",
    }
    assert "pivotTable " not in result.text("xl/slicerCaches/slicerCache1.xml")
    assert 'r:id="k1"' in result.text()
    assert 'r:id="k2"' not in result.text()
    assert [loss.kind for loss in result.report.losses] == ["slicer", "slicer"]


def test_nothing_is_left_of_slicers_that_no_sheet_shows(sliced: Path) -> None:
    """The last cache takes the list and its extension along."""
    result = merged(sliced, removing("Pivot", "Board"))
    assert {"xl/slicerCaches/slicerCache1.xml", CACHE.format(1)} < gone(result)
    assert "slicer" not in result.text()
    assert "ext" not in result.text()


@pytest.mark.parametrize(
    "name", ["ExcelPivotTableSample.xlsx", "64450.xlsx", "DataTableCities.xlsx", "54436.xlsx"]
)
def test_real_pivot_tables_go_with_their_sheets(name: str, tmp_path: Path) -> None:
    """Each sheet of a real file in turn; what is left is read, and lists no cache in vain."""
    path = CORPUS / "poi" / name
    if not path.exists():
        pytest.skip(f"no corpus at {CORPUS}")
    titles = read(path).sheetnames
    for title in titles if len(titles) > 1 else ():
        result = merged(path, removing(title), tmp_path / "out.xlsx")
        left = read(result.path)
        assert left.sheetnames == [each for each in titles if each != title]
        caches = {id(pivot.cache) for sheet in left.worksheets for pivot in sheet._pivots}
        assert result.text().count("<pivotCache ") == len(caches)
