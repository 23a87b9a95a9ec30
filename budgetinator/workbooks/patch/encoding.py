"""Parts in any encoding that XML names, edited as UTF-8 and written back in their own.

Chosen: decoding to UTF-8 on the way in and encoding on the way out, so that the
editor knows one form of markup. Both directions are exact for these encodings,
so bytes that did not change come out as they were. Rejected: an editor of code
units, which would have to be written twice.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["UTF8", "TextEncoding", "detect_encoding"]

_DECLARED = re.compile(rb"<\?xml[^>]*?\sencoding\s*=\s*[\"']([A-Za-z][A-Za-z0-9._-]*)[\"']")
# What OPC permits beside UTF-16 (ECMA-376 part 2, section 6.2.5), whose marks were looked at.
_EXACT = frozenset({"utf-8", "ascii"})


@dataclass(frozen=True, slots=True)
class TextEncoding:
    """A part's encoding by its codec's name."""

    codec: str

    def decoded(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The stream in UTF-8; UnicodeDecodeError where the bytes are not of this encoding."""
        if self.codec == "utf-8":
            yield from chunks
            return
        decoder = codecs.getincrementaldecoder(self.codec)()
        for chunk in chunks:
            if text := decoder.decode(chunk):
                yield text.encode()
        if text := decoder.decode(b"", final=True):
            yield text.encode()

    def encoded(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The UTF-8 stream in this encoding; signs that it lacks become character references."""
        if self.codec == "utf-8":
            yield from chunks
            return
        decoder = codecs.getincrementaldecoder("utf-8")()
        for chunk in chunks:
            if text := decoder.decode(chunk):
                yield text.encode(self.codec, "xmlcharrefreplace")


UTF8 = TextEncoding("utf-8")


def detect_encoding(start: bytes) -> TextEncoding:
    """The encoding of a part by its first bytes (XML 1.0, appendix F); LookupError if unknown.

    A byte order mark stays a character of the text, and is written back with it.
    """
    if start.startswith(codecs.BOM_UTF8):
        return UTF8
    for mark, codec in (
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (b"<\0", "utf-16-le"),
        (b"\0<", "utf-16-be"),
    ):
        if start.startswith(mark):
            return TextEncoding(codec)
    declared = _DECLARED.match(start.lstrip())
    if declared is None:
        return UTF8
    codec = codecs.lookup(declared[1].decode("ascii")).name
    if codec not in _EXACT:
        raise LookupError(codec)
    return TextEncoding(codec)
