"""Whether an openpyxl workbook was changed: a digest of what it holds, then and now.

openpyxl keeps no account of changes, and there is no one place that all of them go
through: a cell's value, a column's width, a rule added to a list, a style. Hooks in
its classes would slow every write, see no change inside a list, and reach into the
workbooks of others. So all that a save would write is walked and digested after
opening, and again when somebody asks; the question ends at the first difference,
small things first. One walk costs about 4 % of the load of the same workbook.

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

import datetime as dt
import hashlib
import marshal
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from io import BytesIO
from itertools import zip_longest
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from budgetinator.workbooks.reading.lazy import DEFERRED, is_unread

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["CellChange", "WorkbookState"]

_CHUNK = 2048
_LONG = 64  # characters of a text that is kept as it is
_MARSHAL = 2  # later versions write references, which depend on who else holds a value
_PLAIN = frozenset({type(None), bool, int, float, str, bytes})
_MOMENTS = frozenset({dt.datetime, dt.date, dt.time, dt.timedelta})
# Derived at each save, made by reading, or not openpyxl's.
_BOOK_EXCLUDED = frozenset(
    {
        "_sheets",
        "_archive",
        "_cell_styles",
        "_date_formats",
        "_timedelta_formats",
        "rels",
        "save",
        "shared_strings",
        "vba_archive",
    }
)
_SHEET_EXCLUDED = frozenset(
    {
        "_cells",
        "_comments",
        "_current_row",
        "_drawing",
        "_hyperlinks",
        "_id",
        "_parent",
        "_print_area",
        "_rels",
        "column_dimensions",
        "legacy_drawing",
        "row_dimensions",
        DEFERRED,
    }
)
# Entries are added to them by asking for a style, and none is ever taken away.
_STYLE_TABLES = frozenset(
    {"_alignments", "_borders", "_fills", "_fonts", "_number_formats", "_protections"}
)
_ROW = attrgetter("row", "column", "_value", "data_type", "_style", "hyperlink", "_comment")


class WorkbookState:
    """What a workbook held at one moment; the workbook itself is not kept.

    A sheet that nobody has touched is as it is in its file, and is not walked. Called
    in the workbook's own thread only.
    """

    __slots__ = ("_book", "_sheets", "_tables")

    def __init__(self, workbook: Workbook) -> None:
        self._book = _book_digest(workbook)
        self._tables = _tables(workbook)
        self._sheets: WeakKeyDictionary[Any, SheetState] = WeakKeyDictionary()
        for sheet in _sheets(workbook):
            if not is_unread(sheet):
                self.note_read(sheet)

    def note_read(self, sheet: Any) -> None:
        """Take a sheet as it is now for what the file holds."""
        self._sheets[sheet] = SheetState(sheet)

    def differs(self, workbook: Workbook) -> bool:
        """Whether the workbook holds anything else now."""
        if self._book_differs(workbook):
            return True
        return any(self._sheet_differs(sheet) for sheet in _sheets(workbook))

    def changed_cells(self, workbook: Workbook) -> dict[Any, list[CellChange]] | None:
        """By sheet, the cells that hold something else now; None if more than cells changed."""
        if self._book_differs(workbook):
            return None
        changed: dict[Any, list[CellChange]] = {}
        for sheet in _sheets(workbook):
            if is_unread(sheet):
                continue
            then = self._sheets.get(sheet)
            if then is None or then.frame != _frame_digest(sheet):
                return None
            if cells := then.changed_cells(sheet):
                changed[sheet] = cells
        return changed

    def _book_differs(self, workbook: Workbook) -> bool:
        return self._book != _book_digest(workbook) or not _contains(workbook, self._tables)

    def _sheet_differs(self, sheet: Any) -> bool:
        if is_unread(sheet):
            return False
        then = self._sheets.get(sheet)
        return then is None or then.differs(sheet)


class CellChange(NamedTuple):
    """One cell then and now; each is (value, type, style, hyperlink, comment) or None.

    Only good for comparing: a long text is its hash, and what is no plain value a digest.
    """

    row: int
    column: int
    before: tuple[Any, ...] | None
    now: tuple[Any, ...] | None


class SheetState:
    """What one sheet held: a digest of all but its cells, and its cells in a compact form."""

    __slots__ = ("cells", "frame")

    def __init__(self, sheet: Any) -> None:
        self.frame = _frame_digest(sheet)
        self.cells = _cells(sheet)

    def differs(self, sheet: Any) -> bool:
        # The same cells can be kept in another order, after rows were moved there and back.
        return self.frame != _frame_digest(sheet) or bool(self.changed_cells(sheet))

    def changed_cells(self, sheet: Any) -> list[CellChange]:
        """The cells that differ, by rows and columns."""
        pairs = [pair for pair in zip_longest(self.cells, _cells(sheet)) if pair[0] != pair[1]]
        if not pairs:
            return []
        before = _unpacked(then for then, _ in pairs)
        now = _unpacked(now for _, now in pairs)
        return [
            CellChange(*place, before.get(place), now.get(place))
            for place in sorted(before.keys() | now.keys())
            if marshal.dumps(before.get(place), _MARSHAL) != marshal.dumps(now.get(place), _MARSHAL)
        ]


def _sheets(workbook: Any) -> list[Any]:
    return list(workbook._sheets)  # noqa: SLF001  chart sheets too, in the order of their tabs


def _book_digest(workbook: Any) -> bytes:
    walk = _Walk()
    walk.put(
        [(type(sheet).__name__, sheet.title, sheet.sheet_state) for sheet in _sheets(workbook)]
    )
    walk.put_attributes(workbook, _BOOK_EXCLUDED | _STYLE_TABLES)
    return walk.digest()


def _tables(workbook: Any) -> dict[str, tuple[int, bytes]]:
    """The lengths and digests of the tables of styles."""
    held = vars(workbook)
    return {
        name: (len(held[name]), _digest_of(list(held[name])))
        for name in _STYLE_TABLES & held.keys()
    }


def _contains(workbook: Any, tables: Mapping[str, tuple[int, bytes]]) -> bool:
    """Whether the tables begin as they were; an entry that no cell uses is no change."""
    held = vars(workbook)
    return all(
        name in held and _digest_of(list(held[name])[:length]) == digest
        for name, (length, digest) in tables.items()
    )


def _frame_digest(sheet: Any) -> bytes:
    walk = _Walk()
    walk.put_attributes(sheet, _SHEET_EXCLUDED)
    # Reading the print area writes the sheet's name into it.
    walk.put(getattr(vars(sheet).get("_print_area"), "ranges", None))
    for dimensions in ("row_dimensions", "column_dimensions"):
        walk.put_dimensions(sheet, vars(sheet).get(dimensions, {}))
    return walk.digest()


def _cells(sheet: Any) -> tuple[bytes, ...]:
    """The cells that hold something, in chunks, in the order in which openpyxl keeps them."""
    chunks: list[bytes] = []
    rows: list[tuple[Any, ...]] = []
    for row in map(_ROW, vars(sheet).get("_cells", {}).values()):
        value = row[2]
        if value is not None or _holds_something(row):
            long = type(value) is str and len(value) > _LONG
            rows.append(_shortened(row) if long else row)
            if len(rows) == _CHUNK:
                chunks.append(_packed(rows))
                rows.clear()
    chunks.append(_packed(rows))
    return tuple(chunks)


def _shortened(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A long text by its hash, which Python keeps with it: many cells can share one text."""
    return (*row[:2], (len(row[2]), hash(row[2])), *row[3:])


