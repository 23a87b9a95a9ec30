"""Small workbooks with what the corpus lacks, written as Excel writes it."""

from __future__ import annotations

from pathlib import Path

from tests.workbooks.patch.building import (
    MAIN,
    RELATIONS,
    sheet_relationships,
    sheet_xml,
    write_workbook,
)

__all__ = ["with_connector", "with_query", "with_slicer", "with_sparklines"]

_ROWS = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>Kind</t></is></c>'
    '<c r="B1" t="inlineStr"><is><t>Sum</t></is></c></row>'
    '<row r="2"><c r="A2" t="inlineStr"><is><t>Rent</t></is></c><c r="B2"><v>900</v></c></row>'
    '<row r="3"><c r="A3" t="inlineStr"><is><t>Food</t></is></c><c r="B3"><v>350.5</v></c></row>'
)
_MARGINS = (
    '<pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/>'
)
_MS = "http://schemas.microsoft.com/office"
_X14 = f"{_MS}/spreadsheetml/2009/9/main"
_X15 = f"{_MS}/spreadsheetml/2010/11/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
_COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"
_SHEET_RELS = "xl/worksheets/_rels/sheet1.xml.rels"
_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def with_sparklines(path: Path) -> Path:
    """Two lines of one group in the cells beside their numbers."""
    lines = "".join(
        f"<x14:sparkline><xm:f>Data!A{row}:B{row}</xm:f><xm:sqref>C{row}</xm:sqref></x14:sparkline>"
        for row in (2, 3)
    )
    extension = (
        f'<extLst><ext uri="{{05C60535-1F16-4fd2-B633-F4F36F0B64E0}}" xmlns:x14="{_X14}">'
        f'<x14:sparklineGroups xmlns:xm="{_MS}/excel/2006/main">'
        '<x14:sparklineGroup displayEmptyCellsAs="gap" high="1"><x14:colorSeries theme="4"/>'
        '<x14:colorHigh theme="5" tint="-0.25"/>'
        f"<x14:sparklines>{lines}</x14:sparklines></x14:sparklineGroup></x14:sparklineGroups>"
        "</ext></extLst>"
    )
    return write_workbook(path, sheet_xml(_ROWS, tail=_MARGINS + extension))


def with_connector(path: Path) -> Path:
    """An arrow from one cell to another."""
    corners = "".join(
        f"<xdr:{name}><xdr:col>{at}</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>{at}</xdr:row>"
        f"<xdr:rowOff>0</xdr:rowOff></xdr:{name}>"
        for name, at in (("from", 2), ("to", 4))
    )
    drawing = (
        f'<xdr:wsDr xmlns:xdr="{_DRAWING}/spreadsheetDrawing" xmlns:a="{_DRAWING}/main">'
        f'<xdr:twoCellAnchor>{corners}<xdr:cxnSp macro=""><xdr:nvCxnSpPr>'
        '<xdr:cNvPr id="2" name="Arrow 1"/><xdr:cNvCxnSpPr/></xdr:nvCxnSpPr><xdr:spPr><a:xfrm>'
        '<a:off x="100" y="100"/><a:ext cx="900" cy="500"/></a:xfrm>'
        '<a:prstGeom prst="straightConnector1"><a:avLst/></a:prstGeom>'
        '<a:ln><a:tailEnd type="triangle"/></a:ln></xdr:spPr></xdr:cxnSp><xdr:clientData/>'
        "</xdr:twoCellAnchor></xdr:wsDr>"
    )
    return write_workbook(
        path,
        sheet_xml(_ROWS, tail=f'{_MARGINS}<drawing r:id="rId1"/>'),
        parts={
            "xl/drawings/drawing1.xml": drawing,
            _SHEET_RELS: sheet_relationships(_relationship("drawing", "../drawings/drawing1.xml")),
        },
        overrides=_override("xl/drawings/drawing1.xml", _DRAWING_TYPE),
    )


def with_query(path: Path) -> Path:
    """A table that a query of a text file fills."""
    query = (
        f'<queryTable xmlns="{MAIN}" name="Costs" connectionId="1" autoFormatId="16">'
        '<queryTableRefresh nextId="3"><queryTableFields count="2">'
        '<queryTableField id="1" name="Kind" tableColumnId="1"/>'
        '<queryTableField id="2" name="Sum" tableColumnId="2"/></queryTableFields>'
        "</queryTableRefresh></queryTable>"
    )
    connections = (
        f'<connections xmlns="{MAIN}">'
        '<connection id="1" name="Costs" type="6" refreshedVersion="6">'
        '<textPr codepage="65001" sourceFile="costs.csv" delimited="1"/></connection></connections>'
    )
    table = _table('tableType="queryTable"', ' queryTableFieldId="1"', ' queryTableFieldId="2"')
    rels = sheet_relationships(_relationship("queryTable", "../queryTables/queryTable1.xml"))
    return write_workbook(
        path,
        sheet_xml(
            _ROWS, tail=f'{_MARGINS}<tableParts count="1"><tablePart r:id="rId1"/></tableParts>'
        ),
        parts={
            "xl/tables/table1.xml": table,
            "xl/tables/_rels/table1.xml.rels": rels,
            "xl/queryTables/queryTable1.xml": query,
            "xl/connections.xml": connections,
            _SHEET_RELS: sheet_relationships(_relationship("table", "../tables/table1.xml")),
        },
        relationships=_relationship("connections", "connections.xml", "rId50"),
        overrides=_override("xl/tables/table1.xml", f"{_SPREADSHEET}.table+xml")
        + _override("xl/queryTables/queryTable1.xml", f"{_SPREADSHEET}.queryTable+xml")
        + _override("xl/connections.xml", f"{_SPREADSHEET}.connections+xml"),
    )


