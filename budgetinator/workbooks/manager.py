"""ExcelManager: one workbook file, opened when it is needed, edited, saved and let go."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast

from budgetinator.errors import WorkbookClosed
from budgetinator.workbooks.location import Location
from budgetinator.workbooks.managed import ManagedWorkbook
from budgetinator.workbooks.opc.package import Package

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from budgetinator.workbooks.losses.finding import Loss
    from budgetinator.workbooks.opened import OpenWorkbook
    from budgetinator.workbooks.patch import CellInput
    from budgetinator.workbooks.reading.currency import ShownValue
    from budgetinator.workbooks.reading.rowvalues import SheetValues
    from budgetinator.workbooks.recalculation.saving import RecalculationReport
    from budgetinator.workbooks.saving.storing import SaveReport, Target

__all__ = ["ExcelManager"]


class ExcelManager(ManagedWorkbook):
    """One workbook file, opened at first use and closed by `close` or the end of `with`.

    Nothing is read before it is needed, so a missing file is told at first use. What
    is open is a tracked resource of the service, of type WORKBOOK, whose component is
    this manager; without a service it is the default runtime's. A password cannot be
    used: openpyxl does not decrypt, and an encrypted file raises WorkbookEncrypted.

    A workbook belongs to the thread that opens it. In another one every use of it
    raises WrongThread, but for `close`, `force_close`, `is_open` and the `get_*_usage`
    and `get_*_info`; `hand_over` lets the next thread have it. What is read from the
    file while nothing is open (`sheet_names`, `values`) can be read by any thread.
    After `close` every use raises WorkbookClosed.

    Under memory pressure the service may drop the workbook of a manager when nothing
    of it was changed and nobody holds it or a piece of it; the next use opens it again,
    and raises ChangedOnDisk if the file is not the same any more.
    """

    # Sheets

    @property
    def active_sheet(self) -> Worksheet:
        """The active sheet of the workbook."""
        return cast("Worksheet", self.workbook.active)

    @property
    def sheet_names(self) -> list[str]:
        """All sheets in the order of their tabs; reads no sheet and loads no openpyxl."""
        opened = self.custody.mine()
        if self._creates or (opened is not None and opened.workbook is not None):
            return list(self.workbook.sheetnames)
        with self._package() as package:
            return [entry.name for entry in package.sheets]

    def sheet_exists(self, name: str) -> bool:
        """Whether there is a sheet of this name, compared as Excel does: without case."""
        from budgetinator.workbooks.worksheets import find_title

        return find_title(self.sheet_names, name) is not None

    def get_sheet_by_name(self, name: str) -> Worksheet:
        """The sheet of this name, in any case; WorksheetNotFound names those that there are."""
        from budgetinator.workbooks.worksheets import find_title, worksheet_not_found

        workbook = self.workbook
        title = find_title(workbook.sheetnames, name)
        if title is None:
            raise worksheet_not_found(self.file_path, name, workbook.sheetnames)
        return cast("Worksheet", workbook[title])

    def create_sheet(self, title: str | None = None, index: int | None = None) -> Worksheet:
        """A new sheet at the end or at the index, counted from 0.

        Raises InvalidCellValue for a name that Excel does not take or that is taken,
        ValuesOnly in a workbook that is read only.
        """
        from budgetinator.workbooks.worksheets import check_new_title

        workbook = self.workbook
        if self.custody.mode.read_only:
            self._refuse_values_only()
        if title is not None:
            check_new_title(workbook.sheetnames, title, self.file_path)
        return cast("Worksheet", workbook.create_sheet(title, index))

    def remove_sheet(self, sheet: str | Worksheet) -> None:
        """Remove a sheet, given by its name or itself; WorksheetNotFound if it is not there."""
        if self.custody.mode.read_only:
            self._refuse_values_only()
        name = sheet if isinstance(sheet, str) else sheet.title
        found = self.get_sheet_by_name(name)
        self.workbook.remove(found)

    # Values and cells

    @property
    def needs_recalculation(self) -> bool:
        """Whether there are formulas whose results may be old; then `values` marks them.

        That is so after an edit, until Excel or `recalculate` has computed the file. Looks
        for a first formula, in all sheets if there is none.
        """
        from budgetinator.workbooks.reading.currency import formulas_are_stale

        opened = self._loaded() if self._creates else self.custody.mine()
        return formulas_are_stale(self.custody.location, opened, self._bounds)

    def values(self, sheet: str, *, old_results: bool = False) -> Iterator[tuple[ShownValue, ...]]:
        """The rows of a sheet as tuples of values, streamed; see `iter_values`.

        They come from the file, where formulas have their results, with the cells that
        were set in their places. Where `needs_recalculation` holds, each result of a
        formula is a `StaleResult`, which is no number, because nothing here computes.
        With `old_results` it is what was computed last instead, and None or the formula's
        text where nothing was: as soon as the loaded workbook was changed.
        """
        from budgetinator.workbooks.reading.currency import with_stale_results
        from budgetinator.workbooks.reading.rowvalues import stream_values, worksheet_names
        from budgetinator.workbooks.worksheets import find_title

        opened = self._loaded() if self._creates else self.custody.mine()
        location = self.custody.location
        rows = stream_values(location, sheet, opened, self._bounds)
        if old_results:
            return rows
        title = find_title(worksheet_names(location, opened, self._bounds), sheet)
        return with_stale_results(rows, location, title or sheet, opened, self._bounds)

    def get_all_data(self) -> list[SheetValues]:
        """The values of every worksheet, all in memory at once; `values` streams them."""
        from budgetinator.workbooks.reading.rowvalues import SheetValues, worksheet_names

        opened = self._loaded() if self._creates else self.custody.mine()
        names = worksheet_names(self.custody.location, opened, self._bounds)
        return [SheetValues(name, list(self.values(name))) for name in names]

    def set_cells(self, changes: Mapping[str, CellInput]) -> None:
        """Set cells, `{"Sheet!A1": value}` or `{"A1": value}` for the active sheet; all or none.

        None clears a cell and keeps its format, a str is text whatever it begins with,
        `Formula` is a formula. As long as nobody asks for `workbook`, no sheet is built:
        the next save writes the cells into the file's own XML and copies the rest byte
        for byte. With a loaded workbook they are put into that, and `workbook` puts in
        what was set before. Setting a cell again replaces the value.

        Raises WorksheetNotFound, InvalidCellReference, InvalidCellValue or ValuesOnly at
        once; what only the sheet's own XML can tell, such as a cell hidden by a merged
        area, at the save.
        """
        from budgetinator.workbooks.worksheets import normalised_changes, put_into_workbook

        opened = self.custody.mine()
        self._refuse_values_only()
        if self._creates or (opened is not None and opened.workbook is not None):
            put_into_workbook(self.workbook, changes, self.file_path)
            return
        with self._package(opened) as package:
            found = normalised_changes(package, changes, self.file_path)
            layout = package.layout()
        if opened is None:
            opened = self._begin(checked=True)
        opened.layout = layout
        opened.pending = {**opened.pending, **found}
        opened.pending_written = False

    # Saving

    def save(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        allow_loss: bool = False,
        overwrite: bool = False,
        backup: bool | None = None,
    ) -> SaveReport:
        """Save to its own file, or a copy to `path`; the manager stays with its own file.

        After a copy the changes are still changes to its own file, but no longer
        unsaved ones. `overwrite` replaces a file that another program changed or made;
        `backup` keeps the old one as `NAME.backup.xlsx` (default: the setting
        `saving.backup`). A manager that was not changed writes nothing to its own file.

        Raises ValuesOnly, ChangedOnDisk, WouldLose, InvalidCellValue, TargetReadOnly,
        WorkbookBusy or another SaveError, and then no file has changed.
        """
        from budgetinator.workbooks.saving.storing import store

        opened = self._to_be_written()
        target = self._target(path, backup, allow_loss=allow_loss, overwrite=overwrite)
        with opened.lock:
            if opened.closed:
                raise WorkbookClosed(
                    f"{self.file_path} was closed in another thread; nothing was saved.",
                    path=self.file_path,
                )
            report = store(opened, target, self.custody.surroundings)
        if target.own:
            self.custody.fingerprint = opened.fingerprint
            self._creates = False
        return report

    def recalculate(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        backup: bool | None = None,
        timeout: float = 120.0,
    ) -> RecalculationReport:
        """Have LibreOffice compute all formulas, and put their results into the file, or a copy.

        Everything else in the file stays byte for byte. It is marked no longer as one
        that is to be recalculated, unless formulas are left to which LibreOffice gives no
        result that can be believed: `RecalculationReport.left`. `timeout` is in seconds,
        `backup` as in `save`.

        Raises RecalculationFailed where LibreOffice is missing or does not answer,
        SaveError while there are unsaved changes, ChangedOnDisk, ValuesOnly, WouldLose for
        a signed file, and what `save` raises; then no file has changed.
        """
        from budgetinator.workbooks.recalculation.saving import store_recalculated

        opened = self._to_be_written()
        target = self._target(path, backup)
        report = store_recalculated(opened, target, self.custody.surroundings, timeout)
        if target.own:
            self.custody.fingerprint = opened.fingerprint
        return report

    def lossy(self) -> tuple[Loss, ...]:
        """What a save would lose as things stand; nothing while nothing was changed.

        What was changed is put into the file's own parts, so that is little: a digital
        signature, say, or the name of a table's column whose header was overwritten.
        """
        from budgetinator.workbooks.saving.storing import losses_of

        opened = self.custody.mine()
        return losses_of(opened, self._bounds) if opened is not None else ()

    def _package(self, opened: OpenWorkbook | None = None) -> Package:
        known = opened.layout if opened is not None else None
        return Package.open(self.custody.location.path, self._bounds, known=known)

    def _to_be_written(self) -> OpenWorkbook:
        """The open workbook; opened, or begun where there is no file yet, if nothing has been."""
        opened = self.custody.mine()
        self._refuse_values_only()
        if opened is None:
            opened = self._loaded() if self._creates else self._begin()
        return opened

    def _target(
        self,
        path: str | os.PathLike[str] | None,
        backup: bool | None,
        *,
        allow_loss: bool = False,
        overwrite: bool = False,
    ) -> Target:
        from budgetinator.workbooks.saving.storing import Target, backup_path

        location = self.custody.location if path is None else Location(path)
        setting = self.custody.surroundings.settings.saving.backup
        keeps_old = setting if backup is None else backup
        return Target(
            location,
            own=path is None or location.leads_to_same(self.custody.location),
            allow_loss=allow_loss,
            overwrite=overwrite,
            backup=backup_path(location.absolute) if keeps_old else None,
        )
