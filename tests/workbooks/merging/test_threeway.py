"""Any part merged with hand-made renderings of it."""

from __future__ import annotations

from pathlib import Path

from budgetinator.workbooks.losses.finding import Loss
from budgetinator.workbooks.merging.parts.linking import PartMerger
from budgetinator.workbooks.merging.rendering.partstore import PartStore
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch.edit import PackageEdit
from tests.workbooks.builders import minimal_parts, write_zip

_PART = "xl/charts/chart7.xml"
_C = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"


def _chart(inside: str) -> bytes:
    return f'<chartSpace xmlns="{_C}" xmlns:a="{_A}">{inside}</chartSpace>'.encode()


def _merged(folder: Path, original: str, before: str, now: str) -> tuple[str, list[Loss]]:
    path = write_zip(folder / "book.xlsx", {**minimal_parts(), _PART: _chart(original)})
    renderings = []
    for content in (before, now):
        rendering = PartStore()
        rendering.add("chart.xml", _chart(content), "application/xml")
        renderings.append(rendering)
    with Package.open(path) as package:
        edit = PackageEdit(package)
        merger = PartMerger(edit, *renderings)
        merger.merge_part(_PART, "chart.xml", "chart.xml")
        text = edit.part(_PART).data.decode()
    return text.partition(">")[2].removesuffix("</chartSpace>"), merger.losses


def test_a_default_that_openpyxl_spells_out_is_not_written(tmp_path: Path) -> None:
    """What both renderings have alike does not come into the part."""
    original = "<chart><title/></chart>"
    before = '<roundedCorners val="0"/><chart><title/></chart>'
    now = '<roundedCorners val="0"/><chart><title/><legend/></chart>'
    assert _merged(tmp_path, original, before, now)[0] == "<chart><title/><legend/></chart>"


def test_an_empty_element_gets_children(tmp_path: Path) -> None:
    """An empty tag is opened for what comes into it, and keeps its attributes."""
    merged, _ = _merged(tmp_path, "<chart a='1' />", "<chart/>", "<chart><title/></chart>")
    assert merged == "<chart a='1'><title/></chart>"


def test_a_list_whose_items_have_no_names(tmp_path: Path) -> None:
    """A paragraph between two others comes in between."""
    texts = [f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>" for text in "abc"]
    kept = [text.replace("<a:r>", '<a:r x="1">') for text in texts]
    merged, losses = _merged(
        tmp_path,
        f"<rich>{kept[0]}{kept[2]}</rich>",
        f"<rich>{texts[0]}{texts[2]}</rich>",
        f"<rich>{''.join(texts)}</rich>",
    )
    assert merged == f"<rich>{kept[0]}{texts[1]}{kept[2]}</rich>"
    assert losses == []


def test_what_cannot_be_told_apart_is_replaced_and_named(tmp_path: Path) -> None:
    """Where it is unknown which items are shown, all are replaced; what else they had is a loss."""
    texts = [f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>" for text in "abc"]
    merged, losses = _merged(
        tmp_path,
        f"<rich><a:bodyPr/>{''.join(texts)}</rich>",
        f"<rich>{texts[0]}{texts[2]}</rich>",
        f"<rich>{texts[0]}{texts[0]}</rich>",
    )
    assert merged == f"<rich><a:bodyPr/>{texts[0]}{texts[0]}</rich>"
    assert [(loss.part, "is lost" in loss.what) for loss in losses] == [(_PART, True)]


def test_an_element_that_the_renderings_drop_is_set(tmp_path: Path) -> None:
    """What is set and stands in the original unread takes its attributes there."""
    original = '<style own="1" val="3"/><chart/>'
    merged, _ = _merged(tmp_path, original, "<chart/>", '<style val="9"/><chart/>')
    assert merged == '<style own="1" val="9"/><chart/>'


def test_a_choice_gives_way_to_what_is_set(tmp_path: Path) -> None:
    """Alternate content for an element is replaced where openpyxl writes the element."""
    mc = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    original = (
        f'<mc:AlternateContent xmlns:mc="{mc}"><mc:Choice Requires="c14"/><mc:Fallback>'
        '<style val="3"/></mc:Fallback></mc:AlternateContent><chart/>'
    )
    merged, _ = _merged(tmp_path, original, "<chart/>", '<style val="9"/><chart/>')
    assert merged == '<style val="9"/><chart/>'


def test_text_is_escaped(tmp_path: Path) -> None:
    """New text is written as text, whatever signs it has."""
    merged, _ = _merged(tmp_path, "<a:t>old</a:t>", "<a:t>old</a:t>", "<a:t>&lt;&amp;&gt;</a:t>")
    assert merged == "<a:t>&lt;&amp;&gt;</a:t>"
