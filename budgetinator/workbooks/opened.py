"""One open workbook: what its manager holds, and the service tracks, until it is closed.

It knows nothing of its manager, so that a manager that is forgotten can be collected
while the service still holds this and closes it.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from budgetinator.config import OpeningBounds
from budgetinator.errors import ChangedOnDisk
from budgetinator.workbooks.location import Location
from budgetinator.workbooks.saving.endings import refuse_other_ending
from budgetinator.workbooks.saving.fingerprint import Fingerprint

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from budgetinator.resources.journal_rows import OpenMode
    from budgetinator.workbooks.changes.comparison import Comparison
    from budgetinator.workbooks.changes.state import WorkbookState
    from budgetinator.workbooks.losses.finding import Loss
    from budgetinator.workbooks.opc.package import Layout, Package
    from budgetinator.workbooks.patch import CellInput
    from budgetinator.workbooks.patch.segments import SegmentedPart
    from budgetinator.workbooks.reading.deferred import Original

__all__ = [
    "Mode",
    "OpenWorkbook",
    "Ownership",
    "new_workbook",
    "open_for_cells",
    "open_workbook",
]

log = logging.getLogger("budgetinator.workbooks")

# Measured with openpyxl 3.1.5: 470 bytes a cell, styles and text included.
_CELL_BYTES = 480
_BOOK_BYTES = 256 * 1024
# From this size on, handing the freed memory back to the system is worth a collection.
_LARGE = 8 * 1024 * 1024
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Mode:
    """How a workbook is opened; only `edits` can be saved."""

    read_only: bool = False
    data_only: bool = False

    @property
    def edits(self) -> bool:
        """Whether its formulas are there to be saved."""
        return not (self.read_only or self.data_only)

    @property
    def name(self) -> OpenMode:
        """How the journal and the reports call it."""
        if self.edits:
            return "edit"
        return "values" if self.data_only else "read"


class Ownership:
    """The thread that a workbook belongs to; None, or a thread that ended, is nobody."""

    __slots__ = ("_thread",)

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    @property
    def thread(self) -> threading.Thread | None:
        """The owner, if it lives."""
        thread = self._thread
        return thread if thread is not None and thread.is_alive() else None

    @property
    def is_mine(self) -> bool:
        """Whether it is the calling thread's, or nobody's."""
        return self.thread in (None, threading.current_thread())

    def claim(self) -> bool:
        """Make it the calling thread's, if nobody else's it is; whether it is now."""
        if not self.is_mine:
            return False
        self._thread = threading.current_thread()
        return True

    def give_up(self) -> None:
        """Leave it to the next thread that claims it."""
        self._thread = None

    def keep_for(self, threads: Collection[threading.Thread]) -> None:
        """Leave it to the next thread that claims it, unless it is one of these threads'."""
        if self._thread not in threads:
            self._thread = None


