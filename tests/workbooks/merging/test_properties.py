"""Properties of the document: those that were changed, and no others."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from openpyxl.packaging.custom import (
    BoolProperty,
    DateTimeProperty,
    FloatProperty,
    IntProperty,
    LinkProperty,
    StringProperty,
)

from tests.workbooks.builders import minimal_parts, write_zip
from tests.workbooks.merging.books import merged, read

CORE = "docProps/core.xml"
CUSTOM = "docProps/custom.xml"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
CORE_XML = f"""<k:coreProperties xmlns:k="{_PACKAGE}/metadata/core-properties"
 xmlns:d="http://purl.org/dc/elements/1.1/" xmlns:own="urn:own"><d:title own:kept="1">Old</d:title>
 <own:thing>kept</own:thing><k:keywords>a<k:value>b</k:value></k:keywords>
 <k:lastModifiedBy>Me</k:lastModifiedBy></k:coreProperties>"""
CUSTOM_XML = f"""<Properties xmlns="{_OFFICE}/custom-properties" xmlns:v="{_OFFICE}/docPropsVTypes">
<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="5" name="Odd"><v:cy>1.5</v:cy>
</property><property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="7" name="Text">
<v:lpwstr>one</v:lpwstr></property></Properties>"""


def with_properties(path: Path, **parts: str) -> Path:
    """A small workbook with these parts of properties."""
    held = minimal_parts()
    kinds = {
        "core": (CORE, f"{_PACKAGE}/relationships/metadata/core-properties"),
        "custom": (CUSTOM, f"{_OFFICE}/relationships/custom-properties"),
    }
    for role, xml in parts.items():
        name, kind = kinds[role]
        held[name] = xml.encode()
        held["_rels/.rels"] = held["_rels/.rels"].replace(
            b"</Relationships>",
            f'<Relationship Id="{role}" Type="{kind}" Target="{name}"/></Relationships>'.encode(),
        )
    return write_zip(path, held)


def test_only_what_was_changed_is_written(tmp_path: Path) -> None:
    """A title is set, a missing subject comes in; what openpyxl fills in or drops does not."""

    def change(workbook: Any) -> None:
        workbook.properties.title = "New & <better>"
        workbook.properties.subject = "Budget"

    result = merged(with_properties(tmp_path / "book.xlsx", core=CORE_XML), change)
    text = result.text(CORE)
    assert result.changed == {CORE}
    assert '<d:title own:kept="1">New &amp; &lt;better&gt;</d:title>' in text
    assert "<own:thing>kept</own:thing><k:keywords>a<k:value>b</k:value></k:keywords>" in text
    assert "<d:subject>Budget</d:subject>" in text
    assert "openpyxl" not in text
    assert "created" not in text
    properties = read(result.path).properties
    assert (properties.title, properties.subject) == ("New & <better>", "Budget")
    age = dt.datetime.now(tz=dt.UTC).replace(tzinfo=None) - properties.modified
    assert abs(age) < dt.timedelta(minutes=5)


def test_a_property_is_taken_away(tmp_path: Path) -> None:
    """None takes the element out."""

    def change(workbook: Any) -> None:
        workbook.properties.lastModifiedBy = None

    path = with_properties(tmp_path / "book.xlsx", core=CORE_XML)
    assert "lastModifiedBy" not in merged(path, change).text(CORE)


def test_times_are_written_where_they_were_set(tmp_path: Path) -> None:
    """A time that the user gave stands, also for the last change."""
    moment = dt.datetime(2020, 1, 2, 3, 4, 5)

    def change(workbook: Any) -> None:
        workbook.properties.created = workbook.properties.modified = moment

    result = merged(with_properties(tmp_path / "book.xlsx", core=CORE_XML), change)
    properties = read(result.path).properties
    assert (properties.created, properties.modified) == (moment, moment)
    assert 'dcterms:created xmlns:dcterms="http://purl.org/dc/terms/"' in result.text(CORE)


def test_a_file_without_properties_stays_without(tmp_path: Path) -> None:
    """An author and times that openpyxl makes up are nobody's change."""
    assert merged(with_properties(tmp_path / "book.xlsx"), lambda workbook: None).changed == set()


def test_the_first_property_makes_the_part(tmp_path: Path) -> None:
    """It is related from the package, and typed."""

    def change(workbook: Any) -> None:
        workbook.properties.creator = "Me"

    result = merged(with_properties(tmp_path / "book.xlsx"), change)
    assert result.added == {CORE}
    assert read(result.path).properties.creator == "Me"


@pytest.mark.parametrize(
    "made",
    [
        StringProperty(name="New", value="a & b"),
        IntProperty(name="New", value=-7),
        IntProperty(name="New", value=2**31 - 1),
        FloatProperty(name="New", value=0.1 + 0.2),
        BoolProperty(name="New", value=False),
        DateTimeProperty(name="New", value=dt.datetime(2020, 1, 2, 3, 4, 5)),
        LinkProperty(name="New", value="Total"),
    ],
    ids=lambda made: type(made).__name__,
)
@pytest.mark.parametrize("parts", [{}, {"custom": CUSTOM_XML}], ids=["no part", "a part"])
def test_a_custom_property_is_added(tmp_path: Path, made: Any, parts: dict[str, str]) -> None:
    """Each kind is read back as it was; the part is made where there is none."""
    path = with_properties(tmp_path / "book.xlsx", **parts)
    result = merged(path, lambda workbook: workbook.custom_doc_props.append(made))
    found = read(result.path).custom_doc_props["New"]
    assert (type(found), found.value) == (type(made), made.value)


def test_a_changed_custom_property_keeps_its_number(tmp_path: Path) -> None:
    """One of a type that openpyxl does not know stays as it is, and new numbers are free."""

    def change(workbook: Any) -> None:
        workbook.custom_doc_props["Text"].value = "two"
        workbook.custom_doc_props.append(StringProperty(name="New", value="x"))

    result = merged(with_properties(tmp_path / "book.xlsx", custom=CUSTOM_XML), change)
    text = result.text(CUSTOM)
    assert result.changed == {CUSTOM}
    assert 'pid="5" name="Odd"><v:cy>1.5</v:cy>' in text
    assert 'pid="7" name="Text"><v:lpwstr>two</v:lpwstr></property>' in text
    assert 'pid="8" name="New"><v:lpwstr>x</v:lpwstr></property>' in text


def test_a_custom_property_is_removed(tmp_path: Path) -> None:
    """The other one stays."""

    def change(workbook: Any) -> None:
        del workbook.custom_doc_props["Text"]

    text = merged(with_properties(tmp_path / "book.xlsx", custom=CUSTOM_XML), change).text(CUSTOM)
    assert "Text" not in text
    assert 'name="Odd"' in text
