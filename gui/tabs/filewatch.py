"""Whether the file behind a tab was changed by somebody else."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

__all__ = ["FileWatch", "lock_owner"]

_SETTLE = 300  # ms: a save by another program is several events
_OFFICE_NAME = 54  # bytes for the user's name in the owner file of Excel and Word

Seen = tuple[int, int, int] | None


class FileWatch(QObject):
    """Watches the file and its folder: a file that is replaced would not be watched any more.

    `changed` is emitted when the file is another than at the last `take_note`, once for
    each state that it is found in; `vanished` when there is none.
    """

    changed = Signal()
    vanished = Signal()

    def __init__(self, path: str, parent: QObject) -> None:
        super().__init__(parent)
        self._path = path
        self._known: Seen = None
        self._told: Seen = None
        self._watcher = QFileSystemWatcher(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLE)
        self._timer.timeout.connect(self.look)
        self._watcher.fileChanged.connect(self._something)
        self._watcher.directoryChanged.connect(self._something)

    def take_note(self, path: str | None = None) -> None:
        """The file as it is now is the one that is known."""
        self._path = path or self._path
        self._known = self._told = _seen(self._path)
        self._watch()

    def stop(self) -> None:
        """Watch nothing."""
        self._timer.stop()
        watched = self._watcher.files() + self._watcher.directories()
        if watched:
            self._watcher.removePaths(watched)

    def look(self) -> None:
        """Compare the file with what is known; at once, for whoever cannot wait."""
        seen = _seen(self._path)
        self._watch()
        if seen in (self._known, self._told):
            return
        self._told = seen
        if seen is None:
            self.vanished.emit()
        else:
            self.changed.emit()

    def _watch(self) -> None:
        wanted = {self._path, str(Path(self._path).parent)}
        missing = wanted.difference(self._watcher.files(), self._watcher.directories())
        there = [path for path in missing if os.path.exists(path)]
        if there:
            self._watcher.addPaths(there)

    def _something(self, _path: str) -> None:
        self._timer.start()


def lock_owner(path: str) -> str | None:
    """Who has the file open in Excel or LibreOffice, by the owner file that these put beside it."""
    file = Path(path)
    for beside, read in (
        (file.with_name(f"~${file.name}"), _office_owner),
        (file.with_name(f".~lock.{file.name}#"), _libre_owner),
    ):
        try:
            with beside.open("rb") as opened:
                return read(opened.read(512)) or "somebody"
        except OSError:
            continue
    return None


def _office_owner(data: bytes) -> str:
    length = data[0] if data else 0
    return data[1 : 1 + min(length, _OFFICE_NAME)].decode("cp1252", "replace").strip()


def _libre_owner(data: bytes) -> str:
    return data.decode("utf-8", "replace").split(",")[0].strip()


def _seen(path: str) -> Seen:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