def _packed(rows: list[tuple[Any, ...]]) -> bytes:
    try:
        return marshal.dumps(rows, _MARSHAL)
    except ValueError:  # dates, rich text, comments, numbers of other libraries
        return marshal.dumps([_plain_row(row) for row in rows], _MARSHAL)


def _unpacked(chunks: Iterable[bytes | None]) -> dict[tuple[int, int], tuple[Any, ...]]:
    # What is read here was packed in this process.
    rows = (row for chunk in chunks if chunk for row in marshal.loads(chunk))  # noqa: S302
    return {(row[0], row[1]): tuple(row[2:]) for row in rows}


def _holds_something(row: tuple[Any, ...]) -> bool:
    style = row[4]
    return bool(row[5] or row[6] or (style is not None and any(style)))


def _plain_row(row: tuple[Any, ...]) -> tuple[Any, ...]:
    place, value, style, rest = row[:2], row[2], row[4], row[5:]
    return (*place, _plain(value), row[3], style and style.tobytes(), *map(_plain, rest))


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind in _PLAIN or kind is tuple:  # a long text that was shortened
        return value
    return repr(value) if kind in _MOMENTS else _digest_of(value)


def _digest_of(value: Any) -> bytes:
    walk = _Walk()
    walk.put(value)
    return walk.digest()


