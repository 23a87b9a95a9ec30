"""Letting go of resources by hand: asked about first, and told afterwards."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QAbstractButton, QMessageBox, QWidget

from budgetinator.resources import ReleaseOutcome
from gui.formatting import format_count

if TYPE_CHECKING:
    from budgetinator.resources import ResourceManagementService

__all__ = ["ask_force_cleanup", "ask_release"]

Button = QMessageBox.ButtonRole
_NUMBER = "answer"


def ask_force_cleanup(parent: QWidget, service: ResourceManagementService) -> QMessageBox:
    """Ask whether to let go of what is idle, or of everything, and do it.

    The question does not stop the event loop; Cancel is what Enter and Escape
    choose. Slots that are connected to the box's `finished` afterwards are called
    when it is done.
    """
    statistics = service.get_statistics()
    components = format_count(statistics["components_registered"], "component")
    resources = format_count(statistics["active_resources"], "resource")
    box = _question(
        parent,
        "Force Cleanup",
        f"{components} hold {resources}. What may be released?",
        "Idle: only what can be made again or opened again; nothing that holds changes.\n\n"
        "Everything: all components are cleaned up. What uses them stops working, and changes "
        "that are not saved may be lost.",
    )
    idle = box.addButton("Release &Idle", Button.AcceptRole)
    everything = box.addButton("Release &Everything", Button.DestructiveRole)
    _ask(box, {idle: partial(_release_idle, service), everything: partial(_release_all, service)})
    return box


def ask_release(parent: QWidget, service: ResourceManagementService, row: Any) -> QMessageBox:
    """Ask whether to close one resource, given its row, and do it.

    Slots that are connected to the box's `finished` afterwards are called when it is done.
    """
    box = _question(
        parent,
        "Close Resource",
        f"Close {row.name or row.type} of {row.owner}?",
        "What uses it may stop working, and changes that are not saved may be lost.",
    )
    close = box.addButton("C&lose Resource", Button.DestructiveRole)
    _ask(box, {close: partial(_release_one, service, row)})
    return box


def _question(parent: QWidget, title: str, text: str, details: str) -> QMessageBox:
    box = QMessageBox(QMessageBox.Icon.Warning, title, text, parent=parent)
    box.setInformativeText(details)
    cancel = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(cancel)
    box.setEscapeButton(cancel)
    return box


def _ask(box: QMessageBox, actions: Mapping[QAbstractButton, Callable[[QWidget], object]]) -> None:
    # Neither box nor parent in the slot: Qt lets go of it while it deletes the box, and the last
    # reference to the box's parent would go in the midst of that.
    box.finished.connect(partial(_answer, weakref.ref(box), tuple(actions.values())))
    box.finished.connect(box.deleteLater)
    for number, button in enumerate(actions):
        button.setProperty(_NUMBER, number)
    box.open()


def _answer(
    ref: weakref.ref[QMessageBox],
    actions: tuple[Callable[[QWidget], object], ...],
    *_result: object,
) -> None:
    box = ref()
    button = box.clickedButton() if box is not None else None
    number = button.property(_NUMBER) if button is not None else None
    if box is not None and number is not None:
        actions[number](box.parentWidget())


def _release_idle(service: ResourceManagementService, _parent: QWidget) -> None:
    service.tick()
    service.evict_idle()
    gc.collect()


def _release_all(service: ResourceManagementService, _parent: QWidget) -> None:
    service._emergency_cleanup()  # noqa: SLF001 - seed 003's name for it
    gc.collect()


def _release_one(service: ResourceManagementService, row: Any, parent: QWidget) -> None:
    record = service.ledger.find(row.key)
    component = record.holding.owner.ref() if record is not None else None
    if component is None:
        return  # gone already
    if service.release_resource(component, row.key) is ReleaseOutcome.FAILED:
        failure = service.failure_of(row.key)
        box = QMessageBox(
            QMessageBox.Icon.Warning,
            "Close Resource",
            f"{row.name or row.type} could not be closed, and stays.",
            QMessageBox.StandardButton.Ok,
            parent,
        )
        box.setInformativeText(str(failure) if failure is not None else "")
        box.finished.connect(box.deleteLater)
        box.open()
