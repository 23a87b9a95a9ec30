"""Which element of one form of a part is which of another.

An element is known by what names it (a reference, an id, a name), or else by being
the only one of its kind. Where neither helps, places say it, if there are equally
many on both sides: openpyxl writes what it read in the order in which it read it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import partial

from budgetinator.workbooks.merging.parts.forms import Form
from budgetinator.workbooks.merging.parts.nodes import XmlNode

__all__ = ["Identity", "Versions", "identity", "origins", "pair_by", "table_name", "versions"]

Identity = Callable[[XmlNode], Hashable]
Tag = tuple[str, str]

_BY_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "sheetView": ("workbookViewId",),
    "selection": ("pane",),
    "mergeCell": ("ref",),
    "conditionalFormatting": ("sqref",),
    "cfRule": ("priority", "type"),
    "dataValidation": ("sqref",),
    "hyperlink": ("ref",),
    "brk": ("id",),
    "filterColumn": ("colId",),
    "filter": ("val",),
    "sortCondition": ("ref",),
    "scenario": ("name",),
    "inputCells": ("r",),
    "protectedRange": ("name",),
    "customSheetView": ("guid",),
    "tableColumn": ("id",),
    "property": ("name",),
    "definedName": ("name", "localSheetId"),
    "sheet": ("name",),
}
_DEFAULTS = {("selection", "pane"): "topLeft", ("sheetView", "workbookViewId"): "0"}
_AREAS = frozenset({"ref", "sqref"})
# By the `val` of a child element, in charts.
_BY_CHILD = {"dPt": "idx", "dLbl": "idx", "legendEntry": "idx", "pivotFmt": "idx", "ser": "idx"}
_BY_CHILD |= dict.fromkeys(("catAx", "valAx", "dateAx", "serAx"), "axId")


def identity(node: XmlNode) -> Hashable:
    """What names the element among those of its kind; None where nothing does."""
    names = _BY_ATTRIBUTES.get(node.local)
    if names is not None:
        return tuple(_value(node, name) for name in names)
    child = _BY_CHILD.get(node.local)
    named = node.find(child) if child else None
    return None if named is None else named.attributes.get("val")


def _value(node: XmlNode, name: str) -> str:
    value = node.attributes.get(name, _DEFAULTS.get((node.local, name), ""))
    if name in _AREAS:
        return " ".join(sorted({_area(each) for each in value.split()}))
    return value


def _area(reference: str) -> str:
    first, _, last = reference.replace("$", "").upper().partition(":")
    return first if last in {"", first} else f"{first}:{last}"


def pair_by(
    ones: Sequence[XmlNode],
    others: Sequence[XmlNode],
    one_key: Identity,
    other_key: Identity,
) -> Iterator[tuple[XmlNode, XmlNode]]:
    """Those with the same key, in their order where several have it; None is no key."""
    waiting: dict[Hashable, deque[XmlNode]] = defaultdict(deque)
    for one in ones:
        if (key := one_key(one)) is not None:
            waiting[key].append(one)
    for other in others:
        key = other_key(other)
        if key is not None and waiting.get(key):
            yield waiting[key].popleft(), other


@dataclass(slots=True)
class Versions:
    """How the children before and now belong together."""

    pairs: list[tuple[XmlNode, XmlNode]] = field(default_factory=list)
    gone: list[XmlNode] = field(default_factory=list)
    come: list[XmlNode] = field(default_factory=list)

    def match(self, key_before: Identity, key_now: Identity) -> None:
        """Pair those of the rest that have the same key."""
        pairs = list(pair_by(self.gone, self.come, key_before, key_now))
        taken = {node for pair in pairs for node in pair}
        self.pairs += pairs
        self.gone = [node for node in self.gone if node not in taken]
        self.come = [node for node in self.come if node not in taken]


def versions(before: Form, now: Form, olds: Iterable[XmlNode], news: Iterable[XmlNode]) -> Versions:
    """How children that openpyxl wrote twice belong together."""
    groups: dict[tuple[str, str], Versions] = defaultdict(Versions)
    for old in olds:
        groups[old.tag].gone.append(old)
    for new in news:
        groups[new.tag].come.append(new)
    whole = Versions()
    for (_, local), group in groups.items():
        if local == "tablePart":
            _match_tables(before, now, group)
        elif all(identity(each) is not None for each in (*group.gone, *group.come)):
            _match_named(before, now, group)
        else:
            _match_by_place(before, now, group)
        whole.pairs += group.pairs
        whole.gone += group.gone
        whole.come += group.come
    return whole


def _match_named(before: Form, now: Form, group: Versions) -> None:
    group.match(before.key, now.key)
    group.match(identity, identity)
    if not group.gone or not group.come:
        return
    names = frozenset(_BY_ATTRIBUTES.get(group.gone[0].local, ()))
    # What else it says tells which one has got another name.
    if any(set(node.attributes) - names or node.children for node in group.gone):
        group.match(partial(before.key_without, names=names), partial(now.key_without, names=names))


def _match_tables(before: Form, now: Form, group: Versions) -> None:
    for attribute in ("displayName", "ref"):
        group.match(
            partial(table_name, before.table, attribute=attribute),
            partial(table_name, now.table, attribute=attribute),
        )


def table_name(
    table: Callable[[XmlNode], XmlNode | None], part: XmlNode, attribute: str = "displayName"
) -> Hashable:
    """What names the table that a `tablePart` leads to."""
    root = table(part)
    return None if root is None else root.attributes.get(attribute, "").casefold()


def _match_by_place(before: Form, now: Form, group: Versions) -> None:
    olds, news = group.gone, group.come
    group.gone, group.come = [], []
    ones, others = [before.key(old) for old in olds], [now.key(new) for new in news]
    if len(ones) == len(others) == 1:
        group.pairs.append((olds[0], news[0]))
        return
    for _, i, j, k, m in SequenceMatcher(None, ones, others, autojunk=False).get_opcodes():
        shared = min(j - i, m - k)
        group.pairs += zip(olds[i : i + shared], news[k : k + shared], strict=True)
        group.gone += olds[i + shared : j]
        group.come += news[k + shared : m]


def origins(
    olds: Sequence[XmlNode], originals: Sequence[XmlNode], old_name: Identity, name: Identity
) -> tuple[dict[XmlNode, XmlNode], set[Tag]]:
    """From children before to the original's, and the kinds of which this cannot be told."""
    found: dict[XmlNode, XmlNode] = {}
    unsure: set[Tag] = set()
    for tag in dict.fromkeys(old.tag for old in olds):
        mine = [old for old in olds if old.tag == tag]
        theirs = [each for each in originals if each.tag == tag]
        pairs = dict(pair_by(mine, theirs, old_name, name))
        taken = set(pairs.values())
        rest = [old for old in mine if old not in pairs]
        free = [each for each in theirs if each not in taken]
        if len(rest) == len(free):
            pairs.update(zip(rest, free, strict=True))
        elif free and rest:
            unsure.add(tag)
        found.update(pairs)
    return found, unsure