class _Walk:
    """Feeds a digest with objects of any kind, each followed once."""

    def __init__(self) -> None:
        self._hasher = hashlib.blake2b(digest_size=16)
        self._seen: dict[int, int] = {}
        self._kept: list[Any] = []

    def digest(self) -> bytes:
        return self._hasher.digest()

    def put(self, value: Any) -> None:
        kind = type(value)
        if kind in _PLAIN:
            self._hasher.update(marshal.dumps(value, _MARSHAL))
        elif not self._met(value):
            self._note(kind.__qualname__)
            self._put_contents(value, kind)

    def put_attributes(self, thing: Any, excluded: AbstractSet[str] = frozenset()) -> None:
        for name, value in vars(thing).items():
            if name not in excluded:
                self._note(name)
                self.put(value)

    def put_dimensions(self, sheet: Any, dimensions: Mapping[Any, Any]) -> None:
        """Rows or columns, without those that reading made."""
        usual: dict[str, Any] | None = None
        for key, dimension in dimensions.items():
            if usual is None:
                usual = {**vars(type(dimension)(sheet)), "index": None}
            held = {**vars(dimension), "index": None}
            style = dimension._style  # noqa: SLF001
            styled = style is not None and any(style)
            if held != usual or styled:
                self.put([key, list(held.values()), style if styled else None])

    def _note(self, text: str) -> None:
        self._hasher.update(text.encode("utf-8", "surrogatepass") + b"\0")

    def _met(self, value: Any) -> bool:
        number = self._seen.get(id(value))
        if number is not None:
            self._note(f"@{number}")
            return True
        self._seen[id(value)] = len(self._seen)
        self._kept.append(value)  # or its id could be taken again within this walk
        return False

    def _put_contents(self, value: Any, kind: type) -> None:
        if _is_openpyxls_own(value, kind):
            return
        if isinstance(value, Mapping):
            self._put_all(part for item in value.items() for part in item)
        elif isinstance(value, AbstractSet):
            self._note(repr(sorted(map(_digest_of, value))))
        elif isinstance(value, list | tuple):
            self._put_all(value)
        elif isinstance(value, BytesIO):
            self._hasher.update(value.getvalue())
        elif _is_style_array(value):
            self._hasher.update(value.tobytes())
        elif kind.__name__ == "StyleProxy":
            self.put(value._StyleProxy__target)  # noqa: SLF001
        else:
            self._put_object(value)

    def _put_all(self, values: Iterable[Any]) -> None:
        count = 0
        for value in values:
            self.put(value)
            count += 1
        self._note(f"#{count}")

    def _put_object(self, value: Any) -> None:
        slots = [name for kind in type(value).__mro__ for name in _slots(kind)]
        if not slots and not hasattr(value, "__dict__"):
            self._note(repr(value))  # dates, decimals, numbers of other libraries
            return
        if hasattr(value, "__dict__"):
            self.put_attributes(value)
        for name in slots:
            self.put(getattr(value, name, None))


def _slots(kind: type) -> tuple[str, ...]:
    slots = vars(kind).get("__slots__", ())
    named = (slots,) if isinstance(slots, str) else tuple(slots)
    return tuple(name for name in named if not name.startswith("__"))


def _is_style_array(value: Any) -> bool:
    return hasattr(value, "tobytes") and hasattr(value, "typecode")


def _is_openpyxls_own(value: Any, kind: type) -> bool:
    """What is walked elsewhere, or holds the whole workbook, or came from another file."""
    return kind.__name__ in {"Cell", "MergedCell", "ZipFile", "ExternalSheetData"} or (
        hasattr(value, "_cells") or hasattr(value, "_sheets")
    )
