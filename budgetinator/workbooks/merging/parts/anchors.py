"""The objects of a drawing merged: charts and pictures, among shapes that openpyxl drops.

openpyxl writes an object anew for each that it has read, charts first. An object of
the original is known by where it is anchored; from one rendering to the next it is
known by its place, or else, when it was moved, by what it shows.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import TYPE_CHECKING

from budgetinator.workbooks.merging.parts.forms import Form
from budgetinator.workbooks.merging.parts.identity import Versions, pair_by
from budgetinator.workbooks.merging.parts.nodes import COMPATIBILITY, XmlNode

if TYPE_CHECKING:
    from budgetinator.workbooks.merging.parts.threeway import PartMerge

__all__ = ["merge_anchors"]

_PLACES = ("from", "to", "pos", "ext")
_ORDER = ("absoluteAnchor", "oneCellAnchor", "twoCellAnchor")
_IN_NEW_PICTURE = frozenset(
    "pic nvPicPr cNvPr cNvPicPr blipFill blip stretch fillRect spPr prstGeom".split()  # noqa: SIM905
)
_NEW_PICTURE = re.compile(r"Image \d+")


def merge_anchors(merge: PartMerge, original: XmlNode, before: XmlNode, now: XmlNode) -> None:
    """Merge the anchors of a drawing; shapes and what openpyxl does not read stay."""
    changes = _versions(merge.links.before, merge.links.now, before, now)
    found = _origins(before.children, original.children)
    differing = [
        (old, new)
        for old, new in changes.pairs
        if merge.links.before.key(old) != merge.links.now.key(new)
    ]
    lost = {old for old in (*changes.gone, *(old for old, _ in differing)) if old not in found}
    for kind in {_kind(old) for old in lost} - {None}:
        # Which of them is which cannot be told: openpyxl's take the place of all.
        mine = [each for each in original.children if _kind(each) == kind]
        if mine:
            merge.links.replaced(mine, [each for each in before.children if _kind(each) == kind])
        for each in mine:
            merge.draft.remove(each)
        lost.update(old for old in before.children if _kind(old) == kind)
    for old, new in differing:
        if old not in lost:
            _merge_anchor(merge, found[old], old, new)
    for old in changes.gone:
        if old not in lost:
            merge.draft.remove(found[old])
    come = {*changes.come, *(new for old, new in changes.pairs if old in lost)}
    last = original.children[-1] if original.children else None
    for new in now.children:
        if new in come:
            merge.draft.insert(original, last, merge.markup(new, original))


def _merge_anchor(merge: PartMerge, original: XmlNode, before: XmlNode, now: XmlNode) -> None:
    if before.tag == now.tag and not _is_made_anew(now):
        merge.merge(original, before, now)
        return
    # Only the place is the user's; the object was written anew around the same content.
    _move(merge, original, now)
    mine, old, new = _object(original), _object(before), _object(now)
    if mine is None or old is None or new is None or _is_made_anew(now):
        return
    merge.merge(mine, old, new)


def _move(merge: PartMerge, original: XmlNode, now: XmlNode) -> None:
    prefix = original.element.prefix.encode()
    attributes = b"".join(
        b' %b="%b"' % (name.encode(), value.encode()) for name, value in now.attributes.items()
    )
    places = b"".join(
        merge.markup(child, original) for child in now.children if child.local in _PLACES
    )
    name = prefix + now.local.encode()
    declared = _declarations(merge, original)
    head = b"<%b%b%b>%b" % (name, declared, attributes, places)
    rest = [child for child in original.children if child.local not in _PLACES]
    merge.draft.rewrap(original, head, rest[0] if rest else None, b"</%b>" % name)


def _declarations(merge: PartMerge, node: XmlNode) -> bytes:
    tag = merge.draft.data[node.element.start : node.element.opened]
    found = re.findall(rb"\s+xmlns(?::[^\s=]+)?\s*=\s*(?:\"[^\"]*\"|'[^']*')", tag)
    return b"".join(found)


def _is_made_anew(now: XmlNode) -> bool:
    """Whether the picture is one that openpyxl made because it was given another anchor."""
    mine = _object(now)
    if mine is None or mine.local != "pic":
        return False
    names = {node.local for node in mine.walk()}
    said = next((node.attributes for node in mine.walk() if node.local == "cNvPr"), {})
    is_named = _NEW_PICTURE.fullmatch(said.get("name", "")) is not None
    return is_named and said.get("descr") == "Picture" and names <= _IN_NEW_PICTURE


def _object(anchor: XmlNode) -> XmlNode | None:
    return next((c for c in anchor.children if c.local in {"graphicFrame", "pic", "grpSp"}), None)


def _versions(before: Form, now: Form, old: XmlNode, new: XmlNode) -> Versions:
    changes = Versions([], list(old.children), list(new.children))
    changes.match(before.key, now.key)
    changes.match(_place, lambda node: None if _is_made_anew(node) else _place(node))
    changes.match(lambda node: _shown(before, node), lambda node: _shown(now, node))
    for gone in list(changes.gone):
        areas = _charted(before, gone)
        same = [come for come in changes.come if areas & _charted(now, come)]
        if same:
            changes.pairs.append((gone, same[0]))
            changes.gone.remove(gone)
            changes.come.remove(same[0])
    return changes


def _origins(befores: list[XmlNode], originals: list[XmlNode]) -> dict[XmlNode, XmlNode]:
    """The anchor of the original for each that openpyxl wrote."""
    objects = sorted(
        (each for each in originals if _kind(each) is not None),
        key=lambda each: _ORDER.index(each.local) if each.local in _ORDER else len(_ORDER),
    )
    found = dict(pair_by(befores, objects, _place, _place))
    for kind in ("chart", "pic"):
        rest = [each for each in befores if _kind(each) == kind and each not in found]
        taken = set(found.values())
        free = [each for each in objects if _kind(each) == kind and each not in taken]
        if len(rest) == len(free):
            found.update(zip(rest, free, strict=True))
    return found


def _place(anchor: XmlNode) -> Hashable:
    """The kind of object and where it is anchored."""
    kind = _kind(anchor)
    if kind is None:
        return None
    places = []
    for child in anchor.children:
        if child.local in _PLACES:
            values = [*child.attributes.values(), *(_number(each.text) for each in child.children)]
            places.append((child.local, *values))
    return (kind, anchor.local, *places)


def _number(text: str) -> str:
    return text.strip()


def _kind(anchor: XmlNode) -> str | None:
    """Whether openpyxl reads it as a chart or as a picture."""
    for child in anchor.children:
        if child.local == "graphicFrame":
            return "chart" if any(n.local == "chart" for n in child.walk()) else None
        if child.local == "pic":
            return "pic"
        if child.local == "grpSp":
            return "pic" if child.find("pic") is not None else None
        if child.space == COMPATIBILITY:
            return None
    return None


def _shown(form: Form, anchor: XmlNode) -> Hashable:
    """What the object leads to."""
    for node in anchor.walk():
        for name, value in node.references():
            if name.rpartition("}")[2] in {"id", "embed"}:
                return form.reference_key(node.part, value)
    return None


def _charted(form: Form, anchor: XmlNode) -> set[str]:
    """The areas of cells that a chart shows."""
    if _kind(anchor) != "chart":
        return set()
    for node in anchor.walk():
        for _, value in node.references():
            entry = form.entry(node.part, value)
            root = form.root(entry.target) if entry is not None and not entry.external else None
            if root is not None:
                return {each.text.strip() for each in root.walk() if each.local == "f"} - {""}
    return set()
