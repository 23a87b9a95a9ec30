"""The styles part of a package, read when the first date needs a format."""

from __future__ import annotations

from budgetinator.workbooks.patch.edit import PackageEdit
from budgetinator.workbooks.patch.elements import MarkupError
from budgetinator.workbooks.patch.parts import damaged_part
from budgetinator.workbooks.patch.styles import MINIMAL_STYLES, StyleSheet

__all__ = ["Styling"]

_RELATIONSHIP = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"
_CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"


class Styling:
    """Gives cells date formats, and edits the styles part, or makes one, to hold them."""

    def __init__(self, edit: PackageEdit) -> None:
        self._edit = edit
        self._sheet: StyleSheet | None = None
        self._name = self._find()

    def dated(self, style: int, number_format: int) -> int:
        """The style that shows dates and is otherwise as the given one."""
        if self._sheet is None:
            self._sheet = self._read()
        return self._sheet.with_date_format(style, number_format)

    def finish(self) -> None:
        """Put added formats into their part, which is made if there was none."""
        sheet = self._sheet
        if sheet is None or not sheet.changed:
            return
        if self._name is not None:
            self._edit.part(self._name).edit(lambda _: sheet.xml())
            return
        workbook = self._edit.package.workbook_part
        folder = workbook.rpartition("/")[0]
        name = f"{folder}/styles.xml".lstrip("/")
        name = self._edit.add_part(name, sheet.xml(), _CONTENT_TYPE)
        self._edit.add_relationship(workbook, _RELATIONSHIP, name)

    def _find(self) -> str | None:
        package = self._edit.package
        for relationship in package.relationships(package.workbook_part):
            if relationship.kind == "styles" and package.has(relationship.target):
                return package.spelling(relationship.target)
        return None

    def _read(self) -> StyleSheet:
        data = MINIMAL_STYLES if self._name is None else self._edit.part(self._name).data
        try:
            return StyleSheet(data)
        except MarkupError as error:
            raise damaged_part(self._edit.package, self._name or "", str(error)) from error
