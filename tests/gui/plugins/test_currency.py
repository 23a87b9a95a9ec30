"""The currency converter: its rates, and the tab by keys and mouse."""

from __future__ import annotations

import datetime as dt
import weakref
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from budgetinator.errors import InvalidNumber
from budgetinator.plugins import PluginManager
from gui.plugins.currency.rates import Rates, decimal_places, parse_rate

TOML = 'base = "EUR"\ndate = 2026-11-20\n[rates]\nUSD = "1.0832"\nJPY = 164.25\nCHF = 0.9411\n'
RATES = Rates({"USD": Decimal("1.0832"), "JPY": Decimal("164.25"), "CHF": Decimal("0.9411")})


# The rates


@pytest.mark.parametrize(
    ("amount", "source", "target", "rounded"),
    [
        ("100", "EUR", "USD", "108.32"),
        ("108.32", "USD", "EUR", "100.00"),
        ("12500.50", "EUR", "CHF", "11764.22"),
        ("100", "USD", "CHF", "86.88"),
        ("1", "EUR", "JPY", "164"),
        ("2", "EUR", "JPY", "328"),
        ("0", "EUR", "USD", "0.00"),
        ("-5", "EUR", "USD", "-5.42"),
        ("7", "EUR", "EUR", "7.00"),
    ],
)
def test_an_amount_is_converted_over_the_euro(
    amount: str, source: str, target: str, rounded: str
) -> None:
    """Rounded once, at the end, half to even, to the smallest unit: 328.5 yen are 328."""
    assert RATES.convert(Decimal(amount), source, target).rounded == Decimal(rounded)
    assert str(RATES.convert(Decimal(amount), source, target).rounded) == rounded


def test_nothing_is_rounded_on_the_way() -> None:
    """There and back gives the amount, to the last of 24 digits."""
    amount = Decimal("123456789012345678901.234")
    there = RATES.convert(amount, "EUR", "USD").exact
    assert RATES.convert(there, "USD", "EUR").exact == amount


@pytest.mark.parametrize(("code", "places"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("PLN", 2)])
def test_each_currency_has_its_smallest_unit(code: str, places: int) -> None:
    """As ISO 4217 has them."""
    assert decimal_places(code) == places


@pytest.mark.parametrize("text", ["1.083", "1,083", "0.9411", "12"])
def test_a_rate_is_read_with_either_sign(text: str) -> None:
    """Rates have no thousands, so that three digits behind a comma are no riddle."""
    assert parse_rate(text) == Decimal(text.replace(",", "."))


@pytest.mark.parametrize("text", ["", "1.234,5", "1e5", "-1", "nan", "Inf", "1 000", "1.0.0"])
def test_other_texts_are_no_rates(text: str) -> None:
    """And are not guessed at."""
    with pytest.raises(InvalidNumber):
        parse_rate(text)


def test_files_are_read_and_written_without_loss() -> None:
    """TOML keeps the day; CSV is what spreadsheets have."""
    read = Rates.from_toml(TOML)
    assert (read.per_euro, read.day) == (RATES.per_euro, dt.date(2026, 11, 20))
    assert Rates.from_toml(read.as_toml()) == read
    assert Rates.from_csv(read.as_csv()).per_euro == read.per_euro


@pytest.mark.parametrize(
    "text",
    [
        "Currency;Rate\nUSD;1,0832\nCHF;0,9411\n",
        "USD,1.0832\nCHF,0.9411\n",
        "# ours\nUSD\t1.0832\nCHF\t0.9411",
    ],
)
def test_csv_is_read_in_its_usual_forms(text: str) -> None:
    """With a heading or without, parted by semicolon, comma or tab."""
    rates = Rates.from_csv(text)
    assert rates.per_euro["CHF"] == Decimal("0.9411")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('base = "USD"\n[rates]\n', "have to be for one EUR"),
        ("date = 2026-11-20\n", "no table"),
        ('date = "yesterday"\n[rates]\n', "write it as 2026-11-20"),
        ('[rates]\nUSD = "dear"\n', "is no rate"),
        ("[rates]\nUSD = 0\n", "above zero"),
        ("[rates]\nUSD = nan\n", "above zero"),
        ("[rates]\nEUR = 2\n", "One euro is one euro"),
        ("[rates]\nusd = 1\n", "no currency"),
        ("[rates]\nUSD = true\n", "is no number"),
        ("[rates\n", "Expected"),
        ("a = " + "[" * 5000, "nested too deeply"),
    ],
)
def test_a_file_that_is_wrong_says_why(text: str, said: str) -> None:
    """One sentence for each."""
    with pytest.raises(ValueError, match=said):
        Rates.from_toml(text)


def test_a_currency_without_a_rate_is_a_key_error() -> None:
    """Nothing is made up."""
    with pytest.raises(KeyError):
        RATES.convert(Decimal(1), "EUR", "SEK")


# The tab


@pytest.fixture
def tab(qtbot: QtBot, manager: PluginManager) -> Any:
    """The tab, on the screen, with English numbers; pytest keeps no plugin alive by a proxy."""
    manager.load_plugin("currency")
    widget: Any = manager.get_plugin("currency")
    widget.resize(900, 600)
    widget.show()
    qtbot.waitExposed(widget)
    widget.form.format_box.setCurrentIndex(1)
    return weakref.proxy(widget)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rates.toml"
    path.write_text(TOML)
    return path


