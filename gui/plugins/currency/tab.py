"""The tab: an amount, two currencies, and a table of rates that is typed or read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from pathlib import Path
from typing import IO

from PySide6.QtCore import QIODevice, QSaveFile, Qt
from PySide6.QtWidgets import QFileDialog
from shiboken6 import isValid

from budgetinator.budgets import Locale, format_number, parse_number
from budgetinator.errors import InvalidNumber
from budgetinator.plugins import with_managed_resource
from budgetinator.resources import ResourceType
from gui.plugin_base import PluginBase
from gui.plugins.currency import PLUGIN_METADATA
from gui.plugins.currency.form import CurrencyForm
from gui.plugins.currency.rates import MOST_BYTES, Conversion, Rates, decimal_places, shortened

__all__ = ["CurrencyTab"]

_FILES = "Rates (*.toml *.csv);;All files (*)"


class CurrencyTab(PluginBase):
    """Converts while one types. Rates live in a file that the user keeps, or in the table only."""

    def __init__(self) -> None:
        super().__init__(plugin_id=PLUGIN_METADATA["id"], plugin_type="tool")
        self.setWindowTitle(PLUGIN_METADATA["name"])
        self.rates = Rates()
        self.file: Path | None = None
        self.form = CurrencyForm(self)
        self.form.changed.connect(self._convert)
        self.form.rates_changed.connect(self._take_rates)
        self.form.open_button.clicked.connect(self._ask_what_to_open)
        self.form.save_button.clicked.connect(self._ask_where_to_save)

    def initialize(self) -> bool:
        """Begin with no rates but the euro's own: none is made up."""
        self.form.show_rates(self.rates)
        self.form.amount.setFocus()
        self._convert()
        return True

    def _cleanup_resources(self) -> None:
        for dialog in self.findChildren(QFileDialog) if isValid(self) else ():
            dialog.close()

    # Converting

    def _convert(self) -> None:
        form = self.form
        try:
            amount = parse_number(form.amount.text(), form.number_format)
        except InvalidNumber as error:
            form.show_problem(str(error))
            return
        if amount is None:
            form.show_nothing()
            return
        try:
            found = self.rates.convert(amount, form.source_code, form.target_code)
        except KeyError:
            form.show_problem(self.tr("There is no rate for that currency yet."))
            return
        form.show_result(_written(found, form.number_format), _explained(found, form.number_format))

    def _take_rates(self) -> None:
        """The table was edited: read it, or say which line is wrong."""
        try:
            self.rates = Rates(self.form.typed_rates(), self.rates.day)
        except (ValueError, InvalidNumber) as error:
            self.form.show_rates_problem(str(error))
            return
        self.form.show_codes(self.rates.codes)
        self.form.show_rates_problem("")
        self._convert()

    # Files

    def _ask_what_to_open(self) -> None:
        self._ask(QFileDialog.AcceptMode.AcceptOpen, self.open_rates)

    def _ask_where_to_save(self) -> None:
        self._ask(QFileDialog.AcceptMode.AcceptSave, self.save_rates)

    def _ask(self, mode: QFileDialog.AcceptMode, answer: object) -> None:
        dialog = QFileDialog(self, self.tr("Rates"), str(self.file or ""), self.tr(_FILES))
        dialog.setAcceptMode(mode)
        if mode is QFileDialog.AcceptMode.AcceptSave:
            dialog.setDefaultSuffix("toml")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(answer)
        dialog.open()

    def open_rates(self, path: str) -> None:
        """Show the rates of a file; what is wrong with it is said, and the old ones stay."""
        try:
            text = self._read(Path(path))
            read = Rates.from_csv if path.lower().endswith(".csv") else Rates.from_toml
            rates = read(text)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self.form.show_rates_problem(f"{Path(path).name}: {reason}")
            return
        self.rates, self.file = rates, Path(path)
        self.form.show_rates(rates)
        self.form.show_origin(self._origin())
        self._convert()

    def save_rates(self, path: str) -> None:
        """Write the rates as they are shown; the file is replaced as a whole."""
        try:
            today = dt.date.today()  # noqa: DTZ011 - the user's day
            rates = Rates(self.form.typed_rates(), self.rates.day or today)
            text = rates.as_csv() if path.lower().endswith(".csv") else rates.as_toml()
            self._write(Path(path), text)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self.form.show_rates_problem(f"{Path(path).name}: {reason}")
            return
        self.rates, self.file = rates, Path(path)
        self.form.show_origin(self._origin())
        self.form.show_rates_problem("")

    @with_managed_resource(ResourceType.FILE_HANDLE)
    def _read(self, path: Path) -> Generator[IO[bytes], None, str]:
        file = path.open("rb")
        yield file
        data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ValueError(self.tr("It is too large for a file of rates."))
        return data.decode("utf-8-sig")

    def _write(self, path: Path, text: str) -> None:
        """Qt writes beside the file, and replaces it when all of the text is there."""
        file = QSaveFile(str(path))
        data = text.encode()
        if not file.open(QIODevice.OpenModeFlag.WriteOnly) or file.write(data) != len(data):
            raise OSError(0, file.errorString())
        if not file.commit():
            raise OSError(0, file.errorString())

    def _origin(self) -> str:
        name = self.file.name if self.file is not None else ""
        day = self.rates.day
        return self.tr("{0}, rates of {1}").format(name, day) if day is not None else name


def _written(found: Conversion, locale: Locale) -> str:
    return f"{format_number(found.rounded, locale, decimal_places(found.target))} {found.target}"


def _explained(found: Conversion, locale: Locale) -> str:
    rate = format_number(shortened(found.rate), locale)
    exact = format_number(shortened(found.exact), locale)
    return f"1 {found.source} = {rate} {found.target}; {exact} before rounding"
