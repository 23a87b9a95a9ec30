"""The page of the plugins, by keys and mouse."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QDialogButtonBox, QMessageBox
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from budgetinator.plugins import PluginManager
from budgetinator.plugins.tree import read_tree
from gui.widgets.plugins_page import PluginsPage, grouped
from tests.gui.plugins.conftest import Write
from tests.support.logs import ExpectLog

LEFT = Qt.MouseButton.LeftButton
NAME, VERSION, STATE, TRUST, MEMORY, START, PROBLEM = range(7)


@pytest.fixture
def page(qtbot: QtBot, manager: PluginManager) -> Iterator[PluginsPage]:
    page = PluginsPage(manager)
    qtbot.addWidget(page)
    page.resize(1000, 560)
    page.show()
    qtbot.waitExposed(page)
    yield page
    page.close()


@pytest.fixture
def choose(page: PluginsPage) -> Callable[[str], None]:
    """Makes a plugin's row the current one."""

    def chosen(plugin_id: str) -> None:
        page.search()
        page.table.setCurrentIndex(page.model.index(page.model.row_of(plugin_id), 0))

    return chosen


def _shown(page: PluginsPage, plugin_id: str, column: int) -> str:
    return str(page.model.index(page.model.row_of(plugin_id), column).data())


def _question(page: PluginsPage) -> QMessageBox:
    box = page.findChild(QMessageBox, "trust")
    assert isinstance(box, QMessageBox)
    return box


def _answer(box: QMessageBox, text: str) -> QAbstractButton:
    buttons = box.findChild(QDialogButtonBox)
    assert isinstance(buttons, QDialogButtonBox)
    return next(each for each in buttons.buttons() if text in each.text())


def test_shipped_plugins_and_problems_have_rows(
    page: PluginsPage, choose: Callable[[str], None], folder: Path
) -> None:
    """What cannot be used stands below, with its reason."""
    (folder / "notes.py").write_text("x = 1\n")
    choose("currency")

    assert _shown(page, "currency", TRUST) == "with the program"
    assert _shown(page, "currency", STATE) == "not loaded"
    last = page.model.rowCount() - 1
    assert [page.model.index(last, column).data() for column in (NAME, STATE, PROBLEM)] == [
        "notes.py",
        "unusable",
        "it has no PLUGIN_METADATA",
    ]
    assert page.load_button.isEnabled()
    assert not page.trust_button.isEnabled()


def test_load_and_unload_by_mouse(
    qtbot: QtBot, page: PluginsPage, choose: Callable[[str], None], manager: PluginManager
) -> None:
    """The row shows state, memory and start time while it is loaded."""
    asked: list[str] = []
    page.open_requested.connect(asked.append)
    choose("example_plugin")

    qtbot.mouseClick(page.load_button, LEFT)
    state, start = (_shown(page, "example_plugin", column) for column in (STATE, START))
    memory = _shown(page, "example_plugin", MEMORY)
    enabled = page.unload_button.isEnabled(), page.load_button.isEnabled()
    qtbot.mouseClick(page.unload_button, LEFT)

    assert (state, asked, enabled) == ("initialized", ["example_plugin"], (True, False))
    assert start.endswith(" ms")
    assert memory
    assert _shown(page, "example_plugin", STATE) == "not loaded"
    assert page.message.text() == "Example Plugin is unloaded; nothing of it is left."
    assert manager.get_loaded_plugins() == []


def test_trust_is_asked_with_path_and_hash(
    qtbot: QtBot, page: PluginsPage, choose: Callable[[str], None], write: Write
) -> None:
    """Cancel is what Enter and Escape mean; only Trust trusts, and then it can be loaded."""
    path = write("pad", trusted=False)
    choose("pad")
    before = page.load_button.isEnabled()

    qtbot.mouseClick(page.trust_button, LEFT)
    box = _question(page)
    text = box.informativeText()
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    refused = _shown(page, "pad", TRUST)
    qtbot.waitUntil(lambda: page.findChild(QMessageBox, "trust") is None)
    qtbot.mouseClick(page.trust_button, LEFT)
    qtbot.mouseClick(_answer(_question(page), "Trust"), LEFT)

    assert before is False
    assert str(path) in text
    assert grouped(read_tree(path).digest) in text
    assert "can do all that you can" in text
    assert (refused, _shown(page, "pad", TRUST)) == ("not trusted", "trusted")
    assert page.load_button.isEnabled()
    qtbot.waitUntil(lambda: page.findChild(QMessageBox, "trust") is None)


def test_files_that_change_while_one_is_asked_are_not_trusted(
    qtbot: QtBot, page: PluginsPage, choose: Callable[[str], None], write: Write
) -> None:
    """The answer is for the hash that was shown."""
    path = write("pad", trusted=False)
    choose("pad")
    qtbot.mouseClick(page.trust_button, LEFT)
    path.write_text(path.read_text() + "\n")

    qtbot.mouseClick(_answer(_question(page), "Trust"), LEFT)

    assert "have changed since you were asked" in page.message.text()
    assert _shown(page, "pad", TRUST) == "not trusted"
    qtbot.waitUntil(lambda: page.findChild(QMessageBox, "trust") is None)


