"""Partners out of a CSV file: read, looked at, and imported into a workbook in its own process."""

from __future__ import annotations

import os
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from budgetinator.budgets import Partner, read_budget, write_sample
from budgetinator.plugins import PluginManager
from budgetinator.runtime import Runtime
from budgetinator.workbooks import WorkbookHost
from gui.plugins.partner_csv.columns import columns_of
from gui.plugins.partner_csv.partners import Preview, preview
from gui.plugins.partner_csv.tables import read_table

GOOD = (
    "Nr.;Akronym;PIC;Land;PM-Satz;Förderquote;AP1;AP2;Reisekosten;Unterauftrag 1;"
    "Unterauftrag 1 Name;Bemerkung\n"
    "9;ALPHA;123456789;AT;5.400,50;70%;12,5;;2.500;0;Labor GmbH;neu\n"
    ";BETA;987654321;DE;6000;1;4;0;;;;\n"
)


def _preview(text: str, taken: dict[int, str] | None = None, locale: Any = "de") -> Preview:
    return preview(read_table(text.encode()), locale, taken or {})


# Reading


def test_a_row_is_a_partner() -> None:
    """German headings and numbers; empty is not determined yet, and 0 is no budget."""
    found = _preview(GOOD, {1: "COORD", 2: "LORE"})
    alpha, beta = found.complete()

    assert found.is_ready
    assert found.ignored == ("Bemerkung",)
    assert (alpha.number, alpha.acronym, alpha.pic, alpha.country) == (
        9,
        "ALPHA",
        "123456789",
        "AT",
    )
    assert (alpha.rate, alpha.funding_rate) == (Decimal("5400.50"), Decimal("0.7"))
    assert alpha.person_months[:2] == (Decimal("12.5"), None)
    assert alpha.travel == Decimal(2500)
    assert (alpha.subcontracts[0].name, alpha.subcontracts[0].amount) == ("Labor GmbH", Decimal(0))
    assert beta == Partner(
        number=3,
        acronym="BETA",
        pic="987654321",
        country="DE",
        role="Beneficiary",
        rate=Decimal(6000),
        funding_rate=Decimal(1),
        person_months=(Decimal(4), Decimal(0), *[None] * 13),
    )


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("Acronym\nA\nA\n", (1, 0), "taken by line 2"),
        ("Acronym\nLore\n", (0, 0), "taken by the workbook"),
        ("Acronym;PIC\n;123456789\n", (0, 0), "The acronym is missing"),
        ("Acronym\nSEVENTEENLETTERS1\n", (0, 0), "1 to 16 signs"),
        ("Acronym\nA/B\n", (0, 0), "none of"),
        ("Acronym;PIC\nA;1234\n", (0, 1), "nine digits"),
        ("Acronym;Rate\nA;1,234\n", (0, 1), "could be"),
        ("Acronym;Rate\nA;nan\n", (0, 1), "is no number"),
        ("Acronym;Funding rate\nA;120%\n", (0, 1), "no funding rate"),
        ("Acronym;WP3\nA;-1\n", (0, 1), "below zero"),
        ("Acronym;Number\nA;2\n", (0, 1), "The number 2 is taken by the workbook"),
        ("Acronym;Number\nA;21\n", (0, 1), "from 1 to 20"),
        ("Acronym;Number\nA;²\n", (0, 1), "no partner's number"),
        ("Acronym;Number\nA;7\nB;7\n", (1, 1), "The number 7 is taken by line 2"),
        ("Acronym;Rate\nA;1;2;3\n", (0, None), "It has 4 cells"),
    ],
)
def test_what_is_wrong_with_a_row_is_told_at_its_cell(
    text: str, place: tuple[int, int | None], said: str
) -> None:
    """One problem keeps all from being imported."""
    found = _preview(text, {1: "COORD", 2: "LORE"})
    (problem,) = found.problems
    assert (problem.row, problem.column) == place
    assert said in problem.text
    assert not found.is_ready
    assert found.partners[place[0]] is None