class OpenWorkbook:
    """A workbook between its opening and its closing.

    `workbook` is None as long as only cells were set, which needs no openpyxl. Then
    `pending` holds them. `original` is the file that it was opened from: sheets that
    nobody has touched are still to be read from it. `state` is what the workbook held
    when it was last the same as its file, None for a workbook that has no file yet;
    `written` what it held when a copy was last saved. `segments` tell where in the file
    the pieces of large sheets stand that a save of cells alone has written, and `layout` what
    is known of the file while nothing is loaded. `size` is an estimate of its bytes in
    memory; `resized` is told of it as sheets are read.
    """

    def __init__(
        self, location: Location, mode: Mode, fingerprint: Fingerprint | None, ownership: Ownership
    ) -> None:
        self.location = location
        self.mode = mode
        self.fingerprint = fingerprint
        self.ownership = ownership
        self.lock = threading.RLock()
        self.workbook: Workbook | None = None
        self.original: Original | None = None
        self.pending: dict[str, CellInput] = {}
        self.state: WorkbookState | None = None
        self.written: WorkbookState | None = None
        self.pending_written = False
        self.losses: tuple[Loss, ...] | None = None
        self.segments: Mapping[str, SegmentedPart] = {}
        self.layout: Layout | None = None
        self.full_cells: frozenset[tuple[str, str]] = frozenset()
        self.size = fingerprint.size if fingerprint else _BOOK_BYTES
        self.closed = False
        self.evicted = False
        self.unrecord: Callable[[], None] | None = None
        self.resized: Callable[[int], None] | None = None
        self._references = 0

    def __str__(self) -> str:
        return f"the workbook {self.location}"

    def hold(self, workbook: Workbook) -> None:
        """Keep an openpyxl workbook that is the same as the file, and note what it holds."""
        from budgetinator.workbooks.changes.state import WorkbookState
        from budgetinator.workbooks.changes.writable import full_cells

        self.workbook = workbook
        if not self.mode.read_only:
            self.state = WorkbookState(workbook)
            self.full_cells = full_cells(workbook.worksheets)
            self.size = max(self.size, _BOOK_BYTES + _CELL_BYTES * _count_cells(workbook))
            if self.original is not None:
                self.original.on_read = self._note_read

    def _note_read(self, sheet: Worksheet, references: int) -> None:
        """A sheet was read when it was touched: this is what the file holds of it."""
        from budgetinator.workbooks.changes.writable import full_cells

        if self.closed or self.state is None:
            return
        self.state.note_read(sheet)
        if self.written is not None:
            self.written.note_read(sheet)
        self.full_cells |= full_cells([sheet])
        self.size += _CELL_BYTES * len(vars(sheet)["_cells"])
        if self.resized is not None:
            self.resized(self.size)
        self._references += references

    @property
    def left_out(self) -> tuple[str, ...]:
        """The parts of which openpyxl shows nothing, in the sheets that were read so far."""
        return self.original.left_out if self.original is not None else ()

    def comparison(self) -> Comparison | None:
        """What differs from the file; None for a workbook that has none. In its own thread."""
        if self.workbook is None or self.state is None:
            return None
        return self.state.compare(self.workbook)

    @property
    def is_changed(self) -> bool:
        """Whether it holds anything that its file does not; walks the workbook.

        In its own thread only.
        """
        return bool(self.pending) or self._differs(self.state)

    @property
    def is_unsaved(self) -> bool:
        """Whether it holds changes that no save has written anywhere."""
        if not self.is_changed:
            return False
        if self.workbook is None:
            return not self.pending_written
        return self.written is None or self._differs(self.written)

    def note_written(self, fingerprint: Fingerprint | None) -> None:
        """After a save by openpyxl: to its own file, which is this now, or None for a copy."""
        from budgetinator.workbooks.changes.state import WorkbookState

        assert self.workbook is not None
        written = WorkbookState(self.workbook)
        if fingerprint is None:
            self.written = written
        else:
            self.state, self.written, self.fingerprint = written, None, fingerprint
            self.losses = ()  # what openpyxl wrote, it can write again
            self._forget_original()  # its parts are not those of the file any more

    def _forget_original(self) -> None:
        original, self.original = self.original, None
        if original is not None:
            original.close()

    def note_patched(
        self,
        fingerprint: Fingerprint | None,
        package: Package | None,
        added: Iterable[tuple[object, str]] = (),
    ) -> None:
        """After it was written into the parts of its own file, `package` now, or of a copy.

        `added` are sheets that the file did not have, with their parts.
        """
        from budgetinator.workbooks.changes.state import WorkbookState

        assert self.workbook is not None
        written = WorkbookState(self.workbook)
        if fingerprint is None or package is None or self.original is None:
            self.written = written
        else:
            self.state, self.written, self.fingerprint = written, None, fingerprint
            self.original.exchange(package)
            for sheet, part in added:
                self.original.note_part(sheet, part)

    def note_references(self) -> None:
        """Note how many references there are before anybody else gets one."""
        self._references = self._count_references()

    @property
    def is_held(self) -> bool:
        """Whether somebody else holds the workbook or a sheet; a single cell is not noticed."""
        return self._count_references() > self._references

    def _count_references(self) -> int:
        if self.workbook is None:
            return 0
        sheets = vars(self.workbook).get("_sheets", ())
        return sys.getrefcount(self.workbook) + sum(map(sys.getrefcount, sheets))

    def _differs(self, state: WorkbookState | None) -> bool:
        if self.workbook is None or self.mode.read_only:
            return False
        return state is None or state.differs(self.workbook)

    def close(self) -> None:
        """Let go of everything, from any thread; waits for a save under way. Twice is harmless."""
        with self.lock:
            workbook, self.workbook = self.workbook, None
            unrecord, self.unrecord = self.unrecord, None
            self.closed = True
            self.state = self.written = None
            self.segments, self.layout = {}, None
            self._forget_original()
        try:
            if workbook is not None:
                _give_back(workbook, large=self.size > _LARGE)
        finally:
            if unrecord is not None:
                unrecord()


