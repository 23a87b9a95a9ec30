"""A chart's lines and words as a PNG file, drawn by Pillow at twice the size."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from budgetinator.cli.mem.charts import Points

__all__ = ["PngCanvas"]

SCALE = 2
ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}


class PngCanvas:
    """Draws as it is told to; `save` writes the picture."""

    def __init__(self, width: int, height: int) -> None:
        self._image = Image.new("RGB", (width * SCALE, height * SCALE), "#ffffff")
        self._draw = ImageDraw.Draw(self._image)

    def line(self, points: Points, colour: str, width: float) -> None:
        """A broken line; a single point becomes a dot."""
        places = [(x * SCALE, y * SCALE) for x, y in points]
        if len(places) == 1:
            ((x, y),) = places
            self._draw.ellipse((x - 5, y - 5, x + 5, y + 5), fill=colour)
        else:
            self._draw.line(places, fill=colour, width=round(width * SCALE), joint="curve")

    def text(self, x: float, y: float, words: str, size: int, colour: str, anchor: str) -> None:
        """See `budgetinator.cli.mem.charts.Canvas`."""
        font = ImageFont.load_default(size * SCALE)
        place = (x * SCALE, y * SCALE)
        self._draw.text(place, words, fill=colour, font=font, anchor=ANCHORS[anchor])

    def save(self, path: Path) -> None:
        """Write the picture as PNG."""
        self._image.save(path, "PNG", optimize=True)
