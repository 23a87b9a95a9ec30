"""Conditional formats merged: openpyxl gathers under one range what the file has apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from budgetinator.workbooks.merging.parts.identity import identity
from budgetinator.workbooks.merging.parts.nodes import XmlNode

if TYPE_CHECKING:
    from budgetinator.workbooks.merging.parts.threeway import PartMerge

__all__ = ["merge_formats"]


def merge_formats(merge: PartMerge, original: XmlNode, before: XmlNode, now: XmlNode) -> None:
    """Merge the rules of one range, wherever the original has rules for it."""
    draft = merge.draft
    around = original.parent.children if original.parent else []
    others = [
        each
        for each in around
        if each is not original
        and each.tag == original.tag
        and identity(each) == identity(original)
    ]
    merge.merge_children(
        original,
        before.children,
        now.children,
        [child for each in (original, *others) for child in each.children],
    )
    area = now.attributes.get("sqref")
    for each in (original, *others):
        for rule in each.children:
            if draft.is_gone(rule):
                _drop_extension(merge, rule)
        if not draft.remaining(each):
            draft.remove(each)
        elif area is not None and area != before.attributes.get("sqref"):
            draft.set_attribute(each, "sqref", area)


def _drop_extension(merge: PartMerge, rule: XmlNode) -> None:
    """Take out what continues a rule in the sheet's extensions ([MS-XLSX], 2.6.11)."""
    ids = {n.text.strip() for n in rule.walk() if n.local == "id" and n.space != rule.space}
    if not ids:
        return
    draft = merge.draft
    for node in merge.draft.root.walk():
        if node.local == "cfRule" and node.space != rule.space and node.attributes.get("id") in ids:
            draft.remove(node)
            above = node.parent
            while above is not None and above.parent is not None and _is_void(merge, above):
                draft.remove(above)
                above = above.parent


def _is_void(merge: PartMerge, node: XmlNode) -> bool:
    """Whether nothing that counts is left in it."""
    return all(child.local == "sqref" or merge.draft.is_gone(child) for child in node.children)
