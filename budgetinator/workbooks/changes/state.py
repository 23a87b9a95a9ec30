"""Whether a workbook was changed, and in what: what it holds, then and now.

openpyxl keeps no account of changes, and there is no one place that all of them go
through: a cell's value, a column's width, a rule added to a list, a style. Hooks in
its classes would slow every write, see no change inside a list, and reach into the
workbooks of others. So all that a save would write is walked and digested after
opening, and again when somebody asks; the question whether anything differs ends at
the first difference, small things first. One walk costs about 4 % of the load of the
same workbook.

Seen: values with their types, formulas, styles, named styles and their tables, hyperlinks,
comments, rows and columns, merged areas, validations, conditional formats, tables,
filters, views, print settings, protection, defined names, charts, images, pivot
tables, properties, the order, names and states of sheets. What merely reading
creates in openpyxl (an empty cell, a row's default dimension, an empty style) counts as
nothing. Not seen: a change that was undone, the macros' archive, which openpyxl
copies as it is, the values that it remembers of other files, and what lies in the
file of an image that was not loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from budgetinator.workbooks.changes.cellstate import PackedCells, changed_rows, pack_rows
from budgetinator.workbooks.changes.comparison import (
    BookChange,
    CellChange,
    Comments,
    Comparison,
    SheetChange,
)
from budgetinator.workbooks.changes.digests import Walk, digest_of
from budgetinator.workbooks.reading.lazy import DEFERRED, is_unread

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["WorkbookState", "comments_of", "drawings_of"]

# Derived at each save, made by reading, or not openpyxl's.
_BOOK_EXCLUDED = frozenset(
    {
        "_sheets",
        "_archive",
        "_cell_styles",
        "_date_formats",
        "_differential_styles",
        "_timedelta_formats",
        "rels",
        "save",
        "shared_strings",
        "vba_archive",
    }
)
_NAMES = frozenset({"defined_names"})
_PROPERTIES = frozenset({"properties", "custom_doc_props"})
_STYLES = frozenset({"_colors", "_named_styles", "_table_styles"})
_SHEET_EXCLUDED = frozenset(
    {
        "_WorkbookChild__title",
        "_cells",
        "_charts",
        "_comments",
        "_current_row",
        "_drawing",
        "_hyperlinks",
        "_id",
        "_images",
        "_parent",
        "_print_area",
        "_rels",
        "column_dimensions",
        "legacy_drawing",
        "row_dimensions",
        "sheet_state",
        DEFERRED,
    }
)
# What openpyxl writes as defined names.
_SHEET_NAMES = frozenset({"_print_cols", "_print_rows", "defined_names"})
# Entries are added to them by asking for a style, and none is ever taken away.
_STYLE_TABLES = frozenset(
    {"_alignments", "_borders", "_fills", "_fonts", "_number_formats", "_protections"}
)


class WorkbookState:
    """What a workbook held at one moment; the workbook itself is not kept.

    A sheet that nobody has touched is as it is in its file, and is not walked. Called
    in the workbook's own thread only.
    """

    __slots__ = ("_book", "_differential", "_sheets", "_tables")

    def __init__(self, workbook: Workbook) -> None:
        self._book = _book_digests(workbook)
        self._tables = _tables(workbook)
        self._differential = _differential(workbook)
        self._sheets: WeakKeyDictionary[Any, SheetState] = WeakKeyDictionary()
        for sheet in _sheets(workbook):
            if not is_unread(sheet):
                self.note_read(sheet)

    def note_read(self, sheet: Any) -> None:
        """Take a sheet as it is now for what the file holds."""
        self._sheets[sheet] = SheetState(sheet)

    def differs(self, workbook: Workbook) -> bool:
        """Whether the workbook holds anything else now."""
        if self._book_change(workbook):
            return True
        return any(self._sheet_differs(sheet) for sheet in _sheets(workbook))

    def compare(self, workbook: Workbook) -> Comparison:
        """All that the workbook holds otherwise now."""
        changes: list[SheetChange] = []
        added: list[Any] = []
        names_differ = False
        for sheet in _sheets(workbook):
            if is_unread(sheet):
                continue
            then = self._sheets.get(sheet)
            if then is None:
                added.append(sheet)
                continue
            now = SheetState(sheet)
            names_differ = names_differ or then.names != now.names
            if change := then.change(now, sheet):
                changes.append(change)
        book = self._book_change(workbook, names_differ=names_differ)
        return Comparison(book, tuple(changes), tuple(added))

    def _book_change(self, workbook: Workbook, *, names_differ: bool = False) -> BookChange:
        then, now = self._book, _book_digests(workbook)
        return BookChange(
            sheets=then["sheets"] != now["sheets"],
            names=names_differ or then["names"] != now["names"],
            properties=then["properties"] != now["properties"],
            styles=then["styles"] != now["styles"] or not self._contained(workbook),
            other=then["other"] != now["other"],
        )

    def _contained(self, workbook: Workbook) -> bool:
        """Whether the tables begin as they were; an entry that no cell uses is no change."""
        length, digest = self._differential
        held: Any = workbook
        rules = list(held._differential_styles.styles)  # noqa: SLF001
        return _contains(workbook, self._tables) and digest_of(rules[:length]) == digest

    def _sheet_differs(self, sheet: Any) -> bool:
        if is_unread(sheet):
            return False
        then = self._sheets.get(sheet)
        return then is None or then.differs(sheet)


class SheetState:
    """What one sheet held: digests of its frame and names, its rows and cells compactly."""

    __slots__ = ("cells", "drawings", "frame", "merges", "names", "rows")

    def __init__(self, sheet: Any) -> None:
        self.frame = _frame_digest(sheet)
        self.drawings = drawings_of(sheet)
        self.names = _names_digest(sheet)
        self.merges = _merges(sheet)
        self.rows = pack_rows(sheet)
        self.cells = PackedCells(sheet)

    def differs(self, sheet: Any) -> bool:
        """Whether the sheet holds anything else now."""
        # The same cells can be kept in another order, after rows were moved there and back.
        return self.differs_beside_cells(sheet) or bool(self.cells.changes(PackedCells(sheet)))

    def differs_beside_cells(self, sheet: Any) -> bool:
        """Whether anything but its cells is otherwise now."""
        return (
            self.frame != _frame_digest(sheet)
            or self.drawings != drawings_of(sheet)
            or self.names != _names_digest(sheet)
            or self.rows != pack_rows(sheet)
        )

    def change(self, now: SheetState, sheet: Any) -> SheetChange | None:
        """How the sheet differs now; None where it does not, but perhaps for its names."""
        cells = self.cells.changes(now.cells)
        links = any(_rest(change.before)[0] != _rest(change.now)[0] for change in cells)
        noted = self.cells.comments != now.cells.comments
        comments: tuple[Comments, Comments] | None = None
        if noted:
            comments = (self.cells.comments, now.cells.comments)
        change = SheetChange(
            sheet,
            [each for each in cells if _value_or_style_differs(each)],
            changed_rows(self.rows, now.rows),
            links or (self.frame, self.drawings) != (now.frame, now.drawings),
            comments,
            (self.merges, now.merges),
            (self.drawings, now.drawings),
        )
        return change if change.has_rows or change.frame or change.comments else None


def drawings_of(sheet: Any) -> tuple[int, bytes]:
    """How many charts and pictures a sheet has, and a digest of them."""
    held = [vars(sheet).get(name, []) for name in ("_charts", "_images")]
    return sum(map(len, held)), digest_of(held)


def comments_of(sheet: Any) -> Comments:
    """The comments on the cells of a sheet that was read."""
    return PackedCells(sheet).comments


def _rest(row: tuple[Any, ...] | None) -> tuple[Any, Any]:
    """Hyperlink and comment."""
    return (None, None) if row is None else (row[3], row[4])


def _value_or_style_differs(change: CellChange) -> bool:
    before, now = change.before, change.now
    if before is None or now is None or _rest(before) == _rest(now):
        return True
    return digest_of(before[:2]) != digest_of(now[:2]) or _styled(before) != _styled(now)


def _styled(row: tuple[Any, ...]) -> bytes | None:
    style: bytes | None = row[2]
    return style if style is not None and any(style) else None


def _sheets(workbook: Any) -> list[Any]:
    return list(workbook._sheets)  # noqa: SLF001  chart sheets too, in the order of their tabs


def _book_digests(workbook: Any) -> dict[str, bytes]:
    tabs = [(type(sheet).__name__, sheet.title, sheet.sheet_state) for sheet in _sheets(workbook)]
    held = vars(workbook)
    apart = {"names": _NAMES, "properties": _PROPERTIES, "styles": _STYLES}
    digests = {"sheets": digest_of(tabs)}
    for name, attributes in apart.items():
        digests[name] = digest_of([held.get(each) for each in sorted(attributes)])
    walk = Walk()
    excluded = _BOOK_EXCLUDED | _STYLE_TABLES
    walk.put_attributes(workbook, excluded.union(*apart.values()))
    return {**digests, "other": walk.digest()}


def _differential(workbook: Any) -> tuple[int, bytes]:
    """The formats of rules, to which a save only adds."""
    styles = list(workbook._differential_styles.styles)  # noqa: SLF001
    return len(styles), digest_of(styles)


def _tables(workbook: Any) -> dict[str, tuple[int, bytes]]:
    """The lengths and digests of the tables of styles."""
    held = vars(workbook)
    return {
        name: (len(held[name]), digest_of(list(held[name]))) for name in _STYLE_TABLES & held.keys()
    }


def _contains(workbook: Any, tables: Mapping[str, tuple[int, bytes]]) -> bool:
    held = vars(workbook)
    return all(
        name in held and digest_of(list(held[name])[:length]) == digest
        for name, (length, digest) in tables.items()
    )


def _frame_digest(sheet: Any) -> bytes:
    walk = Walk()
    walk.put_attributes(sheet, _SHEET_EXCLUDED | _SHEET_NAMES)
    walk.put_dimensions(sheet, vars(sheet).get("column_dimensions", {}))
    return walk.digest()


def _names_digest(sheet: Any) -> bytes:
    held = vars(sheet)
    # Reading the print area writes the sheet's name into it.
    area = getattr(held.get("_print_area"), "ranges", None)
    names = [held.get(name) for name in sorted(_SHEET_NAMES)]
    filtered = getattr(held.get("auto_filter"), "ref", None)
    return digest_of([area, names, filtered])


def _merges(sheet: Any) -> frozenset[str]:
    merged = vars(sheet).get("merged_cells")
    return frozenset(area.coord for area in merged.ranges) if merged is not None else frozenset()
