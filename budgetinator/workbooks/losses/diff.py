"""What of one tree is not in another.

Children are matched as a multiset, because order is spelling in most parts; what is
left over on both sides is paired by name and compared further down, so that the
difference is named where it is. Additions are no loss, but in a chart, where what
openpyxl adds shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from budgetinator.workbooks.losses.kinds import phrase
from budgetinator.workbooks.losses.tree import Node

__all__ = ["Gone", "missing"]

# By these attributes things are paired that are the same in a changed form.
_NAMES = ("name", "ref", "sqref", "cell", "r", "row", "uri")


@dataclass(frozen=True, slots=True)
class Gone:
    """One difference; `node` is what is gone as a whole, or None where a detail is."""

    path: tuple[str, ...]
    part: str
    sheet: str | None
    phrase: str
    node: Node | None = None


def missing(
    old: Node, new: Node, path: tuple[str, ...] = (), sheet: str | None = None
) -> Iterator[Gone]:
    """All that the old tree has and the new one has not, or has otherwise."""
    path = (*path, old.tag)
    if old.key == new.key:
        return
    if old.tag == "sheet":
        sheet = old.attributes.get("name", sheet)
    for name, value in old.attributes.items():
        if new.attributes.get(name) != value:
            what = phrase(path, name, value, new.attributes.get(name))
            yield Gone(path, old.part, sheet, what)
    if old.text != new.text:
        yield Gone(path, old.part, sheet, phrase(path, "its text", old.text, new.text))
    left, spare = _unmatched(old, new)
    for child in left:
        partner = _partner(child, spare)
        if partner is None:
            within = child.attributes.get("name", sheet) if child.tag == "sheet" else sheet
            gone = (*path, child.tag)
            yield Gone(gone, child.part, within, phrase(gone, "", "", None), child)
        else:
            spare.remove(partner)
            yield from missing(child, partner, path, sheet)
    if "chartSpace" in path:
        for child in spare:
            added = (*path, child.tag)
            yield Gone(added, old.part, sheet, f"{'/'.join(added[-3:])} is added")


def _unmatched(old: Node, new: Node) -> tuple[list[Node], list[Node]]:
    had, has = Counter(c.key for c in old.children), Counter(c.key for c in new.children)
    return _left(old.children, has), _left(new.children, had)


def _left(nodes: list[Node], others: Counter[bytes]) -> list[Node]:
    left = []
    for node in nodes:
        if others[node.key] > 0:
            others[node.key] -= 1
        else:
            left.append(node)
    return left


def _partner(node: Node, candidates: list[Node]) -> Node | None:
    same = [each for each in candidates if each.tag == node.tag]
    for name in _NAMES:
        if name in node.attributes:
            for each in same:
                if each.attributes.get(name) == node.attributes[name]:
                    return each
    return same[0] if same else None
