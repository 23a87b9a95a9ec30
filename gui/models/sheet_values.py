"""A sheet as a table of any size: rows are asked for when they are shown, and kept a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QGuiApplication

from budgetinator.budgets.numbers import Locale
from budgetinator.workbooks import CellError, ShownValue, StaleResult
from budgetinator.workbooks.addresses import MAX_COLUMN, MAX_ROW, column_letters, format_cell
from gui.cells.showing import EMPTY, Shown, shown
from gui.models.chunks import Chunks
from gui.stylesheets import CellStyle
from gui.theme import LIGHT, Colours

__all__ = ["ErrorRole", "SheetValuesModel", "StaleRole"]

Index = QModelIndex | QPersistentModelIndex

StaleRole = Qt.ItemDataRole.UserRole + 1
"""Whether the cell shows an old result."""
ErrorRole = Qt.ItemDataRole.UserRole + 2
"""Whether the cell shows an error."""

_LEAST_ROWS, _LEAST_COLUMNS = 60, 26
_SPARE_ROWS, _SPARE_COLUMNS = 40, 4
# A sheet may claim a million rows and hold three: so many are believed before they are seen.
_BELIEVED_ROWS, _BELIEVED_COLUMNS = 100_000, 512
_TEXTS_KEPT = 8_000
_LOOKS_KEPT = 20_000
_PLAIN = CellStyle()
_SIDES = {
    "left": int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter),
    "right": int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter),
    "center": int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter),
}
_ROOT = QModelIndex()


class SheetValuesModel(QAbstractTableModel):
    """The values of one sheet at a time.

    `rows_wanted` names the first row and how many, counted from 1, when cells are painted
    that are not at hand; what it leads to comes back by `put`. Rows and columns grow
    with what is read, and a few empty ones follow, to be typed into.
    """

    rows_wanted = Signal(int, int)

    def __init__(self, locale: Locale | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._locale = locale
        self.look: Colours = LIGHT
        """The colours to show in; who paints says which."""
        self._chunks = Chunks()
        self._rows = self._columns = 0
        self._seen_rows = self._seen_columns = 0
        self._wanted: tuple[int, int] | None = None
        # Asked when painting is over, so that one painting is one question.
        self._asker = QTimer(self)
        self._asker.setSingleShot(True)
        self._asker.setInterval(0)
        self._asker.timeout.connect(self._ask)
        self._texts: dict[tuple[int, int], Shown] = {}
        self._styles: Sequence[CellStyle] = ()
        self._style_rows: dict[int, Sequence[int]] = {}
        self._fonts: dict[tuple[bool, bool], QFont] = {}

    # What is shown

    def show_sheet(self, rows: int, columns: int) -> None:
        """Another sheet, with the size that it declares; all that was read is forgotten."""
        self.beginResetModel()
        self._chunks.clear()
        self._styles, self._style_rows = (), {}
        self._texts.clear()
        self._seen_rows = min(rows, _BELIEVED_ROWS)
        self._seen_columns = min(columns, _BELIEVED_COLUMNS)
        self._rows, self._columns = self._size()
        self.endResetModel()

    def put(self, first: int, rows: Sequence[tuple[ShownValue, ...]]) -> None:
        """Rows of the sheet, from this one on."""
        self._chunks.put(first, rows)
        width = max(map(len, rows), default=0)
        self._seen_columns = max(self._seen_columns, width)
        self._seen_rows = max(self._seen_rows, first + len(rows) - 1)
        self._grow()
        self._changed(first, first + len(rows) - 1)

    def put_styles(self, styles: Sequence[CellStyle]) -> None:
        """The cell formats of the workbook, by the indices that rows name."""
        self._styles = styles
        self._texts.clear()

    def put_looks(self, rows: Mapping[int, Sequence[int]]) -> None:
        """The formats of the cells of some rows."""
        if not rows:
            return
        if len(self._style_rows) > _LOOKS_KEPT:
            self._style_rows = {}
        self._style_rows.update(rows)
        self._changed(min(rows), max(rows))

    def end(self, last_row: int) -> None:
        """The sheet has no more rows than that."""
        self._chunks.end(last_row)
        self._changed(max(1, last_row), self._rows)

    def refresh(self) -> None:
        """Something was changed: what is shown is asked for again, and stays until it comes."""
        self._chunks.outdate()
        self._changed(1, self._rows)

    def reach(self, row: int, column: int) -> None:
        """Make the table large enough for this cell, counted from 1."""
        self._seen_rows = max(self._seen_rows, min(row, MAX_ROW))
        self._seen_columns = max(self._seen_columns, min(column, MAX_COLUMN))
        self._grow()

    def value(self, row: int, column: int) -> ShownValue:
        """The value of a cell counted from 1, None where it is empty or not at hand."""
        cells = self._chunks.row(row)
        return cells[column - 1] if cells is not None and column <= len(cells) else None

    def shown(self, row: int, column: int) -> Shown:
        """The cell as it is painted."""
        kept = self._texts.get((row, column))
        if kept is not None:
            return kept
        value = self.value(row, column)
        if value is None:
            return EMPTY
        if len(self._texts) > _TEXTS_KEPT:
            self._texts.clear()
        made = shown(value, self.code(row, column), self._locale)
        self._texts[row, column] = made
        return made

    def style(self, row: int, column: int) -> CellStyle:
        """The format of a cell, as far as it is known."""
        indices = self._style_rows.get(row, ())
        index = indices[column - 1] if column <= len(indices) else 0
        return self._styles[index] if index < len(self._styles) else _PLAIN

    def code(self, row: int, column: int) -> str:
        """The number format of a cell, as far as it is known."""
        return self.style(row, column).code

    def is_here(self, row: int) -> bool:
        """Whether the row was read."""
        return self._chunks.row(row) is not None

    def is_fresh(self, row: int) -> bool:
        """Whether the row was read since something was changed."""
        return self._chunks.row(row) is not None and not self._chunks.is_outdated(row)

    def knows(self, first: int, last: int) -> bool:
        """Whether the values and the formats of all these rows are at hand."""
        rows = range(first, last + 1)
        return all(row in self._style_rows and self.is_fresh(row) for row in rows)

    # Qt's questions

    def rowCount(self, parent: Index = _ROOT) -> int:  # noqa: N802  Qt's name
        return 0 if parent.isValid() else self._rows

    def columnCount(self, parent: Index = _ROOT) -> int:  # noqa: N802  Qt's name
        return 0 if parent.isValid() else self._columns

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = index.row() + 1, index.column() + 1
        if role == Qt.ItemDataRole.DisplayRole:
            self._note(row)
            return self.shown(row, column).text or None
        look = _LOOKS.get(role)
        return look(self, row, column) if look is not None else None

    def headerData(  # noqa: N802  Qt's name
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignCenter)
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation == Qt.Orientation.Horizontal:
            return column_letters(section + 1)
        return str(section + 1)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable

    # Looks, for the painter

    def side(self, row: int, column: int) -> int:
        """The alignment of a cell, as Qt's flags."""
        side = self.style(row, column).side
        return _SIDES[side if side is not None else self.shown(row, column).side]

    def colour(self, row: int, column: int) -> str | None:
        """The colour of a cell's text, None for the usual one."""
        cell, style = self.shown(row, column), self.style(row, column)
        if cell.is_error or cell.is_red:
            return self.look.error
        if cell.is_stale:
            return LIGHT.stale if style.fill else self.look.stale
        if style.fill is not None:
            return style.colour or _readable_on(style.fill)
        # A colour was chosen for white paper; on dark ground it may not be seen.
        return style.colour if self.look is LIGHT else None

    def ground(self, row: int, column: int) -> str | None:
        """The colour of a cell's ground, None for the usual one."""
        fill = self.style(row, column).fill
        if self._chunks.row(row) and isinstance(self.value(row, column), CellError):
            return self.look.error_soft
        return fill

    def font(self, row: int, column: int) -> QFont | None:
        """The font of a cell, None for the usual one."""
        style = self.style(row, column)
        key = style.bold, style.italic or self.shown(row, column).is_stale
        if key == (False, False):
            return None
        if key not in self._fonts:
            font = self._fonts[key] = QFont(QGuiApplication.font())
            font.setBold(key[0])
            font.setItalic(key[1])
        return self._fonts[key]

    def note_painted(self, row: int) -> None:
        """This row is painted: ask for it if it is not at hand, or outdated."""
        self._note(row)

    def _explanation(self, row: int, column: int) -> str | None:
        value = self.value(row, column)
        if isinstance(value, StaleResult):
            return _STALE_KNOWN if value.last is not None else _STALE_UNKNOWN
        if isinstance(value, CellError):
            return f"The formula's result is the error {value}."
        if isinstance(value, str) and ("\n" in value or len(value) > 20):
            return value[:1_000]
        return None

    def _spoken(self, row: int, column: int) -> str:
        cell = self.shown(row, column)
        mark = ", to be recalculated" if cell.is_stale else ", an error" if cell.is_error else ""
        return f"{format_cell(row, column)}: {cell.text or 'empty'}{mark}"

    # What is wanted

    def _note(self, row: int) -> None:
        """A painted row that is not at hand, or outdated, is asked for when painting is over."""
        if self._wanted is None:
            if self._chunks.wanting(row, row) is None:
                return
            self._wanted = (row, row)
        else:
            self._wanted = min(self._wanted[0], row), max(self._wanted[1], row)
        if not self._asker.isActive():
            self._asker.start()

    def _ask(self) -> None:
        wanted, self._wanted = self._wanted, None
        span = self._chunks.wanting(*wanted) if wanted is not None else None
        if span is not None:
            self.rows_wanted.emit(span[0], span[1] - span[0] + 1)

    def _size(self) -> tuple[int, int]:
        rows = min(MAX_ROW, max(_LEAST_ROWS, self._seen_rows + _SPARE_ROWS))
        columns = min(MAX_COLUMN, max(_LEAST_COLUMNS, self._seen_columns + _SPARE_COLUMNS))
        return rows, columns

    def _grow(self) -> None:
        rows, columns = self._size()
        if rows > self._rows:
            self.beginInsertRows(_ROOT, self._rows, rows - 1)
            self._rows = rows
            self.endInsertRows()
        if columns > self._columns:
            self.beginInsertColumns(_ROOT, self._columns, columns - 1)
            self._columns = columns
            self.endInsertColumns()

    def _changed(self, first: int, last: int) -> None:
        self._texts.clear()
        last = min(last, self._rows)
        if first <= last and self._columns:
            self.dataChanged.emit(self.index(first - 1, 0), self.index(last - 1, self._columns - 1))


@lru_cache(maxsize=256)
def _readable_on(fill: str) -> str:
    return "#1d252c" if QColor(fill).lightness() > 120 else "#ffffff"


_STALE_KNOWN = (
    "The result that was computed last. Something was changed since; "
    "Excel or Recalculate computes it anew."
)
_STALE_UNKNOWN = "A formula that was not computed yet; Excel or Recalculate computes it."
_LOOKS: dict[int, Any] = {
    Qt.ItemDataRole.TextAlignmentRole: SheetValuesModel.side,
    Qt.ItemDataRole.FontRole: SheetValuesModel.font,
    Qt.ItemDataRole.ToolTipRole: SheetValuesModel._explanation,  # noqa: SLF001  the class's own
    Qt.ItemDataRole.AccessibleTextRole: SheetValuesModel._spoken,  # noqa: SLF001
    StaleRole: lambda model, row, column: model.shown(row, column).is_stale,
    ErrorRole: lambda model, row, column: model.shown(row, column).is_error,
}
