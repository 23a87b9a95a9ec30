"""The tab: a file is chosen and looked at, and then all of it is imported or nothing.

The workbook belongs to the window, which lends it for one question at a time. What is
asked of it runs on a thread of its own, since the workbook may be large.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import IO, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog
from shiboken6 import isValid

from budgetinator.plugins import BorrowedWorkbook, with_managed_resource
from budgetinator.resources import ResourceType
from budgetinator.result import Result
from gui.plugin_base import PluginBase
from gui.plugins.partner_csv import PLUGIN_METADATA
from gui.plugins.partner_csv.columns import known_headings
from gui.plugins.partner_csv.form import ImportForm
from gui.plugins.partner_csv.operations import import_partners, taken_partners
from gui.plugins.partner_csv.partners import Preview, preview
from gui.plugins.partner_csv.tables import DELIMITERS, MOST_BYTES, CsvTable, read_table
from gui.workers import QThreadTask

__all__ = ["PartnerImport"]


class PartnerImport(PluginBase):
    """Adds the partners of a CSV file to the workbook in front."""

    def __init__(self) -> None:
        super().__init__(plugin_id=PLUGIN_METADATA["id"], plugin_type="tool")
        self.setWindowTitle(PLUGIN_METADATA["name"])
        self.file: Path | None = None
        self._data = b""
        self._preview: Preview | None = None
        self._taken: dict[int, str] = {}
        self._target: str | None = None
        self._asked_of = ""
        self._must_ask_again = False
        self._worker: QThreadTask | None = None
        self._worker_id: str | None = None
        self.form = form = ImportForm(self)
        form.choose_button.clicked.connect(self._ask_for_file)
        form.headings_button.clicked.connect(self._copy_headings)
        form.refresh_button.clicked.connect(self.look_again)
        form.import_button.clicked.connect(self.import_partners)
        form.reading_changed.connect(self._show_preview)
        self.plugin_activated.connect(self.look_again)

    def initialize(self) -> bool:
        """Say what to do first."""
        self.form.file_label.setText(
            self.tr("The first line of the file names the columns; one of them is Acronym.")
        )
        self.look_again()
        return True

    def _cleanup_resources(self) -> None:
        for dialog in self.findChildren(QFileDialog) if isValid(self) else ():
            dialog.close()
        self._worker = self._worker_id = self._preview = None

    # The file

    def _ask_for_file(self) -> None:
        dialog = QFileDialog(
            self, self.tr("Partners"), "", self.tr("CSV (*.csv *.txt *.tsv);;All files (*)")
        )
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.open_file)
        dialog.open()

    def open_file(self, path: str) -> None:
        """Read a file and show what would come of it."""
        self.file = Path(path)
        self.look_again()

    @with_managed_resource(ResourceType.FILE_HANDLE)
    def _read(self, path: Path) -> Generator[IO[bytes], None, bytes]:
        file = path.open("rb")
        yield file
        return file.read(MOST_BYTES + 1)

    def _copy_headings(self) -> None:
        QGuiApplication.clipboard().setText(";".join(known_headings()) + "\n")
        self.form.say(self.tr("The headings are on the clipboard; paste them into a new file."))

    # The preview

    def look_again(self) -> None:
        """Read the file anew, and ask the workbook which partners it has."""
        self._data = b""
        if self.file is not None:
            try:
                self._data = self._read(self.file)
            except OSError as error:
                self._refuse(f"{self.file.name}: {error.strerror}")
                return
        self._ask_for_partners()

    def _ask_for_partners(self) -> None:
        if self._worker is not None:
            self._must_ask_again = True  # the workbook in front may be another one by now
            return
        self._taken, self._target = {}, None
        workbook = self._workbook()
        if workbook is None:
            self.form.target_label.setText(self.tr("Open a budget workbook to import into."))
            self._show_preview()
            return
        self._asked_of = str(workbook.path)
        self.form.target_label.setText(self.tr("Into {0}").format(Path(self._asked_of).name))
        self._ask_workbook(self._partners_known, workbook, taken_partners)

    def _partners_known(self, result: Result[dict[int, str]]) -> None:
        self._end()
        if self._must_ask_again:
            self._must_ask_again = False
            self._ask_for_partners()
            return
        if result.success:
            self._taken, self._target = result.value, self._asked_of
        else:
            self.form.target_label.setText(str(result.error))
        self._show_preview()

    def _show_preview(self) -> None:
        self._preview = None
        self.form.import_button.setEnabled(False)
        if self.file is None or not self._data:
            self.form.show_preview(None)
            return
        try:
            table = read_table(self._data, self.form.delimiter)
            found = preview(table, self.form.number_format, self._taken)
        except ValueError as error:
            self._refuse(f"{self.file.name}: {error}")
            return
        self._preview = found
        self.form.file_label.setText(self._described(table, found))
        self.form.show_preview(found)
        ready = found.is_ready and self._target is not None
        self.form.import_button.setEnabled(ready)
        named = self.tr("&Import {0} partners").format(len(found.partners))
        self.form.import_button.setText(named if ready else self.tr("&Import"))
        self.form.say(self._outlook(found))

    def _described(self, table: CsvTable, found: Preview) -> str:
        name = self.file.name if self.file is not None else ""
        text = self.tr("{0}: {1} rows, cells parted by {2}, read as {3}").format(
            name, len(table.rows), DELIMITERS[table.delimiter], table.coding
        )
        if found.ignored:
            text += self.tr("; not known and left out: {0}").format(", ".join(found.ignored))
        return text

    def _outlook(self, found: Preview) -> str:
        if found.problems:
            return self.tr("{0} problems; nothing is imported before all are solved.").format(
                len(found.problems)
            )
        if self._target is None:
            return self.tr("Ready, as soon as a budget workbook is open.")
        return self.tr("Ready: all of them are added as one change, or none.")

    def _refuse(self, text: str) -> None:
        self._preview = None
        self.form.import_button.setEnabled(False)
        self.form.show_problem(text)

    # The import

    def import_partners(self) -> None:
        """Add all partners of the preview to the workbook; it is not saved by this."""
        workbook = self._workbook()
        found = self._preview
        if self._worker is not None or found is None or not found.is_ready:
            return
        if workbook is None or str(workbook.path) != self._target:
            self.look_again()  # another workbook came to the front: show first what that means
            return
        self.form.import_button.setEnabled(False)
        self.form.say(self.tr("Importing…"))
        self._ask_workbook(self._imported, workbook, import_partners, found.complete())

    def _imported(self, result: Result[str | None]) -> None:
        self._end()
        if result.is_error:
            self.form.import_button.setEnabled(True)
            self.form.say(self.tr("Nothing was imported: {0}").format(result.error))
            return
        count = len(self._preview.complete()) if self._preview is not None else 0
        self.file, self._data, self._preview = None, b"", None
        self.form.show_preview(None)
        self.form.import_button.setText(self.tr("&Import"))
        self.form.file_label.setText(self.tr("Choose the next file, or save the workbook."))
        told = self.tr("{0} partners were added as version {1}; the workbook is not saved yet.")
        self.form.say(told.format(count, result.value or "?"))

    def _workbook(self) -> BorrowedWorkbook | None:
        return self.workbench.active() if self.workbench is not None else None

    def _ask_workbook(
        self,
        told: Callable[[Any], None],
        workbook: BorrowedWorkbook,
        operation: Any,
        *arguments: Any,
    ) -> None:
        """Ask the workbook on a thread of its own, and be told on this one."""
        worker = QThreadTask(partial(_asked, workbook, operation, arguments), "partner import")
        worker.result_ready.connect(told)
        self._worker = worker
        self._worker_id = self.track_resource(ResourceType.WORKER, worker)
        worker.start()

    def _end(self) -> None:
        """The worker has told its result: let go of it."""
        worker_id, self._worker, self._worker_id = self._worker_id, None, None
        if worker_id is not None:
            self.release_resource(worker_id)


def _asked(
    workbook: BorrowedWorkbook, operation: Any, arguments: tuple[Any, ...], _progress: Any
) -> Any:
    """What the thread does; it knows the workbook and not the tab."""
    return workbook.apply(operation, *arguments)
