"""Seed 003, phase 7: the resource monitor, with what it prints and what it leaves open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QPushButton, QTableView, QWidget

from budgetinator.resources import ResourceManagementService, ResourceType
from gui.dialogs.monitor_pages import statistics_text
from gui.dialogs.resource_monitor import ResourceMonitorDialog

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

Service = ResourceManagementService
PRINTED_STATISTICS = (
    "Resource Management Statistics",
    "==============================",
    "Components Registered: 1",
    "Total Resources Tracked: 2",
    "Total Resources Released: 0",
    "Active Resources: 2",
    "Memory Usage by Component:",
    "Resource Counts:",
)


class Component:
    """Anything that owns resources."""


@pytest.fixture
def component(service: Service) -> Iterator[Component]:
    """A component with a buffer of 1 MB and a file handle of no size."""
    component = Component()
    service.register_component(component, "MediaAnalysisTab", "tab")
    service.track_resource(component, ResourceType.MEMORY, bytearray(1), 1024**2)
    service.track_resource(component, ResourceType.FILE_HANDLE, object())
    yield component
    service.unregister_component(component)


@pytest.fixture
def dialog(
    qtbot: QtBot, component: Component, service: Service, collect_qt: Callable[[], None]
) -> Iterator[ResourceMonitorDialog]:
    """As printed: made with a parent alone, it finds the service by itself."""
    parent = QWidget()
    dialog = ResourceMonitorDialog(parent)
    dialog.show()
    yield dialog
    dialog.close()
    parent.deleteLater()
    del dialog, parent
    collect_qt()


def _headers(table: QTableView) -> list[str]:
    model = table.model()
    return [
        str(model.headerData(column, Qt.Orientation.Horizontal))
        for column in range(model.columnCount())
    ]


def _texts(table: QTableView, row: int) -> list[str]:
    model = table.model()
    return [str(model.index(row, column).data()) for column in range(model.columnCount())]


def _button(widget: QWidget | None, text: str) -> QPushButton:
    assert widget is not None
    buttons = widget.findChildren(QPushButton)
    return next(each for each in buttons if each.text().replace("&", "").rstrip(".") == text)


def test_it_is_a_window_beside_the_others(dialog: ResourceMonitorDialog) -> None:
    """Its title is "Resource Monitor", and it blocks nobody."""
    assert dialog.windowTitle() == "Resource Monitor"
    assert not dialog.isModal()


def test_it_has_the_three_printed_tabs(dialog: ResourceMonitorDialog) -> None:
    """Components, Resources, Statistics."""
    titles = [dialog.tabs.tabText(index) for index in range(dialog.tabs.count())]

    assert [title.replace("&", "") for title in titles] == ["Components", "Resources", "Statistics"]


def test_a_component_has_type_and_state_where_the_seed_prints_a_dash(
    dialog: ResourceMonitorDialog,
) -> None:
    """`components_table`: Component ID, Type, State, Memory Usage, filled in."""
    headers, row = _headers(dialog.components_table), _texts(dialog.components_table, 0)

    assert headers[:4] == ["Component ID", "Type", "State", "Memory Usage"]
    assert row[:4] == ["MediaAnalysisTab", "tab", "loaded", "1.0 MB"]


def test_a_type_has_its_total_size_where_the_seed_prints_a_dash(
    dialog: ResourceMonitorDialog,
) -> None:
    """`resources_table`: Resource Type, Count, Total Size, filled in."""
    table = dialog.resources_table
    rows = {_texts(table, row)[0]: _texts(table, row)[1:3] for row in range(2)}

    assert _headers(table)[:3] == ["Resource Type", "Count", "Total Size"]
    assert rows["memory"] == ["1", "1.0 MB"]
    assert rows["file_handle"][0] == "1"


def test_the_statistics_have_the_printed_lines(dialog: ResourceMonitorDialog) -> None:
    """`stats_text`, read only, in a font of one width."""
    lines = [" ".join(line.split()) for line in dialog.stats_text.toPlainText().splitlines()]

    assert [line for line in lines if line in PRINTED_STATISTICS] == list(PRINTED_STATISTICS)
    assert "MediaAnalysisTab 1.0 MB" in lines
    assert dialog.stats_text.isReadOnly()


def test_nothing_tracked_is_said_in_the_printed_words() -> None:
    """`_format_memory_usage` and `_format_resource_counts` of empty dictionaries."""
    keys = (
        *("components_registered", "total_resources_tracked"),
        *("total_resources_released", "active_resources"),
    )

    text = statistics_text({**dict.fromkeys(keys, 0), "memory_usage": {}, "resource_counts": {}})

    assert "  No components with tracked memory" in text
    assert "  No resources tracked" in text


def test_refresh_shows_what_was_tracked_meanwhile(
    dialog: ResourceMonitorDialog, component: Component, service: Service, qtbot: QtBot
) -> None:
    """The button "Refresh", as printed; by itself it looks every two seconds."""
    service.track_resource(component, ResourceType.FILE_HANDLE, object())

    _button(dialog, "Refresh").click()
    qtbot.waitUntil(lambda: "Total Resources Tracked:               3" in _statistics(dialog))

    assert dialog.refresh_timer.interval() == 2000
    assert dialog.refresh_timer.isActive()


def _statistics(dialog: ResourceMonitorDialog) -> str:
    return dialog.stats_text.toPlainText()


def test_force_cleanup_asks_and_then_cleans_up_everything(
    dialog: ResourceMonitorDialog, service: Service, qtbot: QtBot
) -> None:
    """The seed leaves it open: "This would need proper confirmation dialog"."""
    _button(dialog, "Force Cleanup").click()
    box = dialog.findChild(QMessageBox)
    asked_first = service.get_statistics()["active_resources"]

    _button(box, "Release Everything").click()
    qtbot.waitUntil(lambda: service.get_statistics()["active_resources"] == 0)

    assert asked_first == 2


def test_force_cleanup_that_is_not_confirmed_does_nothing(
    dialog: ResourceMonitorDialog, service: Service
) -> None:
    """Escape, and everything is as before."""
    dialog.force_cleanup()
    box = dialog.findChild(QMessageBox)
    assert box is not None

    QTest.keyClick(box, Qt.Key.Key_Escape)

    assert service.get_statistics()["active_resources"] == 2


def test_close_stops_the_timer(dialog: ResourceMonitorDialog) -> None:
    """`closeEvent` as printed: nothing ticks for a window that nobody sees."""
    _button(dialog, "Close").click()

    assert not dialog.refresh_timer.isActive()
    assert not dialog.isVisible()
