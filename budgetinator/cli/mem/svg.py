"""A chart's lines and words as the text of an SVG file (SVG 1.1, W3C)."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

from budgetinator.cli.mem.charts import Points

__all__ = ["SvgCanvas"]


class SvgCanvas:
    """Collects elements; `save` writes them as one document."""

    def __init__(self, width: int, height: int) -> None:
        size = f'width="{width}" height="{height}"'
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif">',
            f'<rect {size} fill="#ffffff"/>',
        ]

    def line(self, points: Points, colour: str, width: float) -> None:
        """A broken line; a single point becomes a dot."""
        if len(points) == 1:
            x, y = points[0]
            self._parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>')
            return
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>'
        )

    def text(self, x: float, y: float, words: str, size: int, colour: str, anchor: str) -> None:
        """See `budgetinator.cli.mem.charts.Canvas`."""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" '
            f'text-anchor="{anchor}">{escape(words)}</text>'
        )

    def save(self, path: Path) -> None:
        """Write the document in UTF-8."""
        path.write_text("\n".join([*self._parts, "</svg>\n"]), encoding="utf-8")
