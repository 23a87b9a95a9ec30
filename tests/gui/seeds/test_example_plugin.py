"""Seed 003, phase 5: the example plugin to the letter, found, loaded, used and unloaded."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PySide6.QtWidgets import QLabel, QPushButton

from budgetinator.plugins import PluginManager, PluginProblem
from budgetinator.resources import ResourceManagementService, ResourceType
from gui.application import Application
from gui.plugin_base import PluginBase
from gui.plugins.example_plugin import PLUGIN_METADATA, ExamplePlugin

Service = ResourceManagementService

PRINTED = '''
# plugins/example_plugin.py (new file)

from PySide6.QtWidgets import QVBoxLayout, QLabel, QPushButton
from core.plugin_system.plugin_base import PluginBase
from core.services.interfaces import ResourceType
from core.logger import AppLogger

logger = AppLogger.get_instance()

# Plugin metadata
PLUGIN_METADATA = {
    'id': 'example_plugin',
    'name': 'Example Plugin',
    'version': '1.0.0',
    'author': 'Your Name',
    'description': 'Demonstrates plugin resource management'
}

class ExamplePlugin(PluginBase):
    """Example plugin demonstrating resource management"""

    def __init__(self):
        super().__init__(
            plugin_id=PLUGIN_METADATA['id'],
            plugin_type='example'
        )

        self.data_buffer = None
        self.data_resource_id = None

        self._setup_ui()

    def _setup_ui(self):
        layout = QVBoxLayout(self)

        # Title
        title = QLabel(f"<h2>{PLUGIN_METADATA['name']}</h2>")
        layout.addWidget(title)

        # Info label
        self.info_label = QLabel("Plugin loaded successfully")
        layout.addWidget(self.info_label)

        # Memory usage label
        self.memory_label = QLabel("Memory: 0 bytes")
        layout.addWidget(self.memory_label)

        # Test button
        test_btn = QPushButton("Allocate Test Resource")
        test_btn.clicked.connect(self._allocate_test_resource)
        layout.addWidget(test_btn)

        # Release button
        release_btn = QPushButton("Release Test Resource")
        release_btn.clicked.connect(self._release_test_resource)
        layout.addWidget(release_btn)

        layout.addStretch()

    def initialize(self) -> bool:
        """Initialize the plugin"""
        logger.info(f"Initializing {PLUGIN_METADATA['name']}")
        return True

    def _allocate_test_resource(self):
        """Allocate a test resource"""

        # Release old resource if exists
        self._release_test_resource()

        # Create new resource (simulated data buffer)
        self.data_buffer = bytearray(1024 * 1024)  # 1MB

        # Track it
        self.data_resource_id = self.track_resource(
            ResourceType.MEMORY,
            self.data_buffer,
            size_bytes=len(self.data_buffer),
            metadata={'type': 'test_buffer'}
        )

        # Update UI
        self.info_label.setText("Test resource allocated")
        self._update_memory_display()

    def _release_test_resource(self):
        """Release test resource"""
        if self.data_resource_id:
            self.release_resource(self.data_resource_id)
            self.data_resource_id = None
            self.data_buffer = None

            self.info_label.setText("Test resource released")
            self._update_memory_display()

    def _update_memory_display(self):
        """Update memory usage display"""
        usage = self.get_memory_usage()
        self.memory_label.setText(f"Memory: {usage:,} bytes")

    def _cleanup_resources(self):
        """Clean up plugin resources"""
        logger.info(f"Cleaning up {PLUGIN_METADATA['name']}")

        # Release any allocated resources
        self._release_test_resource()
'''


class AppLogger:
    """What the seeds log through, over `logging`."""

    @staticmethod
    def get_instance() -> logging.Logger:
        return logging.getLogger("printed")


@pytest.fixture
def printed_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """The modules that the printed file imports, handing on the library's own objects."""
    modules: dict[str, dict[str, Any]] = {
        "core": {},
        "core.plugin_system": {},
        "core.plugin_system.plugin_base": {"PluginBase": PluginBase},
        "core.services": {},
        "core.services.interfaces": {"ResourceType": ResourceType},
        "core.logger": {"AppLogger": AppLogger},
    }
    for name, contents in modules.items():
        module = ModuleType(name)
        vars(module).update(contents)
        monkeypatch.setitem(sys.modules, name, module)


