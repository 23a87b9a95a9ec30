"""The bytes of openpyxl's images, without closing what they are read from.

openpyxl converts what is no GIF, JPEG or PNG, and keeps its old ending; here an image in
a format that Excel knows is written as it is, and any other one becomes a PNG by name too.
Pillow is imported where there is an image: openpyxl makes none without it, and without
images nobody needs it.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

__all__ = ["image_content", "image_type"]

_TYPES = {
    "bmp": "image/bmp",
    "emf": "image/x-emf",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "tiff": "image/tiff",
    "wmf": "image/x-wmf",
}


def image_content(image: Any) -> tuple[bytes, str]:
    """The image as it is to be written, and its format; what it was made from stays open."""
    content = _source_bytes(image.ref)
    if content is not None and image.format in _TYPES:
        return content, image.format
    written = BytesIO()
    if content is None:
        image.ref.save(written, format="png")
    else:
        from PIL import Image as Pillow

        with Pillow.open(BytesIO(content)) as opened:
            opened.save(written, format="png")
    return written.getvalue(), "png"


def image_type(format_name: str) -> str:
    """The media type of what `image_content` gave."""
    return _TYPES[format_name]


def _source_bytes(source: Any) -> bytes | None:
    """The file that the image was read from; None for one that stands in memory only."""
    if isinstance(source, str | Path):
        return Path(source).read_bytes()
    if isinstance(source, BytesIO):
        return source.getvalue()
    from PIL import Image as Pillow

    stream = source.fp if isinstance(source, Pillow.Image) and hasattr(source, "fp") else source
    if stream is None or isinstance(stream, Pillow.Image):
        return None
    at = stream.tell()
    stream.seek(0)
    content: bytes = stream.read()
    stream.seek(at)
    return content
