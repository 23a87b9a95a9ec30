"""What runs at the moment: a text, how far it is, and Cancel."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

__all__ = ["JobBar"]

_PATIENCE = 250  # ms: what is over sooner is not worth a line that comes and goes


class JobBar(QFrame):
    """Stands at the foot of a tab while work runs that takes longer than a moment."""

    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("job")
        self._label = QLabel(self)
        self._progress = QProgressBar(self)
        self._progress.setTextVisible(False)
        self._progress.setFixedWidth(220)
        self._progress.setAccessibleName("Progress")
        self._cancel = QPushButton("Cancel", self)
        self._cancel.setAccessibleName("Cancel the running job")
        self._cancel.clicked.connect(self.cancel_requested)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PATIENCE)
        self._timer.timeout.connect(self.show)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 5, 10, 5)
        row.setSpacing(12)
        row.addWidget(self._label, 1)
        row.addWidget(self._progress)
        row.addWidget(self._cancel)
        self.is_running = False
        self.hide()

    @property
    def text(self) -> str:
        """What is said to run."""
        return self._label.text()

    @property
    def cancel_button(self) -> QPushButton:
        """The button that cancels."""
        return self._cancel

    def begin(self, text: str, *, at_once: bool = False) -> None:
        """A job begins; it is shown when it lasts, or at once."""
        self.is_running = True
        self._label.setText(text)
        self._progress.setRange(0, 0)
        self._cancel.setEnabled(True)
        if at_once:
            self.show()
        elif not self._timer.isActive() and self.isHidden():
            self._timer.start()

    def progress(self, percent: int, text: str) -> None:
        """How far it is; without a percentage the bar moves to and fro."""
        if text:
            self._label.setText(text)
        self._progress.setRange(0, 100 if percent > 0 else 0)
        self._progress.setValue(percent)

    def end(self) -> None:
        """The job is over."""
        self.is_running = False
        self._timer.stop()
        self.hide()
