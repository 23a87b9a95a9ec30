"""The corner of the status bar that says how much memory is held, and by how many resources."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import psutil
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QToolButton, QWidget

from gui.formatting import format_bytes, format_count

if TYPE_CHECKING:
    from budgetinator.resources import ResourceManagementService
    from gui.bridge import SignalBridge

__all__ = ["MemoryStatus"]

EVERY_MS = 2000


class MemoryStatus(QToolButton):
    """This process's memory, that of the workbooks' own processes, and what is tracked.

    `host_pids` gives the processes that hold the workbooks at this moment. It
    reads only while it is seen: every two seconds, and a quarter of a second
    after something was tracked or released. A click, or Enter, asks for the
    resource monitor.
    """

    monitor_requested = Signal()

    def __init__(
        self,
        service: ResourceManagementService,
        bridge: SignalBridge | None = None,
        *,
        host_pids: Callable[[], Iterable[int]] = tuple,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._service = service
        self._host_pids = host_pids
        self._process = psutil.Process()
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.clicked.connect(self.monitor_requested)
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.setTimerType(Qt.TimerType.CoarseTimer)
        self._timer.timeout.connect(self.refresh)
        if bridge is not None:
            bridge.changed.connect(self._on_changed)
        self.refresh()

    def refresh(self) -> None:
        """Read now; nothing is painted where nothing has changed."""
        own = self._process.memory_info().rss
        hosts = [size for pid in self._host_pids() if (size := _resident(pid)) is not None]
        tracked = self._service.get_statistics()["active_resources"]
        text = format_bytes(own)
        if hosts:
            text += f" + {format_bytes(sum(hosts))}"
        text += f"  ·  {format_count(tracked, 'resource')}"
        if text == self.text():
            return
        self.setText(text)
        self.setToolTip(_explained(own, hosts, tracked))
        self.setAccessibleName(self.tr("Memory and resources"))
        self.setAccessibleDescription(_explained(own, hosts, tracked))

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        super().showEvent(event)
        self.refresh()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        self._timer.stop()
        super().hideEvent(event)

    def _on_changed(self) -> None:
        if self.isVisible():
            self.refresh()


def _resident(pid: int) -> int | None:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:  # it has ended
        return None


def _explained(own: int, hosts: list[int], tracked: int) -> str:
    lines = [f"This window: {format_bytes(own)}"]
    if hosts:
        many = format_count(len(hosts), "process", "processes")
        lines.append(f"Workbooks, in {many}: {format_bytes(sum(hosts))}")
    lines += [f"{format_count(tracked, 'resource')} tracked", "Click for the resource monitor"]
    return "\n".join(lines)
