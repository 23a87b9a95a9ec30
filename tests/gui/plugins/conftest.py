"""A plugin manager with a folder and a state of its own, and plugins with widgets to put there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from budgetinator.plugins import PluginManager
from budgetinator.runtime import Runtime

BODY = """
from PySide6.QtWidgets import QDialog, QLabel, QPushButton, QVBoxLayout
from gui.plugin_base import PluginBase

PLUGIN_METADATA = {{"id": "{name}", "version": "1.2"}}


class Window(QDialog):
    pass


class Widget(PluginBase):
    def __init__(self):
        super().__init__(PLUGIN_METADATA["id"])
        column = QVBoxLayout(self)
        self.label = QLabel("ready")
        self.button = QPushButton("Press")
        column.addWidget(self.label)
        column.addWidget(self.button)
        {made}

    def initialize(self):
        return True

    def press(self):
        self.label.setText("pressed")

    def _cleanup_resources(self):
        {cleanup}
"""

Write = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "plugins"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def manager(runtime: Runtime, folder: Path, tmp_path: Path) -> Iterator[PluginManager]:
    """Knows the shipped plugins and those of the folder."""
    manager = PluginManager(
        runtime.service, state_dir=tmp_path / "state", folders=[folder], deadline=20
    )
    manager.discover_plugins()
    yield manager
    manager.close()


@pytest.fixture
def write(folder: Path, manager: PluginManager) -> Write:
    """Called with a name and lines, it writes a plugin with a widget, found and trusted."""

    def written(
        name: str,
        made: str = "self.button.clicked.connect(self.press)",
        cleanup: str = "pass",
        *,
        trusted: bool = True,
    ) -> Path:
        path = folder / f"{name}.py"
        path.write_text(BODY.format(name=name, made=made, cleanup=cleanup))
        manager.discover_plugins()
        if trusted:
            manager.trust(name)
        return path

    return written