def test_all_problems_of_a_file_are_told_at_once() -> None:
    """So that they are solved in one go."""
    found = _preview("Acronym;PIC;Rate\nA;1;x\n;2;y\n")
    assert [(each.row, each.column) for each in found.problems] == [
        (0, 1),
        (0, 2),
        (1, 0),
        (1, 1),
        (1, 2),
    ]


def test_there_is_room_for_twenty() -> None:
    """The twenty-first has no number to get."""
    rows = "\n".join(f"A{number}" for number in range(21))
    found = _preview(f"Acronym\n{rows}\n")
    assert [each.text for each in found.problems] == ["All 20 numbers are taken."]


@pytest.mark.parametrize(
    ("data", "delimiter", "coding"),
    [
        ("Acronym;Land\nÄ;AT\n".encode(), ";", "utf-8"),
        ("Acronym,Land\nÄ,AT\n".encode("utf-8-sig"), ",", "utf-8-sig"),
        ("Acronym\tLand\nÄ\tAT\n".encode("utf-16"), "\t", "utf-16"),
        ("Acronym|Land\nÄ|AT\n".encode("cp1252"), "|", "cp1252"),
        ('Acronym;Land\n"Ä";"A;T"\n'.encode(), ";", "utf-8"),
    ],
)
def test_coding_and_delimiter_are_found(data: bytes, delimiter: str, coding: str) -> None:
    """As Excel, LibreOffice and editors write them."""
    table = read_table(data)
    assert (table.delimiter, table.coding, table.rows[0][0]) == (delimiter, coding, "Ä")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"\n;;\n", "is empty"),
        (b"Acronym\n" + b"A\n" * 600, "more than 500 rows"),
        (b"x" * (4 * 2**20 + 1), "4194304 are read"),
        (b'Acronym\n"A', "cannot be read"),
        (b"\xff\xfeA", "no text in utf-16"),
        (b"\x81\x8d", "no text in cp1252"),
    ],
)
def test_what_is_no_table_is_told(data: bytes, said: str) -> None:
    """In one sentence."""
    with pytest.raises(ValueError, match=said):
        read_table(data)


def test_lines_are_those_of_the_file() -> None:
    """Blank lines and line breaks within quotes are counted."""
    table = read_table(b'Acronym;Role\n\nA;"x\ny"\n\nB;z\n')
    assert table.lines == (3, 6)


@pytest.mark.parametrize(
    ("heading", "said"),
    [
        (("Name", "PIC"), "No column is called Acronym"),
        (("Acronym", "Land", "Country"), "mean the same"),
    ],
)
def test_a_heading_that_cannot_be_used_is_told(heading: tuple[str, ...], said: str) -> None:
    """Its texts are named."""
    with pytest.raises(ValueError, match=said):
        columns_of(heading)


def test_the_windows_process_does_not_get_openpyxl() -> None:
    """It costs half a second and 17 MB, and is needed where the workbook is."""
    program = "import sys, gui.plugins.partner_csv.tab; print('openpyxl' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    told = subprocess.check_output([sys.executable, "-c", program], env=environment, text=True)
    assert told == "False\n"


# The tab, with a real workbook


class Lent:
    """A workbook in a process of its own, as the window lends it."""

    def __init__(self, host: WorkbookHost) -> None:
        self._host = host
        self.before: Callable[[], None] = lambda: None

    @property
    def path(self) -> str:
        return self._host.path

    @property
    def is_modified(self) -> bool:
        return self._host.is_modified

    def apply(self, operation: Callable[..., Any], *arguments: Any) -> Any:
        self.before()
        return self._host.change(operation, *arguments)


class Bench:
    """What the program lends: one workbook, or none."""

    def __init__(self) -> None:
        self.book: Lent | None = None

    def active(self) -> Lent | None:
        return self.book

    def workbooks(self) -> Sequence[Lent]:
        return () if self.book is None else (self.book,)


@pytest.fixture
def host(runtime: Runtime, tmp_path: Path) -> Iterator[WorkbookHost]:
    path = tmp_path / "consortium.xlsx"
    write_sample(path)
    host = WorkbookHost.open(path, service=runtime.surroundings)
    yield host
    host.force_close()


@pytest.fixture
def bench(manager: PluginManager) -> Bench:
    bench = Bench()
    manager.workbench = bench
    return bench


