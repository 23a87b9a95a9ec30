"""LibreOffice's folder of settings for one run: nothing of the user's own is used or changed.

Chosen: a macro that opens the copy, computes it and writes down each result. Rejected:
converting to .xlsx or .ods, which writes numbers with 15 digits, so that a third becomes
another number, and tells an error of LibreOffice's own from `#VALUE!` only in one of them.
The macro writes a number as what Basic prints of it and the rest, whose sum is the same
double, and errors by LibreOffice's numbers. It belongs to the profile; macros of the
workbook are never run, and links to other files are never followed.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["ENTRY", "make_profile"]

ENTRY = "Standard.Recalculation.Run"
"""The macro: called with the URL of a folder, and how many numbered workbooks are in it."""

_SETTINGS = (
    # Or the first start would copy its presets over the macro.
    ("/org.openoffice.Setup/Office", "ooSetupInstCompleted", "true"),
    # Never at loading: the macro does it once, for all cells.
    ("/org.openoffice.Office.Calc/Formula/Load", "OOXMLRecalcMode", "1"),
    ("/org.openoffice.Office.Calc/Content/Update", "Link", "1"),
    ("/org.openoffice.Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("/org.openoffice.Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("/org.openoffice.Office.Recovery/AutoSave", "Enabled", "false"),
)

_BASIC = r"""Option Explicit

Sub Run(folder As String, count As Long)
  On Error Resume Next
  Dim i As Long
  For i = 0 To count - 1
    Compute(folder & "/" & i & ".xlsx", folder & "/" & i & ".txt")
  Next i
  StarDesktop.terminate()
End Sub

Sub Compute(source As String, target As String)
  Dim options(2) As New com.sun.star.beans.PropertyValue
  Dim book As Object, files As Object, out As Object, s As Long
  options(0).Name = "Hidden" : options(0).Value = True
  options(1).Name = "MacroExecutionMode" : options(1).Value = 0
  options(2).Name = "UpdateDocMode" : options(2).Value = 0
  book = StarDesktop.loadComponentFromURL(source, "_blank", 0, options())
  book.calculateAll()
  files = createUnoService("com.sun.star.ucb.SimpleFileAccess")
  out = createUnoService("com.sun.star.io.TextOutputStream")
  out.setEncoding("UTF-8")
  out.setOutputStream(files.openFileWrite(target))
  For s = 0 To book.Sheets.Count - 1
    WriteSheet(book, book.Sheets.getByIndex(s), out)
  Next s
  out.writeString("end" & Chr(10))
  out.closeOutput()
  book.close(True)
End Sub

Sub WriteSheet(book As Object, sheet As Object, out As Object)
  Dim ranges, a, block As Object, rows, r As Long, i As Long
  out.writeString("sheet " & Escaped(sheet.Name) & Chr(10))
  ranges = sheet.queryContentCells(com.sun.star.sheet.CellFlags.FORMULA).getRangeAddresses()
  For r = 0 To UBound(ranges)
    a = ranges(r)
    block = sheet.getCellRangeByPosition(a.StartColumn, a.StartRow, a.EndColumn, a.EndRow)
    rows = block.getDataArray()
    For i = 0 To UBound(rows)
      WriteRow(book, sheet, a.StartRow + i, a.StartColumn, rows(i), out)
    Next i
  Next r
End Sub

Sub WriteRow(book As Object, sheet As Object, row As Long, first As Long, values, out As Object)
  Dim lines(UBound(values)) As String, place As String, j As Long
  For j = 0 To UBound(values)
    place = (row + 1) & " " & (first + j + 1) & " "
    lines(j) = place & Shown(book, sheet, first + j, row, values(j))
  Next j
  out.writeString(Join(lines, Chr(10)) & Chr(10))
End Sub

Function Shown(book As Object, sheet As Object, column As Long, row As Long, value) As String
  Dim digits As String
  Select Case VarType(value)
  Case 8
    Shown = "s " & Escaped(value)
  Case 5
    digits = Str(value)
    Shown = "n " & Trim(digits) & " " & Trim(Str(value - Val(digits)))
    If value = 0 Or value = 1 Then
      If IsLogical(book, sheet.getCellByPosition(column, row)) Then Shown = "b " & value
    End If
  Case Else
    Shown = "e " & sheet.getCellByPosition(column, row).getError()
  End Select
End Function

Function IsLogical(book As Object, cell As Object) As Boolean
  Dim kind As Long
  kind = book.NumberFormats.getByKey(cell.NumberFormat).Type
  IsLogical = (kind And com.sun.star.util.NumberFormat.LOGICAL) <> 0
End Function

Function Escaped(ByVal text As String) As String
  If InStr(text, "\") > 0 Then text = Replace(text, "\", "\\")
  If InStr(text, Chr(10)) > 0 Then text = Replace(text, Chr(10), "\n")
  If InStr(text, Chr(13)) > 0 Then text = Replace(text, Chr(13), "\r")
  Escaped = text
End Function
"""

_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SCHEMA = "http://www.w3.org/2001/XMLSchema"
_LIBRARY = "http://openoffice.org/2000/library"
_OFFICE = "-//OpenOffice.org//DTD OfficeDocument 1.0//EN"


def make_profile(folder: Path) -> None:
    """Write the profile into a new folder."""
    basic = folder / "user" / "basic"
    library = basic / "Standard"
    library.mkdir(parents=True)
    _write(folder / "user" / "registrymodifications.xcu", _settings())
    _write(basic / "script.xlc", _listed("libraries", '<library:library library:name="Standard"'))
    _write(library / "script.xlb", _listed("library", '<library:element library:name="{}"'))
    module = (
        f'<!DOCTYPE script:module PUBLIC "{_OFFICE}" "module.dtd">\n'
        '<script:module xmlns:script="http://openoffice.org/2000/script" '
        'script:name="Recalculation" script:language="StarBasic">'
        f"{_escaped(_BASIC)}</script:module>\n"
    )
    _write(library / "Recalculation.xba", module)


def _write(path: Path, text: str) -> None:
    path.write_text(_XML + text, encoding="utf-8")


def _settings() -> str:
    items = "".join(
        f'<item oor:path="{path}"><prop oor:name="{name}" oor:op="fuse">'
        f"<value>{value}</value></prop></item>\n"
        for path, name, value in _SETTINGS
    )
    return (
        '<oor:items xmlns:oor="http://openoffice.org/2001/registry" '
        f'xmlns:xs="{_SCHEMA}" xmlns:xsi="{_SCHEMA}-instance">\n{items}</oor:items>\n'
    )


def _listed(root: str, entry: str) -> str:
    name = ' library:name="Standard"' if root == "library" else ""
    link = ' library:link="false"' if root == "libraries" else ""
    return (
        f'<!DOCTYPE library:{root} PUBLIC "{_OFFICE}" "{root}.dtd">\n'
        f'<library:{root} xmlns:library="{_LIBRARY}"{name}>'
        f"{entry.format('Recalculation')}{link}/></library:{root}>\n"
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
