"""The look of the window: a light and a dark palette, and one style sheet made from either.

Which of the two is the platform's choice, seen by the lightness of its own window colour.
Everything that is drawn by hand takes its colours from `Colours` too.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

__all__ = ["DARK", "LIGHT", "Colours", "apply_theme", "colours", "is_dark"]


@dataclass(frozen=True, slots=True)
class Colours:
    """Every colour of the window by what it is for, as `#rrggbb`."""

    window: str
    panel: str
    base: str
    header: str
    line: str
    grid: str
    text: str
    muted: str
    faint: str
    accent: str
    accent_soft: str
    on_accent: str
    hover: str
    error: str
    error_soft: str
    warning: str
    warning_soft: str
    info_soft: str
    stale: str


LIGHT = Colours(
    window="#f3f5f7",
    panel="#ffffff",
    base="#ffffff",
    header="#f6f8fa",
    line="#d5dbe1",
    grid="#e6eaee",
    text="#1d252c",
    muted="#5c6873",
    faint="#8b97a2",
    accent="#0f6e66",
    accent_soft="#dceeec",
    on_accent="#ffffff",
    hover="#e7ecef",
    error="#b3261e",
    error_soft="#fdecea",
    warning="#8a5a00",
    warning_soft="#fff4dc",
    info_soft="#e6f2f1",
    stale="#8a5a00",
)
DARK = Colours(
    window="#1b2024",
    panel="#23292e",
    base="#1f2429",
    header="#262d32",
    line="#3a434a",
    grid="#2d353b",
    text="#e4e9ed",
    muted="#a3aeb8",
    faint="#77838d",
    accent="#4fb8ac",
    accent_soft="#234a47",
    on_accent="#0d1b1a",
    hover="#2f373d",
    error="#ff8a80",
    error_soft="#472a29",
    warning="#f2c36b",
    warning_soft="#443719",
    info_soft="#21403e",
    stale="#f2c36b",
)


def is_dark(palette: QPalette) -> bool:
    """Whether the palette is one of light text on dark ground."""
    return palette.color(QPalette.ColorRole.Window).lightness() < 128


def colours() -> Colours:
    """Those that the application shows now."""
    return DARK if is_dark(QGuiApplication.palette()) else LIGHT


def apply_theme(app: QApplication, theme: Colours | None = None) -> Colours:
    """Give the application its palette and style sheet; without `theme` that of the platform."""
    chosen = theme or (DARK if is_dark(app.style().standardPalette()) else LIGHT)
    app.setPalette(_palette(chosen))
    app.setStyleSheet(_style_sheet(chosen))
    return chosen


def _palette(c: Colours) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette(QColor(c.window))
    for each, colour in (
        (role.Window, c.window),
        (role.WindowText, c.text),
        (role.Base, c.base),
        (role.AlternateBase, c.header),
        (role.Text, c.text),
        (role.Button, c.panel),
        (role.ButtonText, c.text),
        (role.BrightText, c.on_accent),
        (role.Highlight, c.accent),
        (role.HighlightedText, c.on_accent),
        (role.ToolTipBase, c.panel),
        (role.ToolTipText, c.text),
        (role.PlaceholderText, c.faint),
        (role.Link, c.accent),
        (role.Mid, c.line),
        (role.Midlight, c.grid),
        (role.Dark, c.line),
        (role.Light, c.panel),
        (role.Accent, c.accent),
    ):
        palette.setColor(each, QColor(colour))
    for each in (role.Text, role.ButtonText, role.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, each, QColor(c.faint))
    return palette


def _style_sheet(theme: Colours) -> str:
    sheet = _SHEET
    # Longest names first, so that @accent does not eat the beginning of @accent_soft.
    for name in sorted((field.name for field in fields(theme)), key=len, reverse=True):
        sheet = sheet.replace(f"@{name}", getattr(theme, name))
    return sheet


_SHEET = """
QMainWindow, QDialog { background: @window; }
QToolTip { background: @panel; color: @text; border: 1px solid @line; padding: 4px 6px; }

QMenuBar { background: @panel; color: @text; padding: 2px 6px; }
QMenuBar::item { padding: 5px 9px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: @hover; }
QMenu { background: @panel; color: @text; border: 1px solid @line; padding: 4px; }
QMenu::item { padding: 6px 28px 6px 24px; border-radius: 4px; }
QMenu::item:selected { background: @accent_soft; color: @text; }
QMenu::item:disabled { color: @faint; }
QMenu::separator { height: 1px; background: @grid; margin: 4px 8px; }
QMenu::icon { padding-left: 6px; }

QToolBar { background: @panel; border: 0; border-bottom: 1px solid @line; padding: 3px 8px;
    spacing: 2px; }
QToolBar::separator { width: 1px; background: @line; margin: 5px 6px; }
QToolButton { border: 1px solid transparent; border-radius: 5px; padding: 4px 6px; color: @text;
    background: transparent; }
QToolButton:hover { background: @hover; }
QToolButton:pressed, QToolButton:checked { background: @accent_soft; }
QToolButton:focus { border-color: @accent; }
QToolButton:disabled { color: @faint; }

QPushButton { border: 1px solid @line; border-radius: 5px; padding: 5px 14px; color: @text;
    background: @panel; min-height: 16px; }
