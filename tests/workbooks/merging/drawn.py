"""Workbooks with drawings that hold more than openpyxl reads."""

from __future__ import annotations

import io
from pathlib import Path

from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.drawing.image import Image
from PIL import Image as Picture

from tests.workbooks.builders import change_part

DRAWING = "xl/drawings/drawing1.xml"
CHART = "xl/charts/chart1.xml"
SHAPE = (
    b"<xdr:twoCellAnchor><xdr:from><xdr:col>9</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>9"
    b"</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:from><xdr:to><xdr:col>11</xdr:col><xdr:colOff>0"
    b"</xdr:colOff><xdr:row>12</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:to>"
    b'<xdr:sp macro="" textlink=""><xdr:nvSpPr><xdr:cNvPr id="7" name="Box 7"/><xdr:cNvSpPr/>'
    b'</xdr:nvSpPr><xdr:spPr><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></xdr:spPr></xdr:sp>'
    b"<xdr:clientData/></xdr:twoCellAnchor>"
)
_XDR = b"http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"


def picture(colour: str) -> Image:
    """A small picture of one colour."""
    data = io.BytesIO()
    Picture.new("RGB", (8, 4), colour).save(data, "PNG")
    data.seek(0)
    return Image(data)


def bar_chart(workbook: Workbook, title: str = "Costs") -> BarChart:
    """A chart of the first cells of the first sheet."""
    chart = BarChart()
    chart.add_data(Reference(workbook.worksheets[0], min_col=1, min_row=1, max_row=4))
    chart.title = title
    return chart


def drawn_workbook(path: Path, *, charts: int = 1, pictures: int = 0, shape: bool = True) -> Path:
    """A workbook with these and a shape, whose chart has an extension and a style of its own."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    for row in range(1, 5):
        sheet.append([row, row * 2])
    for number in range(charts):
        sheet.add_chart(bar_chart(workbook, f"Costs {number}"), f"D{1 + 20 * number}")
    for number, colour in zip(range(pictures), ("red", "blue", "green"), strict=False):
        sheet.add_image(picture(colour), f"B{10 + 5 * number}")
    workbook.save(path)
    workbook.close()
    if charts:
        change_part(path, CHART, _extended)
    if shape:
        change_part(path, DRAWING, _with_shape)
    return path


def _extended(chart: bytes) -> bytes:
    extension = b'<extLst><ext uri="{1}"><own xmlns="urn:own">kept</own></ext></extLst>'
    return chart.replace(b"</chartSpace>", extension + b"</chartSpace>").replace(
        b"<chart>", b'<lang val="de-DE"/><chart>', 1
    )


def _with_shape(drawing: bytes) -> bytes:
    declared = b'<wsDr xmlns:xdr="%b" ' % _XDR
    return drawing.replace(b"<wsDr ", declared, 1).replace(b"</wsDr>", SHAPE + b"</wsDr>")
