"""The formulas of cells as Excel shows them, those that cells share included.

ECMA-376 part 1, section 18.3.1.40: the text of a shared formula stands in its
first cell alone, and the others have it moved to their place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from budgetinator.workbooks.addresses import format_cell
from budgetinator.workbooks.reading.xmltext import with_characters

__all__ = ["SharedFormulas"]


class SharedFormulas:
    """The formulas of one sheet, whose cells come in the file's order."""

    def __init__(self) -> None:
        self._masters: dict[str, tuple[str, str]] = {}

    def text(self, attributes: Mapping[str, str], text: str, row: int, column: int) -> str:
        """The formula with its "=", in braces for arrays and data tables.

        Raises ValueError for one that cannot be moved to where it is shared.
        """
        kind = attributes.get("t")
        text = "=" + with_characters(text)
        if kind == "array":
            return "{" + text + "}"
        if kind == "dataTable":
            return "{=TABLE()}"
        if kind != "shared":
            return text
        index = attributes.get("si", "")
        if text != "=":
            self._masters[index] = (text, format_cell(row, column))
            return text
        return self._moved(index, format_cell(row, column))

    def _moved(self, index: str, reference: str) -> str:
        if index not in self._masters:
            return "="
        from openpyxl.formula.translate import Translator, TranslatorError

        text, origin = self._masters[index]
        try:
            return cast(str, Translator(text, origin=origin).translate_formula(reference))
        except (TranslatorError, IndexError) as error:
            raise ValueError(f"the formula of {origin} cannot be moved here") from error