QPushButton:hover { background: @hover; }
QPushButton:pressed { background: @accent_soft; }
QPushButton:focus { border-color: @accent; }
QPushButton:default, QPushButton[primary="true"] { background: @accent; color: @on_accent;
    border-color: @accent; }
QPushButton:disabled { color: @faint; background: @window; }

QLineEdit { border: 1px solid @line; border-radius: 5px; padding: 4px 7px; background: @base;
    color: @text; selection-background-color: @accent; selection-color: @on_accent; }
QLineEdit:focus { border-color: @accent; }
QLineEdit:read-only { background: @header; }
QLineEdit[inCell="true"] { border: 2px solid @accent; border-radius: 0; padding: 0 3px; }
QLineEdit[refused="true"] { border-color: @error; }

QTabWidget#documents::pane { border: 0; border-top: 1px solid @line; }
QTabWidget#documents > QTabBar { background: @window; }
QTabWidget#documents > QTabBar::tab { background: transparent; color: @muted; padding: 7px 14px;
    border: 1px solid transparent; border-bottom: 0; margin-top: 3px; margin-right: 1px;
    border-top-left-radius: 6px; border-top-right-radius: 6px; }
QTabWidget#documents > QTabBar::tab:hover { background: @hover; color: @text; }
QTabWidget#documents > QTabBar::tab:selected { background: @panel; color: @text;
    border-color: @line; }
QToolButton#closeTab { padding: 2px; border-radius: 4px; margin: 3px 0 0 6px; }
QTabBar#sheets { background: @panel; }
QTabBar#sheets::tab { background: transparent; color: @muted; padding: 5px 12px 6px 12px;
    border: 0; border-top: 2px solid transparent; margin-right: 2px; }
QTabBar#sheets::tab:hover { background: @hover; color: @text; }
QTabBar#sheets::tab:selected { background: @accent_soft; color: @text;
    border-top: 2px solid @accent; }
QTabBar::tab:focus { color: @accent; }

QTableView { background: @base; color: @text; gridline-color: @grid; border: 0;
    selection-background-color: @accent_soft; selection-color: @text; outline: 0; }
QTableView QTableCornerButton::section { background: @header; border: 0;
    border-right: 1px solid @line; border-bottom: 1px solid @line; }
QHeaderView { background: @header; border: 0; }
QHeaderView::section { background: @header; color: @muted; border: 0; padding: 3px 6px;
    border-right: 1px solid @grid; border-bottom: 1px solid @line; }
QHeaderView::section:checked { background: @accent_soft; color: @text; font-weight: normal; }
QListView { background: @panel; color: @text; border: 1px solid @line; border-radius: 6px;
    outline: 0; padding: 4px; }
QListView::item { border-radius: 4px; padding: 5px 8px; }
QListView::item:hover { background: @hover; }
QListView::item:selected { background: @accent_soft; color: @text; }

QScrollBar:vertical { background: @header; width: 13px; margin: 0; }
QScrollBar:horizontal { background: @header; height: 13px; margin: 0; }
QScrollBar::handle { background: @line; border-radius: 4px; margin: 2px; min-height: 28px;
    min-width: 28px; }
QScrollBar::handle:hover { background: @faint; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QAbstractScrollArea::corner { background: @header; }

QProgressBar { border: 0; border-radius: 3px; background: @grid; max-height: 6px;
    min-height: 6px; }
QProgressBar::chunk { background: @accent; border-radius: 3px; }

QStatusBar { background: @panel; color: @muted; border-top: 1px solid @line; min-height: 26px; }
QStatusBar::item { border: 0; }
QStatusBar QLabel { color: @muted; padding: 0 8px; }

QWidget#panel { background: @panel; }
QWidget#formulas { background: @panel; border-bottom: 1px solid @line; }
QWidget#foot { background: @panel; border-top: 1px solid @line; }
QLabel#sign { color: @faint; font-style: italic; }
QFrame#message { border: 0; border-bottom: 1px solid @line; background: @info_soft; }
QFrame#message[kind="warning"] { background: @warning_soft; }
QFrame#message[kind="error"] { background: @error_soft; }
QFrame#message QLabel { color: @text; }
QFrame#message QLabel#bullet { color: @accent; font-weight: bold; font-size: 15px; }
QFrame#message[kind="warning"] QLabel#bullet { color: @warning; }
QFrame#message[kind="error"] QLabel#bullet { color: @error; }
QFrame#message QPushButton { background: @panel; padding: 3px 12px; }
QFrame#hint { background: @error_soft; border: 1px solid @error; border-radius: 5px; }
QFrame#hint QLabel { color: @text; padding: 5px 8px; }
QFrame#job { background: @panel; border-top: 1px solid @line; }
QFrame#job QLabel { color: @muted; }
QFrame#drop { border: 2px dashed @line; border-radius: 10px; background: @panel; }
QFrame#drop[over="true"] { border-color: @accent; background: @accent_soft; }
QLabel#title { color: @text; font-size: 26px; font-weight: 300; }
QLabel#subtitle { color: @muted; font-size: 13px; }
QLabel#section { color: @muted; font-weight: bold; }
QSplitter::handle { background: @line; width: 1px; }
"""