def with_slicer(path: Path) -> Path:
    """A slicer of a table, with its cache and its picture on the sheet."""
    slicers = (
        f'<slicers xmlns="{_X14}"><slicer name="Kind" cache="Slicer_Kind" caption="Kind" '
        'rowHeight="241300"/></slicers>'
    )
    cache = (
        f'<slicerCacheDefinition xmlns="{_X14}" xmlns:x="{MAIN}" name="Slicer_Kind" '
        'sourceName="Kind"><extLst><x:ext uri="{2F2917AC-EB37-4324-AD4E-5DD8C200BD13}" '
        f'xmlns:x15="{_X15}"><x15:tableSlicerCache tableId="1" column="1"/></x:ext></extLst>'
        "</slicerCacheDefinition>"
    )
    tail = (
        f'{_MARGINS}<drawing r:id="rId1"/>'
        '<tableParts count="1"><tablePart r:id="rId2"/></tableParts>'
        f'<extLst><ext uri="{{3A4CF648-6AED-40f4-86FF-DC5316D8AED3}}" xmlns:x15="{_X15}">'
        f'<x14:slicerList xmlns:x14="{_X14}"><x14:slicer r:id="rId3"/></x14:slicerList>'
        "</ext></extLst>"
    )
    extension = (
        '<definedNames><definedName name="Slicer_Kind">#N/A</definedName></definedNames>'
        f'<extLst><ext uri="{{46BE6895-7355-4a93-B00E-2C351335B9C9}}" xmlns:x15="{_X15}">'
        f'<x15:slicerCaches xmlns:x14="{_X14}"><x14:slicerCache r:id="rId60"/></x15:slicerCaches>'
        "</ext></extLst>"
    )
    return write_workbook(
        path,
        sheet_xml(_ROWS, tail=tail),
        workbook_tail=extension,
        parts={
            "xl/tables/table1.xml": _table(),
            "xl/slicers/slicer1.xml": slicers,
            "xl/slicerCaches/slicerCache1.xml": cache,
            "xl/drawings/drawing1.xml": _slicer_drawing(),
            _SHEET_RELS: sheet_relationships(
                _relationship("drawing", "../drawings/drawing1.xml"),
                _relationship("table", "../tables/table1.xml", "rId2"),
                _relationship("slicer", "../slicers/slicer1.xml", "rId3", _MS_RELATIONS),
            ),
        },
        relationships=_relationship(
            "slicerCache", "slicerCaches/slicerCache1.xml", "rId60", _MS_RELATIONS
        ),
        overrides=_override("xl/tables/table1.xml", f"{_SPREADSHEET}.table+xml")
        + _override("xl/drawings/drawing1.xml", _DRAWING_TYPE)
        + _override("xl/slicers/slicer1.xml", "application/vnd.ms-excel.slicer+xml")
        + _override("xl/slicerCaches/slicerCache1.xml", "application/vnd.ms-excel.slicerCache+xml"),
    )


_DRAWING_TYPE = "application/vnd.openxmlformats-officedocument.drawing+xml"
_MS_RELATIONS = f"{_MS}/2007/relationships"


def _table(*attributes: str) -> str:
    kind, first, second = attributes or ("", "", "")
    return (
        f'<table xmlns="{MAIN}" id="1" name="Costs" displayName="Costs" ref="A1:B3" {kind}>'
        '<autoFilter ref="A1:B3"/><tableColumns count="2">'
        f'<tableColumn id="1" name="Kind"{first}/><tableColumn id="2" name="Sum"{second}/>'
        '</tableColumns><tableStyleInfo name="TableStyleMedium2" showRowStripes="1"/></table>'
    )


def _slicer_drawing() -> str:
    frame = f"{_MS}/drawing/2012/slicer"
    return (
        f'<xdr:wsDr xmlns:xdr="{_DRAWING}/spreadsheetDrawing" xmlns:a="{_DRAWING}/main">'
        '<xdr:absoluteAnchor><xdr:pos x="900000" y="100000"/><xdr:ext cx="900000" cy="900000"/>'
        f'<mc:AlternateContent xmlns:mc="{_COMPATIBILITY}" xmlns:sle15="{frame}">'
        '<mc:Choice Requires="sle15"><xdr:graphicFrame macro=""><xdr:nvGraphicFramePr>'
        '<xdr:cNvPr id="2" name="Kind"/><xdr:cNvGraphicFramePr/></xdr:nvGraphicFramePr><xdr:xfrm>'
        '<a:off x="0" y="0"/><a:ext cx="0" cy="0"/></xdr:xfrm><a:graphic>'
        f'<a:graphicData uri="{_MS}/drawing/2010/slicer">'
        f'<sle:slicer xmlns:sle="{_MS}/drawing/2010/slicer" name="Kind"/>'
        "</a:graphicData></a:graphic></xdr:graphicFrame></mc:Choice><mc:Fallback/>"
        "</mc:AlternateContent><xdr:clientData/></xdr:absoluteAnchor></xdr:wsDr>"
    )


def _relationship(kind: str, target: str, key: str = "rId1", address: str = RELATIONS) -> str:
    return f'<Relationship Id="{key}" Type="{address}/{kind}" Target="{target}"/>'


def _override(part: str, media: str) -> str:
    return f'<Override PartName="/{part}" ContentType="{media}"/>'