def test_reload_reads_the_file_anew(
    qtbot: QtBot,
    page: PluginsPage,
    choose: Callable[[str], None],
    write: Write,
    manager: PluginManager,
) -> None:
    """One that has changed asks for trust again, with both hashes."""
    path = write("pad")
    choose("pad")
    qtbot.mouseClick(page.load_button, LEFT)
    qtbot.mouseClick(page.reload_button, LEFT)
    reloaded = page.message.text()
    old = read_tree(path).digest
    path.write_text(path.read_text().replace('"1.2"', '"1.3"'))

    qtbot.mouseClick(page.reload_button, LEFT)
    refused = page.message.text()
    qtbot.mouseClick(page.trust_button, LEFT)
    asked = _question(page).informativeText()
    qtbot.mouseClick(_answer(_question(page), "Trust"), LEFT)
    qtbot.mouseClick(page.load_button, LEFT)

    assert reloaded == "pad is loaded from its files as they are now."
    assert "are not those that you trusted" in refused
    assert grouped(old) in asked
    assert _shown(page, "pad", VERSION) == "1.3"
    assert manager.get_plugin("pad") is not None
    qtbot.waitUntil(lambda: page.findChild(QMessageBox, "trust") is None)


def test_verify_and_untrust(
    qtbot: QtBot, page: PluginsPage, choose: Callable[[str], None], write: Write
) -> None:
    """What the files are is said with their hash."""
    path = write("pad")
    choose("pad")
    qtbot.mouseClick(page.verify_button, LEFT)
    same = page.message.text()
    path.write_text(path.read_text() + "\n")
    qtbot.mouseClick(page.verify_button, LEFT)
    changed = page.message.text()
    write("pad")
    choose("pad")
    qtbot.mouseClick(page.untrust_button, LEFT)

    assert same.startswith("pad is as you trusted it. SHA-256 ")
    assert changed.startswith("pad has changed since you trusted it. SHA-256 ")
    assert _shown(page, "pad", TRUST) == "not trusted"


def test_a_plugin_that_fails_is_told_in_its_row(
    qtbot: QtBot,
    page: PluginsPage,
    choose: Callable[[str], None],
    write: Write,
    expect_log: ExpectLog,
) -> None:
    """And in the message, in full."""
    expect_log("Plugin pad failed")
    expect_log("cannot be loaded")
    write("pad", "1 / 0")
    choose("pad")

    qtbot.mouseClick(page.load_button, LEFT)

    assert "ZeroDivisionError" in _shown(page, "pad", PROBLEM)
    assert "ZeroDivisionError" in page.message.text()
    assert "ZeroDivisionError" in page.details.text()


def test_a_plugin_that_leaks_is_told(
    qtbot: QtBot,
    page: PluginsPage,
    choose: Callable[[str], None],
    write: Write,
    expect_log: ExpectLog,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What holds it is named, and it is not shown as loaded."""
    expect_log("was unloaded, but its object")
    monkeypatch.setattr(sys, "kept", [], raising=False)
    write("pad", "import sys; sys.kept.append(self)")
    choose("pad")
    qtbot.mouseClick(page.load_button, LEFT)

    qtbot.mouseClick(page.unload_button, LEFT)

    assert "sys['kept'][0]" in page.message.text()
    assert _shown(page, "pad", STATE) == "not loaded"
    sys.kept.clear()  # type: ignore[attr-defined]


def test_a_loaded_plugin_is_opened_by_enter(
    qtbot: QtBot, page: PluginsPage, choose: Callable[[str], None], manager: PluginManager
) -> None:
    """The window shows its widget."""
    manager.load_plugin("currency")
    choose("currency")
    asked: list[str] = []
    page.open_requested.connect(asked.append)
    page.table.setFocus()

    page.table.activated.emit(page.table.currentIndex())

    assert asked == ["currency"]
    assert qtbot is not None


def test_switched_off_nothing_can_be_loaded(
    page: PluginsPage, choose: Callable[[str], None], manager: PluginManager
) -> None:
    """`--no-plugins` leaves the page, and takes its Load button."""
    manager.enabled = False
    choose("currency")
    assert not page.load_button.isEnabled()


def test_a_page_that_is_gone_is_told_nothing(qtbot: QtBot, manager: PluginManager) -> None:
    """The manager outlives it."""
    page = PluginsPage(manager)
    page.close()
    page.deleteLater()
    qtbot.wait(1)
    assert manager.load_plugin("currency").success


def test_the_model_keeps_qts_rules(page: PluginsPage, qtmodeltester: ModelTester) -> None:
    """As pytest-qt checks them."""
    qtmodeltester.check(page.model)


def test_all_that_takes_the_focus_has_a_name(page: PluginsPage) -> None:
    """For those who hear the window; and each button has its key."""
    buttons = [each for each in page.findChildren(QAbstractButton) if each.parent() is page]
    assert [each for each in buttons if "&" not in each.text()] == []
    assert page.table.accessibleName() == "Plugins"
