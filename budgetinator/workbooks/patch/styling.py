"""The styles part of a package, read when the first date needs a format."""

from __future__ import annotations

from dataclasses import dataclass

from budgetinator.workbooks.patch.edit import PackageEdit
from budgetinator.workbooks.patch.elements import MarkupError
from budgetinator.workbooks.patch.parts import damaged_part
from budgetinator.workbooks.patch.sheetedit import CellLooks, Index
from budgetinator.workbooks.patch.styles import MINIMAL_STYLES, StyleSheet

__all__ = ["Styling", "add_styles_part", "styles_part"]

_RELATIONSHIP = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"
_CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"


class Styling:
    """Gives cells date formats, and edits the styles part, or makes one, to hold them."""

    def __init__(self, edit: PackageEdit) -> None:
        self._edit = edit
        self._sheet: StyleSheet | None = None
        self._name = styles_part(edit)

    def dated(self, style: int, number_format: int) -> int:
        """The style that shows dates and is otherwise as the given one."""
        if self._sheet is None:
            self._sheet = self._read()
        return self._sheet.with_date_format(style, number_format)

    def index(self, style: bytes, _base: int | None = None) -> int:
        """Styles of other kinds are not known here."""
        raise KeyError(style)

    def with_index(self, index: Index) -> CellLooks:
        """The same, for an edit that brings styles."""
        return _Looks(self, index)

    def finish(self) -> None:
        """Put added formats into their part, which is made if there was none."""
        sheet = self._sheet
        if sheet is None or not sheet.changed:
            return
        if self._name is not None:
            self._edit.part(self._name).edit(lambda _: sheet.xml())
            return
        add_styles_part(self._edit, sheet.xml())

    def _read(self) -> StyleSheet:
        data = MINIMAL_STYLES if self._name is None else self._edit.part(self._name).data
        try:
            return StyleSheet(data)
        except MarkupError as error:
            raise damaged_part(self._edit.package, self._name or "", str(error)) from error


def styles_part(edit: PackageEdit) -> str | None:
    """The name of the package's styles part, if it has one."""
    package = edit.package
    for relationship in package.relationships(package.workbook_part):
        if relationship.kind == "styles" and package.has(relationship.target):
            return package.spelling(relationship.target)
    return None


def add_styles_part(edit: PackageEdit, data: bytes) -> str:
    """Make the styles part of a package that has none; its name."""
    workbook = edit.package.workbook_part
    folder = workbook.rpartition("/")[0]
    name = edit.add_part(f"{folder}/styles.xml".lstrip("/"), data, _CONTENT_TYPE)
    edit.add_relationship(workbook, _RELATIONSHIP, name)
    return name


@dataclass(frozen=True, slots=True)
class _Looks:
    styling: Styling
    find: Index

    def dated(self, style: int, number_format: int) -> int:
        return self.styling.dated(style, number_format)

    def index(self, style: bytes, _base: int | None = None) -> int:
        return self.find(style, _base)
