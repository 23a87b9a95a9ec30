"""Comments that were changed through openpyxl, put into the file's own parts."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl.comments import Comment

from budgetinator.errors import WorkbookDamaged
from budgetinator.workbooks.merging.comments.comments import merge_comments
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch.edit import PackageEdit
from budgetinator.workbooks.patch.splices import Splice
from budgetinator.workbooks.patch.writing import write_edit
from tests.workbooks.builders import read_parts, write_zip
from tests.workbooks.merging.commenting import Notes, members, merged, notes_in, with_notes
from tests.workbooks.patch.building import (
    MAIN,
    RELATIONS,
    SHEET1,
    part,
    sheet_relationships,
    sheet_xml,
    write_workbook,
)

_OFFICE = "application/vnd.openxmlformats-officedocument"
_LOOK = '<rPr><sz val="9"/><rFont val="Tahoma"/></rPr>'
_BOLD = '<rPr><b/><sz val="9"/><rFont val="Tahoma"/></rPr>'
RICH = (
    '<comment ref="A1" authorId="0" shapeId="0" xr:uid="{01}"><text>'
    f'<r>{_BOLD}<t>Ann:</t></r><r>{_LOOK}<t xml:space="preserve">\nsee the invoice</t></r>'
    "</text></comment>"
)
KEPT = (
    '<comment ref="B2" authorId="0" shapeId="0" xr:uid="{02}"><text>'
    f"<r>{_BOLD}<t>Kept</t></r></text></comment>"
)
COMMENTS = (
    f'<comments xmlns="{MAIN}" xmlns:xr="urn:revision"><authors><author>Ann</author></authors>'
    f"<commentList>{RICH}{KEPT}</commentList></comments>"
)


def box(number: int, row: int, column: int, text: str = "") -> str:
    """The shape of a comment as Excel writes it, rows and columns from 0."""
    return (
        f'<v:shape id="_x0000_s{number}" type="#_x0000_t202" style=\'position:absolute;'
        "margin-left:59.25pt;width:120pt;height:60pt;z-index:1;visibility:hidden' "
        f"fillcolor=\"#ffffe1\"><v:textbox><div style='text-align:left'>{text}</div></v:textbox>"
        '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:Anchor>\n'
        f"    {column + 1}, 15, {row}, 2, {column + 3}, 15, {row + 3}, 16</x:Anchor>"
        f"<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
    )


BUTTON = (
    '<v:shape id="_x0000_s1030" type="#_x0000_t201" o:button="t">'
    '<x:ClientData ObjectType="Button"><x:Anchor>1, 0, 1, 0, 2, 0, 2, 0</x:Anchor>'
    "</x:ClientData></v:shape>"
)


def drawing(shapes: str, cluster: str = "1") -> str:
    return (
        '<xml xmlns:v="urn:schemas-microsoft-com:vml" '
        'xmlns:o="urn:schemas-microsoft-com:office:office"\n'
        ' xmlns:x="urn:schemas-microsoft-com:office:excel">\n <o:shapelayout v:ext="edit">'
        f'<o:idmap v:ext="edit" data="{cluster}"/></o:shapelayout>{shapes}</xml>'
    )


def commented(tmp_path: Path, vml: str, *, comments: str = COMMENTS, tail: str = "") -> Path:
    """A file with two comments, whose boxes are in this drawing."""
    rels = sheet_relationships(
        f'<Relationship Id="r7" Type="{RELATIONS}/comments" Target="../comments1.xml"/>',
        f'<Relationship Id="r8" Type="{RELATIONS}/vmlDrawing" Target="../drawings/v.vml"/>',
    )
    tail = tail or '<pageMargins left="1" right="1" top="1" bottom="1" header="0" footer="0"/>'
    return write_workbook(
        tmp_path / "book.xlsx",
        sheet_xml(
            '<row r="1"><c r="A1"><v>1</v></c></row>', tail=f'{tail}<legacyDrawing r:id="r8"/>'
        ),
        parts={
            "xl/comments1.xml": comments,
            "xl/drawings/v.vml": vml,
            "xl/worksheets/_rels/sheet1.xml.rels": rels,
        },
        overrides=(
            f'<Override PartName="/xl/comments1.xml" ContentType="{_OFFICE}.spreadsheetml.'
            f'comments+xml"/><Default Extension="vml" ContentType="{_OFFICE}.vmlDrawing"/>'
        ),
    )


BOXES = drawing(box(1025, 0, 0) + box(1026, 1, 1))


def put(
    place: tuple[int, int], text: str, author: str = "Ann", **size: int
) -> Callable[[Notes], None]:
    def change(notes: Notes) -> None:
        notes[place] = Comment(text, author, **size)

    return change


def test_a_changed_text_leaves_all_else_as_it_was(tmp_path: Path) -> None:
    """The other comment and the boxes keep their bytes; what stays of the text keeps its format."""
    path = commented(tmp_path, BOXES)
    target, losses = merged(path, put((1, 1), "Ann:\nsee the receipt"), "Data")
    assert losses == []
    after = members(target)
    assert after["xl/drawings/v.vml"] == BOXES
    assert after["xl/comments1.xml"] == COMMENTS.replace("invoice", "receipt")
    assert after[SHEET1] == part(path)


def test_a_text_that_is_wholly_new_takes_the_look_of_the_most_of_the_old(tmp_path: Path) -> None:
    """Nothing of the old text stays, so nothing that was formatted is lost."""
    target, losses = merged(commented(tmp_path, BOXES), put((1, 1), "Paid <& done>"), "Data")
    assert losses == []
    text = members(target)["xl/comments1.xml"]
    assert f"<text><r>{_LOOK}<t>Paid &lt;&amp; done&gt;</t></r></text>" in text


def test_a_word_that_stays_within_what_was_replaced_loses_its_look_and_that_is_said(
    tmp_path: Path,
) -> None:
    """The bold word stands in the new text too, between others that are new."""
    path = commented(tmp_path, BOXES)
    _, losses = merged(path, put((1, 1), "From Ann: all is paid"), "Data")
    assert [(loss.kind, loss.sheet) for loss in losses] == [("comment_format", "Data")]


def test_another_author_is_appended_and_known_ones_are_not(tmp_path: Path) -> None:
    """Numbers of authors never change their meaning."""

    def change(notes: Notes) -> None:
        notes[1, 1].author = "Bob & co"
        notes[5, 5] = Comment("new", "Ann")

    text = members(merged(commented(tmp_path, BOXES), change, "Data")[0])["xl/comments1.xml"]
    assert "<authors><author>Ann</author><author>Bob &amp; co</author></authors>" in text
    assert re.findall(r'ref="(\w+)" authorId="(\d)"', text) == [
        ("A1", "1"),
        ("B2", "0"),
        ("E5", "0"),
    ]


def test_a_new_comment_gets_a_box_with_a_free_id_of_the_drawing(tmp_path: Path) -> None:
    """Its box belongs to its cell and has the size that was asked for; the others stay."""
    vml = drawing(BUTTON + box(1025, 0, 0) + box(1026, 1, 1))
    target, _ = merged(commented(tmp_path, vml), put((10, 4), "x", width=200, height=100), "Data")
    after = members(target)["xl/drawings/v.vml"]
    assert after.startswith(vml.removesuffix("</xml>"))
    new = after.removeprefix(vml.removesuffix("</xml>"))
    assert re.findall(r'id="([^"]+)"', new) == ["_x0000_t202", "_x0000_s1031"]
    assert "width:150pt;height:75pt" in new
    assert "<x:Row>9</x:Row><x:Column>3</x:Column>" in new


def test_a_full_cluster_of_ids_is_followed_by_one_that_no_drawing_has(tmp_path: Path) -> None:
    """The drawing claims the next cluster in its map."""
    shapes = "".join(f'<v:shape id="_x0000_s{number}"/>' for number in range(1025, 2048))
    target, _ = merged(commented(tmp_path, drawing(shapes)), put((10, 4), "x"), "Data")
    after = members(target)["xl/drawings/v.vml"]
    assert 'data="1,2"' in after
    assert 'id="_x0000_s2049"' in after


def test_more_comments_than_a_cluster_has_ids_all_get_their_own(tmp_path: Path) -> None:
    """Three clusters hold 2,500 boxes, and the map names each of them once."""

    def change(notes: Notes) -> None:
        notes.update({(row, 1): Comment("x", "Ann") for row in range(1, 2501)})

    path = with_notes(tmp_path / "book.xlsx", {})
    after = members(merged(path, change)[0])["xl/drawings/vmlDrawing1.vml"]
    assert len(set(re.findall(r'id="(_x0000_s\d+)"', after))) == 2500
    assert 'data="1,2,3"' in after


def test_another_size_is_set_and_the_anchor_goes(tmp_path: Path) -> None:
    """The lengths of the style count where no anchor says otherwise; the text keeps its bytes."""

    def change(notes: Notes) -> None:
        notes[2, 2].width = 400

    after = members(merged(commented(tmp_path, BOXES), change, "Data")[0])
    assert after["xl/comments1.xml"] == COMMENTS
    assert after["xl/drawings/v.vml"] == BOXES.replace(
        box(1026, 1, 1),
        re.sub(
            r"<x:Anchor>[^<]*</x:Anchor>",
            "",
            box(1026, 1, 1).replace("width:120pt;height:60pt", "width:300pt;height:59.25pt"),
        ),
    )


def test_a_removed_comment_takes_its_box_along(tmp_path: Path) -> None:
    """The other one and the button stay as they were."""
    vml = drawing(BUTTON + box(1025, 0, 0) + box(1026, 1, 1))
    target, losses = merged(commented(tmp_path, vml), lambda notes: notes.pop((1, 1)), "Data")
    assert losses == []
    after = members(target)
    assert after["xl/comments1.xml"] == COMMENTS.replace(RICH, "")
    assert after["xl/drawings/v.vml"] == drawing(BUTTON + box(1026, 1, 1))


def test_with_the_last_comment_go_its_parts(tmp_path: Path) -> None:
    """No part, content type, relationship or element of them is left."""
    path = commented(tmp_path, BOXES)
    after = members(merged(path, Notes.clear, "Data")[0])
    assert {name for name in members(path) if name not in after} == {
        "xl/comments1.xml",
        "xl/drawings/v.vml",
    }
    assert "legacyDrawing" not in after[SHEET1]
    assert "comments" not in after["[Content_Types].xml"]
    assert "<Relationship " not in after["xl/worksheets/_rels/sheet1.xml.rels"]


def test_a_drawing_that_holds_a_control_stays_without_comments(tmp_path: Path) -> None:
    """Only the comments part goes."""
    path = commented(tmp_path, drawing(BUTTON + box(1025, 0, 0) + box(1026, 1, 1)))
    after = members(merged(path, Notes.clear, "Data")[0])
    assert "xl/comments1.xml" not in after
    assert after["xl/drawings/v.vml"] == drawing(BUTTON)
    assert after[SHEET1] == part(path)


def test_a_comment_that_moved_with_its_cell_stays_whole(tmp_path: Path) -> None:
    """After inserted rows its runs, its id and its box are the same, at another place."""

    def change(notes: Notes) -> None:
        moved = {(row + 1, column + 2): note for (row, column), note in notes.items()}
        notes.clear()
        notes.update(moved)

    after = members(merged(commented(tmp_path, BOXES), change, "Data")[0])
    expected = COMMENTS.replace('ref="A1"', 'ref="C2"').replace('ref="B2"', 'ref="D3"')
    assert after["xl/comments1.xml"] == expected
    vml = after["xl/drawings/v.vml"]
    assert "3, 15, 1, 2, 5, 15, 4, 16</x:Anchor><x:Row>1</x:Row><x:Column>2</x:Column>" in vml
    assert vml.count("<v:shape ") == 2


def test_a_drawing_that_is_not_well_formed_is_edited_by_its_bytes(tmp_path: Path) -> None:
    """A line break without an end and attributes without quotes stand in many real files."""
    broken = box(1026, 1, 1, "one<br>two <font face=Tahoma size=2>three</font>")
    vml = drawing(box(1025, 0, 0).replace('ObjectType="Note"', "ObjectType=Note") + broken)

    def change(notes: Notes) -> None:
        del notes[1, 1]
        notes[3, 3] = Comment("x", "Ann")

    after = members(merged(commented(tmp_path, vml), change, "Data")[0])["xl/drawings/v.vml"]
    assert re.findall(r'shape id="(\w+)"', after) == ["_x0000_s1026", "_x0000_s1027"]
    assert broken in after


THREADS = (
    '<ThreadedComments xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/'
    'threadedcomments"><threadedComment ref="A1" personId="{1}" id="{01}"><text>Why?</text>'
    '</threadedComment><threadedComment ref="A1" personId="{1}" id="{03}" parentId="{01}">'
    '<text>So.</text></threadedComment><threadedComment ref="B2" personId="{1}" id="{02}">'
    "<text>Kept</text></threadedComment></ThreadedComments>"
)


def threaded(tmp_path: Path) -> Path:
    """The two comments with a thread each."""
    path = commented(tmp_path, BOXES)
    parts = read_parts(path)
    kind = "http://schemas.microsoft.com/office/2017/10/relationships/threadedComment"
    rels = "xl/worksheets/_rels/sheet1.xml.rels"
    parts[rels] = parts[rels].replace(
        b"</Relationships>",
        f'<Relationship Id="r9" Type="{kind}" Target="../threads.xml"/></Relationships>'.encode(),
    )
    return write_zip(path, {**parts, "xl/threads.xml": THREADS.encode()})


@pytest.mark.parametrize("change", [put((1, 1), "other"), lambda notes: notes.pop((1, 1))])
def test_a_thread_goes_with_its_comment_and_that_is_said(
    tmp_path: Path, change: Callable[[Notes], object]
) -> None:
    """The question and its answer are gone; the other thread is as it was."""
    target, losses = merged(threaded(tmp_path), change, "Data")
    assert [(loss.kind, loss.sheet, loss.what[:2]) for loss in losses] == [
        ("threaded_comment", "Data", "A1")
    ]
    kept = THREADS[: THREADS.index("<threadedComment ")] + THREADS[THREADS.rindex("<threadedC") :]
    assert members(target)["xl/threads.xml"] == kept


def test_a_thread_moves_with_its_comment(tmp_path: Path) -> None:
    """Nothing of it is lost, and its other comment keeps its place."""

    def change(notes: Notes) -> None:
        notes[7, 1] = notes.pop((1, 1))

    target, losses = merged(threaded(tmp_path), change, "Data")
    assert losses == []
    assert members(target)["xl/threads.xml"] == THREADS.replace('ref="A1"', 'ref="A7"')


def test_the_last_thread_takes_its_part_along(tmp_path: Path) -> None:
    """Nothing leads to an empty list of threads."""
    target, losses = merged(threaded(tmp_path), Notes.clear, "Data")
    assert len(losses) == 2
    assert "xl/threads.xml" not in members(target)


def test_a_drawing_without_end_is_refused(tmp_path: Path) -> None:
    """What cannot be understood is named, and nothing is written."""
    path = commented(tmp_path, drawing(box(1025, 0, 0)[:-10]))
    with pytest.raises(WorkbookDamaged) as caught:
        merged(path, Notes.clear, "Data")
    assert caught.value.part == "xl/drawings/v.vml"


def test_a_first_comment_brings_all_that_it_needs(tmp_path: Path) -> None:
    """In a sheet without any, of a workbook where another sheet has some."""
    path = with_notes(tmp_path / "book.xlsx", {"A1": "old"}, "Budget", "Notes")
    bare, _ = merged(path, Notes.clear)
    target, losses = merged(bare, put((2, 2), " two lines\nand a blank "))
    assert losses == []
    after = members(target)
    rels = after["xl/worksheets/_rels/sheet1.xml.rels"]
    comments, vml = re.findall(r'Target="/(xl/(?:comments|drawings/v)[^"]*)"', rels)
    assert 'ref="B2"' in after[comments]
    assert 'data="2"' in after[vml]
    assert "_x0000_s2049" in after[vml]
    assert re.search(r"<pageMargins[^>]*/><legacyDrawing [^>]*/></worksheet>", after[SHEET1])
    types = after["[Content_Types].xml"]
    assert f"/{comments}" in types
    assert "vmlDrawing" in types


@pytest.mark.parametrize(
    ("put_in", "expected"),
    [
        ("<tableParts/>", "<legacyDrawing r:id='x'/><tableParts/>"),
        ("<drawing/>", "<drawing/><legacyDrawing r:id='x'/>"),
        ("<drawing/><tableParts/>", "<drawing/><legacyDrawing r:id='x'/><tableParts/>"),
    ],
)
def test_the_element_finds_its_place_among_what_others_put_in(
    tmp_path: Path, put_in: str, expected: str
) -> None:
    """Two changes at one place of the sheet keep the order of the schema."""
    path = with_notes(tmp_path / "book.xlsx", {})
    target = tmp_path / "merged.xlsx"
    with Package.open(path) as package, target.open("wb") as output:
        edit = PackageEdit(package)
        sheet = edit.streamed_part(SHEET1)
        at = part(path).encode().index(b"</worksheet>")
        sheet.splices.append(Splice(at, at, put_in.encode()))
        merge_comments(edit, SHEET1, {}, {(1, 1): Comment("x", "Ann")})
        write_edit(edit, output, 1)
    text = part(target)
    found = re.sub(r"<legacyDrawing[^>]*>", "<legacyDrawing r:id='x'/>", text)
    assert found.endswith(f"{expected}</worksheet>")


def test_a_sheet_that_was_added_can_get_comments(tmp_path: Path) -> None:
    """A part that is not in the file yet is edited in memory."""
    path = with_notes(tmp_path / "book.xlsx", {"A1": "old"})
    with Package.open(path) as package:
        edit = PackageEdit(package)
        media = f"{_OFFICE}.spreadsheetml.worksheet+xml"
        data = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData/><x:tableParts/></x:worksheet>'
        new = edit.add_part("xl/worksheets/sheet2.xml", data.encode(), media)
        merge_comments(edit, new, {}, {(1, 1): Comment("x", "Ann")})
        assert {entry.kind for entry in edit.relationships(new)} == {"comments", "vmlDrawing"}
        text = edit.part(new).data.decode()
    assert f'<x:sheetData/><x:legacyDrawing xmlns:r="{RELATIONS}" r:id="rId2"/><x:table' in text


def test_line_ends_and_prefixes_are_those_of_the_part(tmp_path: Path) -> None:
    """A comments part with a prefix is edited with it, and a carriage return survives."""
    comments = (
        f'<x:comments xmlns:x="{MAIN}"><x:authors/><x:commentList><x:comment ref="A1" '
        'authorId="0"><x:text><x:t>a</x:t></x:text></x:comment></x:commentList></x:comments>'
    ).replace("<x:authors/>", "<x:authors><x:author>Ann</x:author></x:authors>")
    path = commented(tmp_path, BOXES, comments=comments)
    target, _ = merged(path, put((4, 4), "one\r\ntwo"), "Data")
    assert notes_in(target)["Data"][4, 4].text == "one\r\ntwo"
    assert '<x:comment ref="D4"' in members(target)["xl/comments1.xml"]