@pytest.fixture
def manager(
    application: Application, service: Service, tmp_path: Path, printed_names: None
) -> Iterator[PluginManager]:
    """One that looks into a folder with the printed file, and nowhere else."""
    folder = tmp_path / "plugins"
    folder.mkdir(mode=0o700)
    (folder / "example_plugin.py").write_text(PRINTED)
    manager = PluginManager(
        service, state_dir=tmp_path / "state", folders=[folder], entry_points=False
    )
    yield manager
    manager.close()


def _click(plugin: Any, text: str) -> None:
    buttons = plugin.findChildren(QPushButton)
    next(each for each in buttons if each.text().replace("&", "") == text).click()


def _texts(plugin: Any) -> list[str]:
    return [label.text() for label in (plugin.info_label, plugin.memory_label)]


def test_it_is_found_with_its_metadata_and_nothing_is_run(manager: PluginManager) -> None:
    """PluginInfo has what PLUGIN_METADATA says; the class is known once it is loaded."""
    (info,) = manager.discover_plugins()

    assert (info.plugin_id, info.name, info.version, info.author, info.description) == (
        "example_plugin",
        "Example Plugin",
        "1.0.0",
        "Your Name",
        "Demonstrates plugin resource management",
    )
    assert info.file_path.name == "example_plugin.py"
    assert (info.plugin_class, info.instance, info.is_loaded) == (None, None, False)
    assert "example_plugin" not in sys.modules


def test_it_is_loaded_used_and_unloaded(
    manager: PluginManager,
    service: Service,
    caplog: pytest.LogCaptureFixture,
    collect_qt: Callable[[], None],
) -> None:
    """As the seed has it: 1 MB tracked, shown, released, and the rest released at the end."""
    caplog.set_level(logging.INFO, "printed")
    manager.discover_plugins()
    manager.trust("example_plugin")

    plugin: Any = manager.load_plugin("example_plugin").value
    info = manager.find("example_plugin")
    assert info is not None
    loaded = (info.is_loaded, info.plugin_class is type(plugin), info.instance is plugin)
    _click(plugin, "Allocate Test Resource")
    allocated = (_texts(plugin), service.get_memory_usage()["example_plugin"])
    tracked = plugin.data_resource_id is not None and len(plugin.data_buffer)
    _click(plugin, "Release Test Resource")
    released = (_texts(plugin), service.get_memory_usage()["example_plugin"])
    _click(plugin, "Allocate Test Resource")
    del plugin
    unloaded = manager.unload_plugin("example_plugin")
    collect_qt()

    assert loaded == (True, True, True)
    assert allocated == (["Test resource allocated", "Memory: 1,048,576 bytes"], 1024**2)
    assert tracked == 1024**2
    assert released == (["Test resource released", "Memory: 0 bytes"], 0)
    assert unloaded.success, unloaded.error
    assert manager.get_loaded_plugins() == []
    assert service.get_statistics()["active_resources"] == 0
    assert [line for line in caplog.messages if "Example Plugin" in line] == [
        "Initializing Example Plugin",
        "Cleaning up Example Plugin",
    ]


def test_a_file_whose_metadata_cannot_be_read_is_a_problem(
    manager: PluginManager, tmp_path: Path
) -> None:
    """Seed 003 logs "Failed to load plugin info from" and the path; here it can be shown."""
    (tmp_path / "plugins" / "broken.py").write_text("PLUGIN_METADATA = {'id': 'broken'\n")

    found = [info.plugin_id for info in manager.discover_plugins()]

    (problem,) = manager.problems
    assert found == ["example_plugin"]
    assert isinstance(problem, PluginProblem)
    assert problem.path.name == "broken.py"


def test_the_shipped_one_does_what_the_printed_one_does(
    application: Application, service: Service
) -> None:
    """`gui.plugins.example_plugin`: the same keys, labels and buttons."""
    plugin = ExamplePlugin()
    before = [label.text() for label in plugin.findChildren(QLabel)]

    plugin.activate()
    _click(plugin, "Allocate Test Resource")
    allocated = (plugin.data_resource_id, _texts(plugin))
    _click(plugin, "Release Test Resource")

    assert list(PLUGIN_METADATA) == ["id", "name", "version", "author", "description"]
    assert PLUGIN_METADATA["id"] == plugin.plugin_id == "example_plugin"
    assert {"Example Plugin", "Plugin loaded successfully", "Memory: 0 bytes"} <= set(before)
    assert allocated[0] is not None
    assert allocated[1] == ["Test resource allocated", "Memory: 1,048,576 bytes"]
    assert plugin.data_buffer is None
    plugin.cleanup()
    plugin.deleteLater()
