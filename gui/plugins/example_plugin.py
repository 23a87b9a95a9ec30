"""The example of seed 003: a plugin that takes a megabyte and gives it back."""

from __future__ import annotations

import logging

from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from budgetinator.resources import ResourceType
from gui.plugin_base import PluginBase

__all__ = ["PLUGIN_METADATA", "ExamplePlugin"]

log = logging.getLogger("budgetinator.plugins.example")

PLUGIN_METADATA = {
    "id": "example_plugin",
    "name": "Example Plugin",
    "version": "1.0.0",
    "author": "Budgetinator contributors",
    "description": "Takes a megabyte and gives it back: how a plugin tracks what it holds.",
}

BUFFER_BYTES = 1024 * 1024


class ExamplePlugin(PluginBase):
    """A buffer that is allocated, tracked and released by two buttons."""

    def __init__(self) -> None:
        super().__init__(plugin_id=PLUGIN_METADATA["id"], plugin_type="example")
        self.data_buffer: bytearray | None = None
        self.data_resource_id: str | None = None
        self.setWindowTitle(PLUGIN_METADATA["name"])
        self._setup_ui()

    def _setup_ui(self) -> None:
        title = QLabel(PLUGIN_METADATA["name"])
        title.setObjectName("title")
        explanation = QLabel(self.tr("What it allocates is tracked, and seen in the monitor."))
        explanation.setObjectName("subtitle")
        self.info_label = QLabel(self.tr("Plugin loaded successfully"))
        self.memory_label = QLabel(self.tr("Memory: 0 bytes"))
        self.allocate_button = QPushButton(self.tr("&Allocate Test Resource"))
        self.allocate_button.clicked.connect(self._allocate_test_resource)
        self.release_button = QPushButton(self.tr("&Release Test Resource"))
        self.release_button.clicked.connect(self._release_test_resource)
        self.release_button.setEnabled(False)
        buttons = QHBoxLayout()
        buttons.addWidget(self.allocate_button)
        buttons.addWidget(self.release_button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 28, 32, 28)
        column.setSpacing(12)
        for label in (title, explanation, self.info_label, self.memory_label):
            column.addWidget(label)
        column.addLayout(buttons)
        column.addStretch(1)

    def initialize(self) -> bool:
        """There is nothing that could fail."""
        log.info("Initializing %s", PLUGIN_METADATA["name"])
        return True

    def _allocate_test_resource(self) -> None:
        self._release_test_resource()
        self.data_buffer = bytearray(BUFFER_BYTES)
        self.data_resource_id = self.track_resource(
            ResourceType.MEMORY,
            self.data_buffer,
            size_bytes=len(self.data_buffer),
            metadata={"type": "test_buffer"},
        )
        self._show(self.tr("Test resource allocated"))

    def _release_test_resource(self) -> None:
        if self.data_buffer is None:
            return
        if self.data_resource_id is not None:
            self.release_resource(self.data_resource_id)
        self.data_resource_id = self.data_buffer = None
        self._show(self.tr("Test resource released"))

    def _show(self, what: str) -> None:
        self.info_label.setText(what)
        self.memory_label.setText(
            self.tr("Memory: {0} bytes").format(f"{self.get_memory_usage():,}")
        )
        self.release_button.setEnabled(self.data_buffer is not None)

    def _cleanup_resources(self) -> None:
        log.info("Cleaning up %s", PLUGIN_METADATA["name"])
        self._release_test_resource()
