"""Start tags as bytes: one attribute changed, all else as it was written.

Tags are UTF-8 here whatever the part's encoding is, see `encoding`.
"""

from __future__ import annotations

import re

__all__ = [
    "escape_attribute",
    "is_true",
    "opened_tag",
    "set_attribute",
    "tag_attributes",
    "without_attributes",
]

_ATTRIBUTE = re.compile(rb"\s+([^\s=/>]+)\s*=\s*(\"[^\"]*\"|'[^']*')")


def set_attribute(tag: bytes, name: bytes, value: bytes) -> bytes:
    """The start tag with the attribute set; `value` is already escaped."""
    for found in _ATTRIBUTE.finditer(tag):
        if found[1] == name:
            quote = found[2][:1]
            return tag[: found.start(2)] + quote + value + quote + tag[found.end(2) :]
    at = len(tag) - (2 if tag.endswith(b"/>") else 1)
    kept = tag[:at].rstrip()
    return kept + b" " + name + b'="' + value + b'"' + tag[len(kept) :].lstrip()


def tag_attributes(tag: bytes) -> dict[bytes, bytes]:
    """The attributes of a start tag, as they are written."""
    return {name: value[1:-1] for name, value in _ATTRIBUTE.findall(tag)}


def without_attributes(tag: bytes, names: frozenset[bytes]) -> bytes:
    """The start tag without these attributes."""
    return _ATTRIBUTE.sub(lambda found: b"" if found[1] in names else found[0], tag)


def opened_tag(tag: bytes) -> bytes:
    """The start tag for an element that has content: an empty-element tag becomes a start tag."""
    return tag[:-2].rstrip() + b">" if tag.endswith(b"/>") else tag


def escape_attribute(text: str) -> bytes:
    """The text as the value of an attribute in double quotes."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    for sign in "\t\n\r":
        text = text.replace(sign, f"&#{ord(sign)};")
    return text.encode()


def is_true(value: str | None) -> bool:
    """Whether an attribute of the type xsd:boolean is there and true."""
    return value is not None and value.strip() in {"1", "true", "on"}
