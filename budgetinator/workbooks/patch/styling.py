"""The styles part of a package, read when the first date needs a format."""

from __future__ import annotations

from collections.abc import Callable

from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.opc.relationships import relationships_name
from budgetinator.workbooks.patch.elements import MarkupError
from budgetinator.workbooks.patch.parts import SmallPart, damaged_part
from budgetinator.workbooks.patch.styles import MINIMAL_STYLES, StyleSheet
from budgetinator.workbooks.patch.workbookxml import with_child

__all__ = ["Styling"]

_RELATIONSHIP = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"
_CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
_CONTENT_TYPES = "[Content_Types].xml"


class Styling:
    """Gives cells date formats, and edits the styles part, or makes one, to hold them."""

    def __init__(self, package: Package, part: Callable[[str], SmallPart]) -> None:
        self._package = package
        self._part = part
        self._sheet: StyleSheet | None = None
        self._name = self._find()

    def dated(self, style: int, number_format: int) -> int:
        """The style that shows dates and is otherwise as the given one."""
        if self._sheet is None:
            self._sheet = self._read()
        return self._sheet.with_date_format(style, number_format)

    def finish(self) -> dict[str, bytes]:
        """Put added formats into their part; the parts to be added, by name, if there was none."""
        sheet = self._sheet
        if sheet is None or not sheet.changed:
            return {}
        if self._name is not None:
            self._part(self._name).edit(lambda _: sheet.xml())
            return {}
        return {self._join_new_part(): sheet.xml()}

    def _find(self) -> str | None:
        for relationship in self._package.relationships(self._package.workbook_part):
            if relationship.kind == "styles" and self._package.has(relationship.target):
                return self._package.spelling(relationship.target)
        return None

    def _read(self) -> StyleSheet:
        data = MINIMAL_STYLES if self._name is None else self._part(self._name).data
        try:
            return StyleSheet(data)
        except MarkupError as error:
            raise damaged_part(self._package, self._name or "", str(error)) from error

    def _join_new_part(self) -> str:
        package = self._package
        folder = package.workbook_part.rpartition("/")[0]
        name, number = f"{folder}/styles.xml".lstrip("/"), 1
        while package.has(name):
            number += 1
            name = f"{folder}/styles{number}.xml".lstrip("/")
        taken = {entry.id for entry in package.relationships(package.workbook_part)}
        new_id = next(f"rId{n}" for n in range(1, len(taken) + 2) if f"rId{n}" not in taken)
        self._part(relationships_name(package.workbook_part)).edit(
            lambda data: with_child(
                data,
                "Relationship",
                {"Id": new_id, "Type": _RELATIONSHIP, "Target": f"/{name}"},
            )
        )
        self._part(_CONTENT_TYPES).edit(
            lambda data: with_child(
                data, "Override", {"PartName": f"/{name}", "ContentType": _CONTENT_TYPE}
            )
        )
        return name
