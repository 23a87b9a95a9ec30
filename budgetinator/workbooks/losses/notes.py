"""Comments and their boxes, as a reader sees them.

The text and the author of a comment are in one part, its box in another, written in
VML (part 4, section 19), with the format of the text in the first. A box counts by
the cell it belongs to, its size, whether it is always shown, and its colour.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement

from budgetinator.workbooks.losses.rules import local

__all__ = ["comment_node", "note_nodes"]

_LENGTH = re.compile(r"(width|height)\s*:\s*([\d.]+)(px|pt|in)?")
_PIXELS = {"px": 1.0, "pt": 4 / 3, "in": 96.0, None: 1.0}
_USUAL_COLOURS = {"#ffffe1", "infobackground [80]", "infobackground", ""}


def comment_node(comments: Element) -> Element:
    """The comments with the authors' names in place of numbers, and the text in one piece."""
    authors = [each.text or "" for each in comments.iter() if local(each.tag) == "author"]
    made = Element("comments")
    for comment in (each for each in comments.iter() if local(each.tag) == "comment"):
        number = int(comment.get("authorId", "0"))
        author = authors[number] if number < len(authors) else ""
        one = SubElement(made, "comment", {"ref": comment.get("ref", ""), "author": author})
        text = [each for each in comment.iter() if local(each.tag) == "t"]
        SubElement(one, "t").text = "".join(each.text or "" for each in text)
        for run in (each for each in comment.iter() if local(each.tag) == "rPr"):
            one.append(run)
    return made


def note_nodes(drawing: Element) -> Iterator[Element]:
    """Each shape of a VML drawing: boxes of comments in short, others as they are."""
    for shape in drawing:
        if local(shape.tag) in {"shapetype", "shapelayout"}:
            continue
        data = next((each for each in shape.iter() if local(each.tag) == "ClientData"), None)
        if data is not None and data.get("ObjectType") == "Note":
            yield _note(shape, data)
        else:
            yield shape


def _note(shape: Element, data: Element) -> Element:
    said = {local(each.tag): (each.text or "").strip() for each in data}
    lengths = {
        name: format(round(float(number) * _PIXELS[unit or None], 1), "g")
        for name, number, unit in _LENGTH.findall(shape.get("style", ""))
    }
    note = Element(
        "note", {"row": said.get("Row", ""), "column": said.get("Column", ""), **lengths}
    )
    colour = shape.get("fillcolor", "").lower()
    if colour not in _USUAL_COLOURS:
        note.set("fillcolor", colour)
    if said.get("Visible", "no").lower() not in {"no", "f", "false"}:
        note.set("visible", "1")
    if said.get("Locked", "").lower() in {"f", "false"}:
        note.set("locked", "no")
    if any(local(each.tag) == "imagedata" for each in shape.iter()):
        note.set("picture", "1")
    return note