def test_it_converts_while_one_types(qtbot: QtBot, tab: Any, file: Path) -> None:
    """By keys alone: the amount, and the currencies by their letters."""
    tab.open_rates(str(file))
    qtbot.keyClicks(tab.form.amount, "12,500.50")
    qtbot.keyClicks(tab.form.target, "C")
    assert tab.form.result.text() == "11,764.22 CHF"
    assert tab.form.detail.text() == "1 EUR = 0.9411 CHF; 11,764.22055 before rounding"
    qtbot.mouseClick(tab.form.swap_button, Qt.MouseButton.LeftButton)
    assert tab.form.result.text() == "13,282.86 EUR"


def test_german_numbers_are_read_and_written(qtbot: QtBot, tab: Any, file: Path) -> None:
    """What is ambiguous is refused with both readings."""
    tab.open_rates(str(file))
    tab.form.format_box.setCurrentIndex(0)
    tab.form.target.setCurrentText("USD")
    qtbot.keyClicks(tab.form.amount, "1.000,50")
    german = tab.form.result.text()
    tab.form.amount.clear()
    qtbot.keyClicks(tab.form.amount, "1,234")

    assert german == "1.083,74 USD"
    assert "1.234 (German) or 1234 (English)" in tab.form.detail.text()
    assert tab.form.amount.property("refused") is True


def test_no_amount_is_not_zero(qtbot: QtBot, tab: Any) -> None:
    """And without rates there is the euro alone."""
    assert tab.form.result.text() == "\u2013"
    qtbot.keyClicks(tab.form.amount, "0")
    assert tab.form.result.text() == "0.00 EUR"
    assert [tab.form.target.itemText(n) for n in range(tab.form.target.count())] == ["EUR"]


def _type(qtbot: QtBot, tab: Any, column: int, text: str) -> None:
    """Type into the last line, as one does who edits a cell."""
    table = tab.form.table
    if table.state() == table.State.NoState:
        table.setCurrentCell(table.rowCount() - 1, column)
        table.edit(table.currentIndex())
    (editor,) = [each for each in table.findChildren(QLineEdit) if each.isVisible()]
    qtbot.keyClicks(editor, text)
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: table.state() == table.State.NoState)


def test_rates_are_typed_into_the_table(qtbot: QtBot, tab: Any) -> None:
    """A line is added by mouse and filled by keys; then the currency can be chosen."""
    qtbot.keyClicks(tab.form.amount, "10")
    qtbot.mouseClick(tab.form.add_button, Qt.MouseButton.LeftButton)
    _type(qtbot, tab, 0, "sek")
    _type(qtbot, tab, 1, "11,482")
    tab.form.target.setCurrentText("SEK")

    assert tab.form.table.item(0, 0).text() == "SEK"
    assert tab.form.result.text() == "114.82 SEK"
    assert tab.form.problem.text() == ""


def test_a_wrong_rate_is_told_and_the_old_ones_stay(qtbot: QtBot, tab: Any, file: Path) -> None:
    """The line is named by what it holds."""
    tab.open_rates(str(file))
    tab.form.table.item(0, 1).setText("cheap")
    assert "'cheap' is no rate" in tab.form.problem.text()
    assert tab.rates.per_euro["CHF"] == Decimal("0.9411")
    assert qtbot is not None


def test_a_rate_is_removed(qtbot: QtBot, tab: Any, file: Path) -> None:
    """And can be chosen no more."""
    tab.open_rates(str(file))
    tab.form.table.setCurrentCell(0, 0)
    qtbot.mouseClick(tab.form.remove_button, Qt.MouseButton.LeftButton)
    assert tab.rates.codes == ("EUR", "JPY", "USD")
    assert tab.form.target.findText("CHF") == -1


@pytest.mark.leftovers_expected("descriptor")  # Qt keeps its table of file types open
def test_a_file_is_chosen_in_the_dialog(qtbot: QtBot, tab: Any, file: Path) -> None:
    """The dialog does not stop the event loop; Enter opens the file."""
    qtbot.mouseClick(tab.form.open_button, Qt.MouseButton.LeftButton)
    dialog = tab.findChild(QFileDialog)
    name = dialog.findChild(QLineEdit)
    name.setText(str(file))
    qtbot.keyClick(name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: tab.file == file)

    assert tab.form.origin.text() == "rates.toml, rates of 2026-11-20"
    assert tab.form.table.rowCount() == 3


@pytest.mark.parametrize("name", ["saved.toml", "saved.csv"])
def test_what_is_saved_is_read_again(tab: Any, file: Path, tmp_path: Path, name: str) -> None:
    """The file is replaced as a whole, and nothing is left beside it."""
    tab.open_rates(str(file))
    tab.form.table.item(0, 1).setText("0.95")
    tab.save_rates(str(tmp_path / name))

    tab.open_rates(str(tmp_path / name))

    assert tab.rates.per_euro["CHF"] == Decimal("0.95")
    assert sorted(each.name for each in tmp_path.glob("*saved*")) == [name]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\xff\xfe", "rates.toml"), (b"[rates]\nUSD = 0\n", "above zero"), (None, "No such file")],
)
def test_a_file_that_cannot_be_used_is_told(
    tab: Any, tmp_path: Path, content: bytes | None, said: str
) -> None:
    """The rates that were there stay."""
    path = tmp_path / "rates.toml"
    if content is not None:
        path.write_bytes(content)
    tab.open_rates(str(path))
    assert said in tab.form.problem.text()
    assert tab.rates.codes == ("EUR",)


def test_every_widget_that_takes_the_focus_has_a_name(tab: Any) -> None:
    """For those who hear the window."""
    from PySide6.QtWidgets import QAbstractButton, QComboBox, QTableWidget

    kinds = (QAbstractButton, QComboBox, QLineEdit, QTableWidget)
    nameless = [
        each
        for kind in kinds
        for each in tab.form.findChildren(kind)
        if each.parent() is tab.form and not (each.accessibleName() or getattr(each, "text", str)())
    ]
    assert nameless == []
