"""Files that are dragged onto the window."""

from __future__ import annotations

from PySide6.QtCore import QMimeData

__all__ = ["dropped_files"]


def dropped_files(data: QMimeData) -> list[str]:
    """The paths of the local files among what is dragged."""
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()] if data.hasUrls() else []