@pytest.fixture
def tab(qtbot: QtBot, manager: PluginManager, bench: Bench) -> Any:
    """The tab, on the screen, with German numbers; a proxy, because pytest keeps it."""
    assert bench.book is None
    manager.load_plugin("partner_csv")
    widget: Any = manager.get_plugin("partner_csv")
    widget.resize(1000, 640)
    widget.show()
    qtbot.waitExposed(widget)
    widget.form.format_box.setCurrentIndex(0)
    return weakref.proxy(widget)


@pytest.fixture
def settled(qtbot: QtBot, tab: Any) -> Callable[[], None]:
    """Waits until nothing is asked of the workbook any more."""
    return lambda: qtbot.waitUntil(lambda: tab._worker is None, timeout=20_000)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "partners.csv"
    path.write_text(GOOD)
    return path


def _partners(path: Path | str) -> dict[int, str]:
    return {each.partner.number: each.partner.acronym for each in read_budget(path).partners}


@pytest.fixture
def opened(
    tab: Any, bench: Bench, host: WorkbookHost, file: Path, settled: Callable[[], None]
) -> Lent:
    """The workbook in front, and the file looked at."""
    bench.book = Lent(host)
    tab.open_file(str(file))
    settled()
    return bench.book


def test_all_partners_are_imported_as_one_change(
    qtbot: QtBot, tab: Any, opened: Lent, host: WorkbookHost, settled: Callable[[], None]
) -> None:
    """By mouse; nothing is saved by it, and a save has them."""
    before = tab.form.import_button.text(), tab.form.message.text()

    qtbot.mouseClick(tab.form.import_button, Qt.MouseButton.LeftButton)
    settled()

    assert before[0] == "&Import 2 partners"
    assert "2 partners were added as version" in tab.form.message.text()
    assert opened.is_modified
    assert 9 not in _partners(host.path)
    host.save()
    read = read_budget(host.path)
    assert {each.partner.number: each.partner.acronym for each in read.partners}[9] == "ALPHA"
    assert read.budget.versions[-1].summary == "Partners P9-ALPHA, P7-BETA added"
    assert not tab.form.import_button.isEnabled()


def test_the_preview_shows_what_becomes_of_each_row(tab: Any, opened: Lent) -> None:
    """With the number that each will have; the column that nobody knows is named."""
    model = tab.form.model
    shown = [[model.index(row, column).data() for column in range(4)] for row in range(2)]
    assert opened.path.endswith("consortium.xlsx")
    assert shown == [["2", "P9", "9", "ALPHA"], ["3", "P7", "", "BETA"]]
    assert "not known and left out: Bemerkung" in tab.form.file_label.text()
    assert tab.form.target_label.text() == "Into consortium.xlsx"


def test_problems_are_listed_and_lead_to_their_cells(
    qtbot: QtBot, tab: Any, opened: Lent, file: Path, settled: Callable[[], None]
) -> None:
    """By keys; nothing can be imported before they are solved."""
    file.write_text("Akronym;PM-Satz\nALPHA;abc\nCOORD2;1,5\n")
    qtbot.mouseClick(tab.form.refresh_button, Qt.MouseButton.LeftButton)
    settled()
    problems = tab.form.problems
    problems.setFocus()
    qtbot.keyClick(problems, Qt.Key.Key_Home)
    problems.setCurrentRow(0)

    (told,) = [problems.item(row).text() for row in range(problems.count())]
    assert told.startswith("Line 2, PM-Satz: 'abc' is no number; type digits")
    assert tab.form.table.currentIndex().column() == 3
    assert tab.form.model.index(0, 3).data(Qt.ItemDataRole.BackgroundRole) is not None
    assert tab.form.model.index(0, 1).data() == "not imported"
    assert not tab.form.import_button.isEnabled()
    assert not opened.is_modified


