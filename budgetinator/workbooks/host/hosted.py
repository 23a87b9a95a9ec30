"""The workbook in its process: an ExcelManager, and what is asked of it from outside."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from budgetinator.errors import BudgetinatorError, JournalError, TaskExited
from budgetinator.resources.service import ResourceManagementService
from budgetinator.workbooks.addresses import split_address
from budgetinator.workbooks.host.messages import OpenOrder
from budgetinator.workbooks.host.rowblocks import RowBlocks
from budgetinator.workbooks.host.rows import RowChunk
from budgetinator.workbooks.host.sheets import SheetInfo, declared_sheets, grown, loaded_sheets
from budgetinator.workbooks.host.standing import Edits, Standing
from budgetinator.workbooks.manager import ExcelManager
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.opened import open_for_cells
from budgetinator.workbooks.surroundings import Surroundings

if TYPE_CHECKING:
    from budgetinator.resources import Journal
    from budgetinator.workbooks.host.editing import Editing
    from budgetinator.workbooks.losses.finding import Loss
    from budgetinator.workbooks.opened import OpenWorkbook
    from budgetinator.workbooks.patch import CellInput
    from budgetinator.workbooks.reading.currency import ShownValue
    from budgetinator.workbooks.recalculation.saving import RecalculationReport
    from budgetinator.workbooks.saving.storing import SaveReport

__all__ = ["HostedWorkbook"]

_NEEDED = (
    "host.editing",
    "reading.currency",
    "reading.rowvalues",
    "reading.values",
    "saving.storing",
)
# Blocks of rows that are kept, of all sheets together; what is needed again is read again.
_KEPT_BYTES = 256 * 1024 * 1024


class HostedWorkbook:
    """Serves the requests of one `WorkbookHost`, in the thread that owns the workbook."""

    interruptible = frozenset({"open", "contents", "losses", "recalculate", "inspect"})

    def __init__(self) -> None:
        self._manager: ExcelManager | None = None
        self._journal: Journal | None = None
        self._service: ResourceManagementService | None = None
        self._editing: Editing | None = None
        self._sheets: tuple[SheetInfo, ...] = ()
        self._blocks: dict[tuple[str, bool], RowBlocks] = {}
        self._has_news = False

    # What the loop asks

    def answer(self, name: str, arguments: tuple[Any, ...]) -> Any:
        """Do what is asked; raises what the library raises for it."""
        return _ANSWERS[name](self, *arguments)

    def stream(self, name: str, arguments: tuple[Any, ...]) -> Iterator[RowChunk | None] | None:
        """The chunks of rows; None for any other request."""
        return self._rows(*arguments) if name == "rows" else None

    def news(self) -> Standing | None:
        """How the workbook stands, after what may have changed it."""
        if not self._has_news or self._manager is None:
            return None
        self._has_news = False
        edits = self._editing.take_edits() if self._editing is not None else Edits()
        is_modified = self._manager.is_modified
        is_unsaved = is_modified and self._manager.has_unsaved_changes
        return Standing(self._sheets, is_modified, is_unsaved, edits)

    def prepare(self) -> None:
        """Import what the first requests need, while nobody waits."""
        for module in _NEEDED:
            import_module(f"budgetinator.workbooks.{module}")

    def close(self) -> None:
        """Let go of the workbook; what was not saved was the parent's to warn of."""
        with contextlib.ExitStack() as closing:
            if self._journal is not None:
                closing.callback(self._journal.close)
            if self._service is not None:
                closing.callback(self._service.close)
            if self._manager is not None:
                closing.callback(self._manager.force_close)

    # What is asked from outside

    def open(self, order: OpenOrder) -> None:
        """Open the file, so that it counts from now on what it was at this moment."""
        path = order.path
        try:
            os.chdir(order.folder or "/")
        except OSError:  # the folder is gone, or ours no more: the path in full leads there too
            path = os.path.join(order.folder or "", path)
        self._service = ResourceManagementService()
        self._journal = _journal(order)
        surroundings = Surroundings(self._service, order.settings, self._journal, order.lock_dir)
        self._manager = ExcelManager(path, service=surroundings)
        opened = self._opened()
        with self._package(opened) as package:
            self._sheets = declared_sheets(package)
            opened.layout = package.layout()
        self._has_news = True

    def contents(self, addresses: Iterable[str]) -> dict[str, CellInput]:
        opened = self._opened()
        return self._edits.contents(list(addresses), opened)

    def set_cells(self, changes: Mapping[str, CellInput]) -> dict[str, CellInput]:
        opened = self._opened()
        was_edited = bool(opened.pending)
        old, addresses = self._edits.set_cells(changes, opened)
        self._has_news = True
        self._sheets = grown(self._sheets, addresses)
        if was_edited and opened.pending:
            self._forget_rows({split_address(address)[0] for address in addresses})
        else:  # the first change makes the results of all formulas old, the last undo current
            self._blocks.clear()
        return old

    def save(self, path: str | None, options: Mapping[str, Any]) -> SaveReport:
        report = self._workbook.save(path, **options)
        self._look_again()
        return report

    def losses(self) -> tuple[Loss, ...]:
        return self._workbook.lossy()

    def recalculate(self, path: str | None, options: Mapping[str, Any]) -> RecalculationReport:
        done = False
        try:
            report = self._workbook.recalculate(path, **options)
            done = True
        finally:
            # Cut short just after the file was replaced, it would be taken for another's change;
            # nothing is lost by opening anew, for nothing unsaved is recalculated.
            if not done and not self._workbook.is_modified:
                with contextlib.suppress(BudgetinatorError):  # what came before tells more
                    self.reload()
        self._look_again()
        return report

    def reload(self) -> None:
        # Where the file cannot be opened, what was set stays.
        custody = self._workbook.custody
        Package.open(custody.location.path, custody.surroundings.settings.opening).close()
        self._workbook.reload()
        self._edits.forget()
        self._look_again()

    def inspect(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """What a function of the parent's finds out from the manager, which it leaves as it is."""
        return _called(function, self._workbook, arguments)

    def apply(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """What a function of the parent's makes of the manager."""
        self._has_news = True
        try:
            return _called(function, self._workbook, arguments)
        finally:
            self._look_again()

    def change(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """What a function of the parent's makes of the openpyxl workbook."""
        self._has_news = True
        try:
            return _called(function, self._workbook.workbook, arguments)
        finally:
            self._look_again()

    def changed_on_disk(self) -> bool:
        fingerprint = self._opened().fingerprint
        return fingerprint is not None and not fingerprint.matches(
            self._workbook.custody.location.absolute
        )

    # Inside

    @property
    def _workbook(self) -> ExcelManager:
        assert self._manager is not None
        return self._manager

    @property
    def _edits(self) -> Editing:
        """Made when it is first needed: it brings what a reader does not need."""
        if self._editing is None:
            from budgetinator.workbooks.host.editing import Editing

            self._editing = Editing(self._workbook)
        return self._editing

    def _opened(self) -> OpenWorkbook:
        """What is open; held from the start, so that a change of the file by others is noticed."""
        custody = self._workbook.custody
        opened = custody.mine()
        if opened is None:
            bounds = custody.surroundings.settings.opening
            opened = custody.hold(
                self._workbook,
                lambda: open_for_cells(custody.location, custody.mode, custody.ownership, bounds),
            )
        return opened

    def _package(self, opened: OpenWorkbook) -> Package:
        custody = self._workbook.custody
        bounds = custody.surroundings.settings.opening
        return Package.open(custody.location.path, bounds, known=opened.layout)

    def _look_again(self) -> None:
        """After anything but cells that were set: sheets and values may be others."""
        self._blocks.clear()
        self._has_news = True
        opened = self._opened()
        if not self._workbook.is_modified:
            self._edits.forget()
        if opened.workbook is not None:
            self._sheets = loaded_sheets(opened.workbook, self._sheets)
        else:
            with self._package(opened) as package:
                self._sheets = grown(declared_sheets(package), opened.pending)

    def _rows(
        self, sheet: str, first: int, count: int | None, chunk: int, old_results: bool
    ) -> Iterator[RowChunk | None]:
        row = first
        while count is None or row < first + count:
            wanted = chunk if count is None else min(chunk, first + count - row)
            blocks = self._blocks_of(sheet, old_results)
            rows = blocks.rows(row, wanted)
            if rows is None:
                blocks.advance()
                yield None
            elif rows:
                yield RowChunk(row, rows)
                row += len(rows)
            else:
                return

    def _blocks_of(self, sheet: str, old_results: bool) -> RowBlocks:
        """Those of a sheet, which become the most recent ones; the least recent go first."""
        key = sheet, old_results
        blocks = self._blocks.pop(key, None)
        if blocks is None:
            self._opened()
            blocks = RowBlocks(lambda: self._values(sheet, old_results))
        self._blocks[key] = blocks
        while len(self._blocks) > 1 and sum(b.size for b in self._blocks.values()) > _KEPT_BYTES:
            self._blocks.pop(next(iter(self._blocks)))
        return blocks

    def _forget_rows(self, titles: Collection[str | None]) -> None:
        """Those of these sheets, by whatever spelling they were asked for."""
        folded = {title.casefold() for title in titles if title is not None}
        for key in [key for key in self._blocks if key[0].casefold() in folded]:
            del self._blocks[key]

    def _values(self, sheet: str, old_results: bool) -> Iterator[tuple[ShownValue, ...]]:
        return self._workbook.values(sheet, old_results=old_results)


_ANSWERS: Mapping[str, Callable[..., Any]] = {
    name: getattr(HostedWorkbook, name)
    for name in (
        "open",
        "contents",
        "set_cells",
        "save",
        "losses",
        "recalculate",
        "reload",
        "inspect",
        "apply",
        "change",
        "changed_on_disk",
    )
}


def _called(function: Callable[..., Any], first: Any, arguments: tuple[Any, ...]) -> Any:
    """What the function returns; TaskExited if it ends the program, which is not the parent's."""
    try:
        return function(first, *arguments)
    except (SystemExit, KeyboardInterrupt) as error:
        code = error.code if isinstance(error, SystemExit) else None
        raise TaskExited(
            f"The function ended with {error!r} and no result; let it return or raise an error.",
            code=code if code is None or isinstance(code, int) else str(code),
        ) from error


def _journal(order: OpenOrder) -> Journal | None:
    """The parent's journal; none where it cannot be used here."""
    if not order.journal:
        return None
    from budgetinator.resources.journal import Journal

    try:
        return Journal(order.state_dir)
    except JournalError:
        return None
