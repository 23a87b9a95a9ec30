"""Workbooks changed through openpyxl, with what changed on the workbook itself merged."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl

from budgetinator.workbooks.merging.book.book import BookReport, merge_book
from budgetinator.workbooks.merging.rendering.rendering import render, render_original
from budgetinator.workbooks.merging.styles.styles import StyleTables
from budgetinator.workbooks.patch.edit import PackageEdit
from budgetinator.workbooks.patch.writing import write_edit
from budgetinator.workbooks.reading.deferred import Original
from budgetinator.workbooks.reading.lazy import is_unread
from budgetinator.workbooks.reading.loading import load_workbook_guarded
from tests.workbooks.builders import MAIN, OFFICE, PACKAGE, Parts, encoded, read_parts, sheet_xml

Change = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Merged:
    """A file that was written, and how it differs from the one before."""

    path: Path
    report: BookReport
    was: Parts

    @property
    def parts(self) -> Parts:
        return read_parts(self.path)

    @property
    def changed(self) -> set[str]:
        """The parts of the old file that are different or gone."""
        now = self.parts
        return {name for name, data in self.was.items() if now.get(name) != data}

    @property
    def added(self) -> set[str]:
        return self.parts.keys() - self.was.keys()

    def text(self, part: str = "xl/workbook.xml") -> str:
        return self.parts[part].decode()


@contextmanager
def opened(path: Path) -> Iterator[tuple[Any, Original]]:
    """The workbook, its sheets unread, and the file that it came from."""
    loaded = load_workbook_guarded(path, read_only=False, data_only=False, lazy=True)
    assert loaded.original is not None
    try:
        yield loaded.workbook, loaded.original
    finally:
        loaded.original.close()
        if loaded.workbook.vba_archive:
            loaded.workbook.vba_archive.close()


def merged(path: Path, change: Change, target: Path | None = None) -> Merged:
    """Change the workbook, and write the file with what changed on the workbook itself."""
    target = target or path.with_stem(path.stem + "-merged")
    with opened(path) as (workbook, original):
        change(workbook)
        read = {
            part: sheet
            for sheet in workbook.worksheets
            if not is_unread(sheet) and (part := original.part_of(sheet))
        }
        edit = PackageEdit(original.package)
        before, now = render_original(original.package, read), render(workbook, read)
        report = merge_book(edit, original, before, now)
        StyleTables(edit, workbook, now.differential_styles).finish()
        with target.open("wb") as stream:
            write_edit(edit, stream, 6)
    return Merged(target, report, read_parts(path))


def rewritten(path: Path, change: Change) -> Any:
    """The same change as openpyxl alone saves it, read again."""
    target = path.with_stem(path.stem + "-openpyxl")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        workbook = openpyxl.load_workbook(path)
        change(workbook)
        workbook.save(target)
        return openpyxl.load_workbook(target)


def read(path: Path) -> Any:
    """The file as openpyxl reads it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return openpyxl.load_workbook(path)


def shape(workbook: Any) -> list[tuple[str, str, str]]:
    """Its sheets by name, state and kind."""
    return [(s.title, s.sheet_state, type(s).__name__) for s in workbook._sheets]


def names(workbook: Any) -> dict[tuple[str, str], str]:
    """Its defined names, print settings among them."""
    found = {("", name.name): name.attr_text for name in workbook.defined_names.values()}
    for sheet in workbook.worksheets:
        for name in sheet.defined_names.values():
            found[sheet.title, name.name] = name.attr_text
        found[sheet.title, "area"] = sheet.print_area
        found[sheet.title, "titles"] = sheet.print_titles
    return found


ODD_WORKBOOK = f"""<?xml version='1.0' encoding='UTF-8'?>
<!-- made by hand -->
<x:workbook xmlns:x='{MAIN}' xmlns:o='{OFFICE}' xmlns:own='urn:own' own:mark='1'>
  <x:workbookPr date1904='0' own:kept='yes'/>
  <x:bookViews><x:workbookView activeTab='1' firstSheet='1'/><x:workbookView activeTab='2'/>
  </x:bookViews>
  <x:sheets>
    <x:sheet own:colour='red' o:id='s1' sheetId='7' name='One &amp; only'/>
    <x:sheet o:id='s2' sheetId='9' name='Two' state='visible'></x:sheet>
    <x:sheet o:id='s3' sheetId='3' name="It&apos;s three" state='hidden'/>
  </x:sheets>
  <x:definedNames>
    <x:definedName name='Rate' own:kept='yes' comment='a &lt; b'>'Two'!$A$1</x:definedName>
    <x:definedName name='rate' hidden='1'>0.5</x:definedName>
    <x:definedName name='a\\b' localSheetId='2'>'It''s three'!$B$2</x:definedName>
    <x:definedName name='_xlnm.Print_Area' localSheetId='1'>Two!$A$1:$C$3</x:definedName>
    <x:definedName name='_xlnm._FilterDatabase' localSheetId='1' hidden='1'>Two!$A$1:$B$2<!-- f -->
    </x:definedName>
    <x:definedName name='_xlnm.Criteria' localSheetId='0'>'One &amp; only'!$A$1</x:definedName>
  </x:definedNames>
  <x:calcPr calcId='1'/>
  <x:customWorkbookViews><x:customWorkbookView name='v' activeSheetId='9'
    guid='{{00000000-0000-0000-0000-000000000000}}' windowWidth='1' windowHeight='1'/>
  </x:customWorkbookViews>
  <x:extLst><x:ext uri='own'><own:thing/></x:ext></x:extLst>
</x:workbook>"""


def odd_parts() -> Parts:
    """Three sheets in markup of every odd but permitted kind, with the workbook beside xl."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    sheet = f"{kind}.worksheet+xml"
    return encoded(
        {
            "[Content_Types].xml": f"""<t:Types xmlns:t='{PACKAGE}/content-types'>
<t:Default Extension='rels' ContentType='application/vnd.openxmlformats-package.relationships+xml'>
</t:Default><t:Override PartName='/Book/workbook.xml' ContentType='{kind}.sheet.main+xml'/>
<t:Override PartName='/Book/one.xml' ContentType='{sheet}'></t:Override>
<t:Override PartName='/sheets/two.xml' ContentType='{sheet}'/>
<t:Override PartName='/sheets/three.xml' ContentType='{sheet}'/></t:Types>""",
            "_rels/.rels": f"<p:Relationships xmlns:p='{PACKAGE}/relationships'><p:Relationship "
            f"Target='/Book/workbook.xml' Type='{OFFICE}/officeDocument' Id='a'></p:Relationship>"
            "</p:Relationships>",
            "Book/workbook.xml": ODD_WORKBOOK,
            "Book/_rels/workbook.xml.rels": f"""<p:Relationships xmlns:p='{PACKAGE}/relationships'>
<p:Relationship Id='s1' Type='{OFFICE}/worksheet' Target='one.xml'></p:Relationship>
<p:Relationship Id='s2' Type='{OFFICE}/worksheet' Target='../sheets/two.xml'/>
<p:Relationship Id='s3' Type='{OFFICE}/worksheet' Target='/sheets/three.xml'></p:Relationship>
</p:Relationships>""",
            "Book/one.xml": sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>'),
            "sheets/two.xml": sheet_xml(
                '<row r="1"><c r="A1"><v>2</v></c></row>', '<autoFilter ref="A1:B2"/>'
            ),
            "sheets/three.xml": sheet_xml('<row r="1"><c r="A1"><v>3</v></c></row>'),
        }
    )
