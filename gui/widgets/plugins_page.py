"""The page of the plugins: what there is, what it costs, and who may run.

Nothing of a plugin is run before its Load button, and that one is for trusted plugins
alone. Trust is given to one hash: the question shows it with the path, and fails if the
files are others by the time it is answered.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMessageBox,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from budgetinator.errors import PluginError
from budgetinator.plugins import PluginInfo, PluginManager, Verification
from gui.models.plugins import PluginTableModel

__all__ = ["PluginsPage"]

_NOTE = "A plugin can do all that you can: there is no fence around it. Trust what you know."


class PluginsPage(QWidget):
    """Shows the plugins of a manager and asks it for what its buttons say."""

    open_requested = Signal(str)
    """The id of a loaded plugin whose widget is to be shown."""

    def __init__(self, manager: PluginManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._manager = manager
        self._question: QMessageBox | None = None
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._make_table()
        self._make_buttons()
        self._lay_out()
        for signal in (manager.plugin_loaded, manager.plugin_unloaded):
            signal.connect(self._changed)
        manager.plugin_error.connect(self._failed)
        self.refresh()

    # Making

    def _make_table(self) -> None:
        self.model = PluginTableModel(self)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setAccessibleName(self.tr("Plugins"))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setTabKeyNavigation(False)
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        self.table.selectionModel().currentChanged.connect(self._show_chosen)
        self.table.activated.connect(self._open_chosen)
        self.details = QLabel()
        self.details.setObjectName("subtitle")
        self.details.setTextFormat(Qt.TextFormat.PlainText)
        self.details.setWordWrap(True)
        self.details.setMinimumHeight(72)
        self.details.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.details.setAccessibleName(self.tr("About the chosen plugin"))

    def _make_buttons(self) -> None:
        self.trust_button = self._button(self.tr("&Trust…"), self.ask_trust)
        self.load_button = self._button(self.tr("&Load"), self._load)
        self.unload_button = self._button(self.tr("&Unload"), self._unload)
        self.reload_button = self._button(self.tr("&Reload"), self._reload)
        self.verify_button = self._button(self.tr("&Verify"), self._verify)
        self.untrust_button = self._button(self.tr("&Do not trust"), self._untrust)
        self.search_button = self._button(self.tr("&Search again"), self.search)
        self.message = QLabel()
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setWordWrap(True)
        self.message.setAccessibleName(self.tr("What was done"))

    def _button(self, text: str, slot: object) -> QPushButton:
        button = QPushButton(text)
        button.clicked.connect(slot)
        return button

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (
            self.trust_button,
            self.load_button,
            self.unload_button,
            self.reload_button,
            self.verify_button,
        ):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.untrust_button)
        buttons.addWidget(self.search_button)
        note = QLabel(self.tr(_NOTE))
        note.setObjectName("subtitle")
        page = QVBoxLayout(self)
        page.setContentsMargins(28, 22, 28, 18)
        page.setSpacing(10)
        page.addWidget(note)
        page.addWidget(self.table, 1)
        page.addWidget(self.details)
        page.addWidget(self.message)
        page.addLayout(buttons)

    # Showing

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """What plugins hold may have changed while nobody looked."""
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Show what the manager knows now."""
        chosen = self.chosen
        self.model.show(self._manager.plugins, self._manager.problems)
        row = self.model.row_of(chosen.plugin_id) if chosen is not None else 0
        self.table.setCurrentIndex(self.model.index(max(row, 0), 0))
        self._show_chosen()

    @property
    def chosen(self) -> PluginInfo | None:
        """The plugin of the current row."""
        row = self.model.row(self.table.currentIndex().row())
        return row if isinstance(row, PluginInfo) else None

    def search(self) -> None:
        """Look for plugins again."""
        found = self._manager.discover_plugins()
        self.refresh()
        self.message.setText(self.tr("{0} plugins were found.").format(len(found)))

    def _changed(self, _plugin_id: str) -> None:
        if isValid(self):
            self.refresh()

    def _failed(self, _plugin_id: str, text: str) -> None:
        if isValid(self):
            self.refresh()
            self.message.setText(text)

    def _show_chosen(self) -> None:
        info = self.chosen
        loaded = info is not None and info.is_loaded
        shipped = info is not None and info.source == "shipped"
        may_run = info is not None and info.trusted and info.off is None
        self.trust_button.setEnabled(info is not None and not may_run)
        self.load_button.setEnabled(may_run and not loaded and self._manager.enabled)
        self.unload_button.setEnabled(loaded)
        self.reload_button.setEnabled(loaded)
        self.verify_button.setEnabled(info is not None)
        self.untrust_button.setEnabled(info is not None and info.trusted and not shipped)
        self.details.setText(_about(info) if info is not None else "")

    # What the buttons do

    def ask_trust(self) -> None:
        """Ask whether the plugin may run, with its path and the hash of its files."""
        info = self.chosen
        if info is None:
            return
        found = self._manager.verify(info.plugin_id)
        if found.digest is None:
            self.message.setText(_verified(info, found))
            return
        box = QMessageBox(self)
        box.setObjectName("trust")
        box.setIcon(QMessageBox.Icon.Warning)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle(self.tr("Trust a plugin"))
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(self.tr("Let {0} run?").format(f"{info.name} {info.version}"))
        box.setInformativeText(_question(info, found))
        trust = box.addButton(self.tr("&Trust"), QMessageBox.ButtonRole.AcceptRole)
        cancel = box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(cancel)
        box.setEscapeButton(cancel)
        trust.setProperty("plugin", (info.plugin_id, found.digest))
        trust.clicked.connect(self._trusted)
        self._question = box
        box.open()

    def _trusted(self) -> None:
        plugin_id, digest = self.sender().property("plugin")
        try:
            self._manager.trust(plugin_id, digest)
        except PluginError as error:
            self.message.setText(str(error))
        else:
            self.message.setText(self.tr("{0} is trusted and may be loaded.").format(plugin_id))
        self._question = None
        self.refresh()

    def _load(self) -> None:
        info = self.chosen
        if info is not None and self._manager.load_plugin(info.plugin_id).success:
            self.message.setText(self.tr("{0} is loaded.").format(info.name))
            self.open_requested.emit(info.plugin_id)

    def _unload(self) -> None:
        info = self.chosen
        if info is not None and self._manager.unload_plugin(info.plugin_id).success:
            told = self.tr("{0} is unloaded; nothing of it is left.")
            self.message.setText(told.format(info.name))

    def _reload(self) -> None:
        info = self.chosen
        if info is not None and self._manager.reload_plugin(info.plugin_id).success:
            told = self.tr("{0} is loaded from its files as they are now.")
            self.message.setText(told.format(info.name))

    def _verify(self) -> None:
        info = self.chosen
        if info is not None:
            found = self._manager.verify(info.plugin_id)
            self.refresh()
            self.message.setText(_verified(info, found))

    def _untrust(self) -> None:
        info = self.chosen
        if info is not None:
            self._manager.untrust(info.plugin_id)
            self.refresh()
            self.message.setText(self.tr("{0} is not trusted any more.").format(info.name))

    def _open_chosen(self) -> None:
        info = self.chosen
        if info is not None and info.is_loaded:
            self.open_requested.emit(info.plugin_id)