def _give_back(workbook: Workbook, *, large: bool) -> None:
    from budgetinator.workbooks.releasing import release_workbook, return_memory

    release_workbook(workbook)
    del workbook
    if large:
        return_memory()


def open_for_cells(
    location: Location, mode: Mode, ownership: Ownership, bounds: OpeningBounds | None
) -> OpenWorkbook:
    """The workbook as it is now, with nothing of it loaded; raises as `Package.open` does.

    Without `bounds` the file has just been opened and is known to be whole.
    """
    if bounds is not None:
        from budgetinator.workbooks.opc.package import Package

        Package.open(location.path, bounds).close()
    return OpenWorkbook(location, mode, Fingerprint.of(location.path), ownership)


def new_workbook(location: Location, ownership: Ownership) -> OpenWorkbook:
    """A workbook with one empty sheet that has no file yet; it counts as changed.

    Raises SaveError for a name that it could not be saved under.
    """
    from openpyxl import Workbook

    template = location.absolute.suffix.lower() == ".xltx"
    refuse_other_ending(location, template=template, macros=False, original=None)
    opened = OpenWorkbook(location, Mode(), None, ownership)
    opened.workbook = Workbook()
    opened.workbook.template = template
    return opened


def open_workbook(
    location: Location, mode: Mode, ownership: Ownership, bounds: OpeningBounds
) -> OpenWorkbook:
    """The workbook, loaded by openpyxl; the fingerprint is that of what was loaded.

    Raises what `load_workbook_guarded` does, and ChangedOnDisk when the file changes
    again and again while it is read.
    """
    from budgetinator.workbooks.reading.loading import load_workbook_guarded

    for _ in range(_ATTEMPTS):
        _check_kind(location, bounds)
        fingerprint = Fingerprint.of(location.path)
        loaded = load_workbook_guarded(
            location.path,
            read_only=mode.read_only,
            data_only=mode.data_only,
            bounds=bounds,
            lazy=True,
        )
        opened = OpenWorkbook(location, mode, fingerprint, ownership)
        opened.workbook = loaded.workbook
        opened.original = loaded.original
        if fingerprint.matches(location.absolute):
            for note in loaded.notes:
                log.info("%s: %s", location, note)
            opened.hold(loaded.workbook)
            return opened
        opened.close()
    raise ChangedOnDisk(
        f"{location} changes while it is read; wait until the other program has saved it.",
        path=location.path,
    )


def _check_kind(location: Location, bounds: OpeningBounds) -> None:
    """Before the whole file is read for its fingerprint: is it a workbook at all?"""
    from budgetinator.workbooks.opc.guard import open_workbook_file

    open_workbook_file(location.path, bounds).close()


def _count_cells(workbook: Workbook) -> int:
    return sum(len(vars(sheet).get("_cells", ())) for sheet in workbook.worksheets)
