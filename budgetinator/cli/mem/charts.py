"""A chart of lines over time as an SVG or PNG file.

The SVG is written as it is. A PNG is drawn by Pillow, with the font that Pillow
brings along, so that it looks the same where no fonts are installed
(docs/decisions/0031-plots-of-memory.md).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import click

from budgetinator.errors import MonitorError

__all__ = ["Canvas", "Chart", "Line", "Panel", "plot_option", "write_chart"]

Points = Sequence[tuple[float, float]]

WIDTH = 860
PANEL_HEIGHT = 210
LEFT, RIGHT, TOP, BOTTOM, GAP = 74, 24, 58, 46, 34
TITLE = 90
COLOURS = ("#1b6ca8", "#c4501b", "#2f8f4e", "#7d4fa1")
INK, GREY, FAINT = "#222222", "#777777", "#dddddd"


@dataclass(frozen=True, slots=True)
class Line:
    """A named line; the points rise in x."""

    name: str
    points: Points


@dataclass(frozen=True, slots=True)
class Panel:
    """Lines that share a vertical scale, which begins at 0."""

    label: str
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Chart:
    """Panels one below the other over one horizontal scale; `marks` are moments on it."""

    title: str
    x_label: str
    panels: Sequence[Panel]
    marks: Sequence[tuple[float, str]] = ()


class Canvas(Protocol):
    """What a chart is drawn on; pixels from the upper left corner."""

    def line(self, points: Points, colour: str, width: float) -> None: ...

    def text(self, x: float, y: float, words: str, size: int, colour: str, anchor: str) -> None:
        """Words whose `anchor` (start, middle or end) is at x, and whose foot is at y."""

    def save(self, path: Path) -> None: ...


def plot_option(_ctx: click.Context, _parameter: click.Parameter, path: str | None) -> Path | None:
    """The value of `--plot`, checked before anything is measured."""
    if path is None:
        return None
    chosen = Path(path)
    if chosen.suffix.lower() not in {".svg", ".png"}:
        raise click.BadParameter(f"{path} ends neither in .svg nor in .png")
    if not chosen.parent.is_dir():
        raise click.BadParameter(f"there is no folder {chosen.parent}")
    if chosen.suffix.lower() == ".png" and find_spec("PIL") is None:
        raise MonitorError(
            "a plot as PNG needs Pillow, which is not installed; name a .svg file, or"
            ' install it with: pip install "budgetinator[plot]"'
        )
    return chosen


def write_chart(chart: Chart, path: Path) -> None:
    """Draw the chart into the file; what was there is replaced."""
    height = TOP + len(chart.panels) * (PANEL_HEIGHT + GAP) - GAP + BOTTOM
    canvas = _canvas(path, WIDTH, height)
    draw(chart, canvas)
    canvas.save(path)


def _canvas(path: Path, width: int, height: int) -> Canvas:
    if path.suffix.lower() == ".png":
        from budgetinator.cli.mem.png import PngCanvas

        return PngCanvas(width, height)
    from budgetinator.cli.mem.svg import SvgCanvas

    return SvgCanvas(width, height)


@dataclass(frozen=True, slots=True)
class _Scale:
    """From values to pixels, both ends included."""

    least: float
    most: float
    first: float
    last: float

    def __call__(self, value: float) -> float:
        return self.first + (value - self.least) / (self.most - self.least) * (
            self.last - self.first
        )


def draw(chart: Chart, canvas: Canvas) -> None:
    """Draw the chart on a canvas of the height that it needs."""
    title = chart.title if len(chart.title) <= TITLE else chart.title[: TITLE - 1] + "…"
    canvas.text(LEFT, 24, title, 15, INK, "start")
    points = [x for panel in chart.panels for line in panel.lines for x, _ in line.points]
    least, most = min(points, default=0.0), max(points, default=1.0)
    across = _Scale(least, most if most > least else least + 1, LEFT, WIDTH - RIGHT)
    top = float(TOP)
    for panel in chart.panels:
        _draw_marks(chart.marks, canvas, across, top, words=panel is chart.panels[0])
        _draw_panel(panel, canvas, across, top)
        top += PANEL_HEIGHT + GAP
    foot = top - GAP
    for tick in _ticks(across.least, across.most):
        canvas.line([(across(tick), foot), (across(tick), foot + 4)], GREY, 1)
        canvas.text(across(tick), foot + 18, _number(tick), 11, INK, "middle")
    canvas.text((LEFT + WIDTH - RIGHT) / 2, foot + 36, chart.x_label, 12, INK, "middle")


def _draw_panel(panel: Panel, canvas: Canvas, across: _Scale, top: float) -> None:
    highest = max((y for line in panel.lines for _, y in line.points), default=0.0)
    ticks = list(_ticks(0.0, highest if highest > 0 else 1.0, beyond=True))
    up = _Scale(0.0, ticks[-1], top + PANEL_HEIGHT, top)
    for tick in ticks:
        canvas.line([(LEFT, up(tick)), (WIDTH - RIGHT, up(tick))], FAINT if tick else GREY, 1)
        canvas.text(LEFT - 8, up(tick) + 4, _number(tick), 11, INK, "end")
    canvas.text(LEFT, top - 10, panel.label, 12, INK, "start")
    x = WIDTH - RIGHT
    for line, colour in reversed(list(zip(panel.lines, COLOURS, strict=False))):
        canvas.text(x, top - 10, line.name, 12, colour, "end")
        x -= 8 * len(line.name) + 18
        canvas.line([(across(a), up(b)) for a, b in line.points], colour, 1.6)


def _draw_marks(
    marks: Sequence[tuple[float, str]], canvas: Canvas, across: _Scale, top: float, *, words: bool
) -> None:
    for at, what in marks:
        if across.least <= at <= across.most:
            canvas.line([(across(at), top), (across(at), top + PANEL_HEIGHT)], GREY, 0.5)
            if words:
                canvas.text(across(at) + 3, top + 12, what, 10, GREY, "start")


def _ticks(least: float, most: float, *, beyond: bool = False) -> Iterator[float]:
    """Round numbers, about five, from `least` to `most`; with `beyond` to the first above it."""
    rough = (most - least) / 5
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    number = math.ceil(least / step)
    while number * step <= most:
        yield number * step
        number += 1
    if beyond and (number - 1) * step < most:
        yield number * step


def _number(value: float) -> str:
    return f"{value:,.10g}"