def _about(info: PluginInfo) -> str:
    lines = [info.description, f"{info.author} · {info.source} · {info.file_path}"]
    if info.requires:
        lines.append(f"Needs {', '.join(str(each) for each in info.requires)}")
    lines.append(info.off or info.problem or "")
    return "\n".join(line for line in lines if line)


def _question(info: PluginInfo, found: Verification) -> str:
    """What the user is asked to look at."""
    lines = [
        f"From {info.author}, at",
        str(info.file_path),
        "",
        "SHA-256 of its files:",
        grouped(found.digest or ""),
    ]
    if found.status == "changed":
        lines += ["", "You trusted it before, and its files have changed since:"]
        lines += [grouped(found.trusted_digest or "")]
    if info.off is not None:
        lines += ["", f"It is switched off: {info.off}."]
    return "\n".join([*lines, "", _NOTE])


def grouped(digest: str) -> str:
    """A hash in groups of eight, four to a line, to be compared by eye."""
    groups = [digest[place : place + 8] for place in range(0, len(digest), 8)]
    return "\n".join(" ".join(groups[place : place + 4]) for place in range(0, len(groups), 4))


def _verified(info: PluginInfo, found: Verification) -> str:
    sentences = {
        "shipped": "came with the program",
        "trusted": "is as you trusted it",
        "changed": "has changed since you trusted it",
        "not trusted": "is not trusted",
        "refused": f"cannot be used: {found.reason}",
    }
    text = f"{info.name} {sentences[found.status]}."
    return f"{text} SHA-256 {found.digest}" if found.digest is not None else text