def test_what_was_taken_meanwhile_is_refused_as_a_whole(
    qtbot: QtBot, tab: Any, opened: Lent, host: WorkbookHost, settled: Callable[[], None]
) -> None:
    """Somebody added a partner between the look and the click: all or nothing."""
    from budgetinator.budgets import add_partner

    host.change(add_partner, Partner(7, "GAMMA"))

    qtbot.mouseClick(tab.form.import_button, Qt.MouseButton.LeftButton)
    settled()

    assert tab.form.message.text().startswith("Nothing was imported: The number 7 is that of")
    host.save()
    assert opened.path == host.path
    assert 9 not in _partners(host.path)
    assert _partners(host.path)[7] == "GAMMA"


def test_without_a_workbook_the_file_can_be_looked_at(
    tab: Any, file: Path, settled: Callable[[], None]
) -> None:
    """And imported as soon as there is one."""
    tab.open_file(str(file))
    settled()
    assert tab.form.target_label.text() == "Open a budget workbook to import into."
    assert "Ready, as soon as a budget workbook is open." in tab.form.message.text()
    assert tab.form.model.rowCount() == 2
    assert not tab.form.import_button.isEnabled()


def test_another_workbook_in_front_is_looked_at_first(
    qtbot: QtBot,
    tab: Any,
    opened: Lent,
    bench: Bench,
    host: WorkbookHost,
    settled: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The click imports into what the preview was made for, and into nothing else."""
    other = Lent(host)
    monkeypatch.setattr(Lent, "path", "/elsewhere/other.xlsx")
    bench.book = other

    qtbot.mouseClick(tab.form.import_button, Qt.MouseButton.LeftButton)
    settled()

    assert tab.form.target_label.text() == "Into other.xlsx"
    assert not opened.is_modified


def test_a_file_that_is_chosen_while_the_workbook_is_asked_is_shown(
    qtbot: QtBot,
    tab: Any,
    bench: Bench,
    host: WorkbookHost,
    file: Path,
    settled: Callable[[], None],
) -> None:
    """The answer that was under way is not the last word."""
    bench.book = Lent(host)
    tab.look_again()
    assert tab._worker is not None
    tab.open_file(str(file))
    settled()
    qtbot.waitUntil(tab.form.import_button.isEnabled)
    assert tab.form.model.rowCount() == 2


@pytest.mark.leftovers_expected("descriptor")  # Qt keeps its table of file types open
def test_a_file_is_chosen_in_the_dialog(
    qtbot: QtBot, tab: Any, file: Path, settled: Callable[[], None]
) -> None:
    """It does not stop the event loop."""
    qtbot.mouseClick(tab.form.choose_button, Qt.MouseButton.LeftButton)
    dialog = tab.findChild(QFileDialog)
    name = dialog.findChild(QLineEdit)
    name.setText(str(file))
    qtbot.keyClick(name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: tab.file == file)
    settled()
    assert tab.form.model.rowCount() == 2


def test_the_delimiter_can_be_said(tab: Any, file: Path, settled: Callable[[], None]) -> None:
    """Where it is not found, or found wrongly."""
    tab.open_file(str(file))
    settled()
    tab.form.delimiter_box.setCurrentIndex(2)
    assert "No column is called Acronym" in tab.form.message.text()
    tab.form.delimiter_box.setCurrentIndex(0)
    assert tab.form.model.rowCount() == 2


def test_the_headings_are_put_on_the_clipboard(qtbot: QtBot, tab: Any) -> None:
    """To begin a file with; the plugin knows each of them."""
    qtbot.mouseClick(tab.form.headings_button, Qt.MouseButton.LeftButton)
    headings = QGuiApplication.clipboard().text().strip().split(";")
    QGuiApplication.clipboard().clear()
    assert None not in columns_of(headings)


def test_a_file_that_is_gone_is_told(tab: Any, tmp_path: Path) -> None:
    """With its name."""
    tab.open_file(str(tmp_path / "gone.csv"))
    assert tab.form.message.text() == "gone.csv: No such file or directory"


def test_it_is_unloaded_with_nothing_left(
    manager: PluginManager, tab: Any, opened: Lent, runtime: Runtime
) -> None:
    """The workbook stays open: it was lent."""
    assert tab.form.import_button.isEnabled()
    result = manager.unload_plugin("partner_csv")
    assert result.error is None
    assert "partner_csv" not in {
        each.component_id for each in runtime.service.snapshot().components
    }
    assert opened.is_modified is False
