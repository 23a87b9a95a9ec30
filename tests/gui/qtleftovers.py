"""What of Qt there is at one moment: top-level widgets, threads, timers."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject, QThread, QTimer
from PySide6.QtWidgets import QApplication, QWidget

__all__ = ["QtThings", "collect_qt"]

ROUNDS = 3


def collect_qt() -> None:
    """Run what is queued and deleted later, and collect the garbage, until it is quiet."""
    application = QCoreApplication.instance()
    for _ in range(ROUNDS):
        if application is not None:
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
            application.processEvents()
        gc.collect()


class QtThings:
    """The widgets, threads and timers that are there when it is made; later ones are news."""

    def __init__(self) -> None:
        self._known = weakref.WeakSet(_things())

    def new(self) -> list[str]:
        """What has come since, a line each; nothing of Qt's own is counted."""
        if all(thing in self._known for thing in _things()):
            return []
        collect_qt()
        return [_describe(thing) for thing in _things() if thing not in self._known]


def _things() -> Iterator[QObject]:
    if isinstance(QCoreApplication.instance(), QApplication):
        yield from QApplication.topLevelWidgets()
    main = QThread.currentThread()
    for thing in gc.get_objects():
        kind = type(thing)  # isinstance would ask proxies, and wake what they stand for
        if not issubclass(kind, QThread | QTimer) or thing is main or not shiboken6.isValid(thing):
            continue
        if not isinstance(thing.parent(), QEventLoop):  # those are pytest-qt's own
            yield thing


def _describe(thing: QObject) -> str:
    name = thing.objectName()
    text = f"{type(thing).__name__}{f' {name!r}' if name else ''}"
    if isinstance(thing, QWidget):
        return f"top-level widget: {text} {thing.windowTitle()!r}"
    if isinstance(thing, QThread):
        return f"thread: {text}{' that runs' if thing.isRunning() else ''}"
    active = isinstance(thing, QTimer) and thing.isActive()
    parent = thing.parent()
    return f"timer: {text}{' that runs' if active else ''} of {type(parent).__name__}"
