"""The resource monitor: complete, live, and never in the way."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLineEdit,
    QMessageBox,
    QTableView,
    QWidget,
)
from pytestqt.qtbot import QtBot

from budgetinator.errors import ServiceNotRegistered
from budgetinator.resources import (
    ComponentState,
    ResourceManagementService,
    ResourceType,
    clear_services,
)
from gui.dialogs.resource_monitor import ResourceMonitorDialog
from tests.support.logs import ExpectLog


class Component:
    """Anything that owns resources."""


class Held:
    """Anything that can be referenced weakly."""


@pytest.fixture
def owner(service):
    made = Component()
    service.register_component(made, "Tab_1", "tab")
    service.set_global_memory_limit(None)
    yield made
    service.unregister_component(made)


@pytest.fixture
def dialog(qtbot, application, service, owner):
    made = ResourceMonitorDialog(service=service, bridge=application.bridge)
    qtbot.addWidget(made)
    made.show()
    return made


def _column(table: QTableView, column: int) -> list[str]:
    model = table.model()
    return [model.index(row, column).data() for row in range(model.rowCount())]


def _click(qtbot, dialog, label: str) -> None:
    """Press a button of the open question."""
    box = dialog.findChild(QMessageBox)
    (button,) = [b for b in box.buttons() if b.text().replace("&", "") == label]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_it_has_the_seeds_tabs(dialog: ResourceMonitorDialog) -> None:
    """Components, Resources and Statistics, non-modal, with the columns of the seed first."""
    titles = [dialog.tabs.tabText(at).replace("&", "") for at in range(dialog.tabs.count())]
    model = dialog.components_table.model()
    columns = [model.headerData(at, Qt.Orientation.Horizontal) for at in range(4)]

    assert titles == ["Components", "Resources", "Statistics"]
    assert columns == ["Component ID", "Type", "State", "Memory Usage"]
    assert dialog.isModal() is False


def test_types_states_and_sizes_are_filled_in(
    dialog: ResourceMonitorDialog, service: ResourceManagementService, owner: Component
) -> None:
    """After Refresh each table shows what is held, and the statistics count it."""
    held = [Held(), Held()]
    service.set_component_state(owner, ComponentState.ACTIVE)
    service.track_resource(owner, ResourceType.MEMORY, held[0], 3 * 2**30)
    service.track_resource(owner, ResourceType.CUSTOM, held[1], name="a table")
    dialog.refresh_button.click()

    components = [_column(dialog.components_table, at)[0] for at in range(5)]
    types = [_column(dialog.resources_table, at) for at in range(3)]

    assert components == ["Tab_1", "tab", "active", "3.0 GB", "2"]
    assert types == [["custom", "memory"], ["1", "1"], ["\u2013", "3.0 GB"]]
    assert _column(dialog.resources_page.resources_table, 2) == ["Tab_1", "Tab_1"]
    assert "Active Resources: 2" in " ".join(dialog.stats_text.toPlainText().split())


def test_with_debug_the_place_is_shown(
    dialog: ResourceMonitorDialog, service: ResourceManagementService, owner: Component
) -> None:
    """While debugging is on each resource says where it was tracked."""
    service.set_debug(True)
    held = Held()
    service.track_resource(owner, ResourceType.CUSTOM, held)
    service.set_debug(False)
    dialog.refresh()

    (place,) = _column(dialog.resources_page.resources_table, 6)
    assert place.startswith("test_resource_monitor.py:")


def test_it_is_live(
    qtbot: QtBot,
    dialog: ResourceMonitorDialog,
    service: ResourceManagementService,
    owner: Component,
) -> None:
    """What is tracked and released is shown soon, without Refresh."""
    table = dialog.resources_page.resources_table
    held = Held()
    key = service.track_resource(owner, ResourceType.CUSTOM, held, name="new")
    qtbot.waitUntil(lambda: _column(table, 0) == ["new"])
    service.release_resource(owner, key)

    qtbot.waitUntil(lambda: _column(table, 0) == [])


def test_without_auto_refresh_it_stands_still(
    qtbot: QtBot,
    dialog: ResourceMonitorDialog,
    service: ResourceManagementService,
    owner: Component,
) -> None:
    """With Auto refresh off it changes at Refresh only."""
    dialog.auto_refresh.setChecked(False)
    held = Held()
    service.track_resource(owner, ResourceType.CUSTOM, held, name="new")
    qtbot.wait(600)
    still = _column(dialog.resources_page.resources_table, 0)
    dialog.refresh_button.click()

    assert (still, _column(dialog.resources_page.resources_table, 0)) == ([], ["new"])


def test_it_is_painted_four_times_a_second_at_most(
    qtbot: QtBot,
    dialog: ResourceMonitorDialog,
    service: ResourceManagementService,
    owner: Component,
) -> None:
    """However much happens, a second brings no more than four new views."""
    views = []
    dialog.resources_page.resources_table.model().modelReset.connect(lambda: views.append(1))
    end = time.monotonic() + 1.0
    held = []

    def churn():
        for _ in range(20):
            held.append(Held())
            service.track_resource(owner, ResourceType.MEMORY, held[-1])

    timer = QTimer()
    timer.timeout.connect(churn)
    timer.start(5)
    qtbot.waitUntil(lambda: time.monotonic() > end)
    timer.stop()

    assert 1 <= len(views) <= 5


def test_a_hundred_thousand_resources_do_not_freeze_it(
    qtbot: QtBot,
    dialog: ResourceMonitorDialog,
    service: ResourceManagementService,
    owner: Component,
) -> None:
    """With 100,000 resources an event holds the loop for less than 150 ms of work."""
    held = [Held() for _ in range(100_000)]
    for one in held:
        service.track_resource(owner, ResourceType.MEMORY, one, 10)
    gaps, last = [], time.thread_time()

    def tick():
        nonlocal last
        now = time.thread_time()
        gaps.append(now - last)
        last = now

    timer = QTimer()
    timer.timeout.connect(tick)
    timer.start(1)
    table = dialog.resources_page.resources_table
    qtbot.waitUntil(lambda: table.model().rowCount() == 100_000, timeout=20_000)
    dialog.tabs.setCurrentIndex(1)
    dialog.resources_page.filter_line.setText("9999")
    qtbot.wait(300)
    table.sortByColumn(3, Qt.SortOrder.DescendingOrder)
    qtbot.wait(50)
    timer.stop()

    assert max(gaps) < 0.15


def test_hidden_it_reads_nothing(
    qtbot: QtBot,
    dialog: ResourceMonitorDialog,
    service: ResourceManagementService,
    owner: Component,
) -> None:
    """A dialog that is closed reads nothing and has no timer that runs."""
    dialog.close()
    held = Held()
    service.track_resource(owner, ResourceType.CUSTOM, held, name="new")
    qtbot.wait(400)

    assert _column(dialog.resources_page.resources_table, 0) == []
    assert [timer.isActive() for timer in dialog.findChildren(QTimer)].count(True) == 0


def test_cleaning_up_asks_first(
    qtbot: QtBot,
    dialog: ResourceMonitorDialog,
    service: ResourceManagementService,
    owner: Component,
) -> None:
    """Force cleanup does nothing before it is confirmed, and Cancel is the default."""
    held = Held()
    service.track_resource(owner, ResourceType.CUSTOM, held)
    dialog.cleanup_button.click()
    box = dialog.findChild(QMessageBox)
    default = box.defaultButton().text().replace("&", "")
    _click(qtbot, dialog, "Cancel")

    assert (default, service.get_statistics()["active_resources"]) == ("Cancel", 1)


def test_everything_is_released_when_confirmed(
    qtbot: QtBot,
    dialog: ResourceMonitorDialog,
    service: ResourceManagementService,
    owner: Component,
) -> None:
    """Release Everything cleans up every component, and the tables show it at once."""
    held, closed = Held(), []
    service.track_resource(owner, ResourceType.CUSTOM, held, cleanup=closed.append)
    dialog.cleanup_button.click()
    _click(qtbot, dialog, "Release Everything")

    assert (closed, service.get_component_state(owner)) == ([held], ComponentState.DESTROYED)
    assert _column(dialog.resources_page.resources_table, 0) == []


def test_what_is_idle_is_released_alone(
    qtbot: QtBot,
    dialog: ResourceMonitorDialog,
    service: ResourceManagementService,
    owner: Component,
) -> None:
    """Release Idle closes what may be closed, and leaves what is protected."""
    held = [Held(), Held()]
    service.track_resource(owner, ResourceType.MEMORY, held[0], name="idle")
    service.protect(service.track_resource(owner, ResourceType.MEMORY, held[1], name="needed"))
    dialog.cleanup_button.click()
    _click(qtbot, dialog, "Release Idle")

    assert _column(dialog.resources_page.resources_table, 0) == ["needed"]


def test_one_resource_can_be_closed(
    qtbot: QtBot,
    dialog: ResourceMonitorDialog,
    service: ResourceManagementService,
    owner: Component,
) -> None:
    """Close Resource is offered for the selected one, asks, and closes that alone."""
    held, closed = [Held(), Held()], []
    for one, name in zip(held, ("first", "second"), strict=True):
        service.track_resource(owner, ResourceType.CUSTOM, one, name=name, cleanup=closed.append)
    dialog.refresh()
    dialog.tabs.setCurrentIndex(1)
    before = dialog.release_button.isEnabled()
    table = dialog.resources_page.resources_table
    table.setCurrentIndex(table.model().index(1, 0))
    dialog.release_button.click()
    _click(qtbot, dialog, "Close Resource")

    assert (before, closed) == (False, [held[1]])
    assert _column(table, 0) == ["first"]


def test_what_cannot_be_closed_is_told(
    qtbot: QtBot,
    dialog: ResourceMonitorDialog,
    service: ResourceManagementService,
    owner: Component,
    expect_log: ExpectLog,
) -> None:
    """A resource whose clean-up fails stays in the table, and its reason is told."""
    expect_log("could not be closed")
    broken = [True]

    def close(resource):
        if broken:
            raise OSError("the disk is gone")

    held = Held()
    service.track_resource(owner, ResourceType.CUSTOM, held, name="stuck", cleanup=close)
    dialog.refresh()
    dialog.tabs.setCurrentIndex(1)
    table = dialog.resources_page.resources_table
    table.setCurrentIndex(table.model().index(0, 0))
    dialog.release_button.click()
    _click(qtbot, dialog, "Close Resource")
    told = [box.informativeText() for box in dialog.findChildren(QMessageBox) if box.isVisible()]
    _click_ok(qtbot, dialog)
    broken.clear()

    assert told == ["the disk is gone"]
    assert _column(table, 5) == ["failed: the disk is gone"]


def _click_ok(qtbot, dialog):
    for box in dialog.findChildren(QMessageBox):
        if box.isVisible():
            qtbot.mouseClick(box.buttons()[0], Qt.MouseButton.LeftButton)


def test_the_selection_stays(
    dialog: ResourceMonitorDialog, service: ResourceManagementService, owner: Component
) -> None:
    """When rows come and go the selected resource stays selected."""
    held = [Held() for _ in range(3)]
    for one, name in zip(held, ("b", "c", "a"), strict=True):
        if name != "a":
            service.track_resource(owner, ResourceType.CUSTOM, one, name=name)
    dialog.refresh()
    table = dialog.resources_page.resources_table
    table.setCurrentIndex(table.model().index(1, 0))
    service.track_resource(owner, ResourceType.CUSTOM, held[2], name="a")
    dialog.refresh()

    assert table.currentIndex().data() == "c"


def test_everything_can_be_reached_by_keyboard(qtbot: QtBot, dialog: ResourceMonitorDialog) -> None:
    """Everything that takes the focus has a name, and Tab leads through all of it."""
    dialog.tabs.setCurrentIndex(1)
    kinds = (QAbstractButton, QLineEdit, QTableView)
    wanted = {
        widget
        for kind in kinds
        for widget in dialog.findChildren(kind)
        if widget.isVisible()
        and widget.isEnabled()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    }
    seen, widget = set(), dialog.tabs
    while widget not in seen:
        seen.add(widget)
        widget = widget.nextInFocusChain()
    unnamed = [w for w in wanted if not (w.accessibleName() or getattr(w, "text", str)())]

    assert wanted - seen == set()
    assert unnamed == []


def test_without_a_service_it_says_so(qapp: QApplication) -> None:
    """Where no service is registered and none is given it raises, and makes no window."""
    clear_services()
    with pytest.raises(ServiceNotRegistered):
        ResourceMonitorDialog()


def test_alone_it_makes_its_own_bridge(
    qtbot: QtBot, service: ResourceManagementService, owner: Component
) -> None:
    """Without a bridge it is live all the same, and takes the service that is registered."""
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = ResourceMonitorDialog(parent)
    dialog.show()
    held = Held()
    service.track_resource(owner, ResourceType.CUSTOM, held, name="new")

    qtbot.waitUntil(lambda: _column(dialog.resources_page.resources_table, 0) == ["new"])
