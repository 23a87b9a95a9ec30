"""Where in an element of the original a new child has to stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from budgetinator.workbooks.merging.parts.nodes import COMPATIBILITY, XmlNode
from budgetinator.workbooks.merging.parts.order import child_rank

__all__ = ["Arrival"]

_ALTERNATE = (COMPATIBILITY, "AlternateContent")


class Arrival:
    """The children of one element: `nows` in the rendering, and what they are in the original."""

    def __init__(
        self, original: XmlNode, nows: Sequence[XmlNode], counterparts: Mapping[XmlNode, XmlNode]
    ) -> None:
        self._original = original
        self._nows = nows
        self._index = {now: index for index, now in enumerate(nows)}
        self._places: dict[XmlNode, XmlNode | None] = dict(counterparts)
        self._fixed = counterparts
        self._choices = [each for each in original.children if each.tag == _ALTERNATE]
        self._kinds = Counter(now.tag for now in nows)

    def is_alone(self, now: XmlNode) -> bool:
        """Whether it is the only one of its kind."""
        return self._kinds[now.tag] == 1

    def choice_of(self, now: XmlNode) -> XmlNode | None:
        """The alternate content in which the original has such an element."""
        return next((each for each in self._choices if _offers(each, now.local)), None)

    def note(self, now: XmlNode, there: XmlNode) -> None:
        """Remember what a child turned out to be in the original."""
        self._places[now] = there

    def place(self, now: XmlNode) -> XmlNode | None:
        """The child of the original that it comes to stand behind; None for the first place."""
        at = self._index[now]
        rank = child_rank(self._original.local, now.local)
        for earlier in (self._nows[index] for index in range(at - 1, -1, -1)):
            if earlier in self._places and (rank is None or earlier.tag == now.tag):
                self._places[now] = self._places[earlier]
                return self._places[now]
        place = self._before_later(at, rank)
        self._places[now] = place
        return place

    def _before_later(self, at: int, rank: int | None) -> XmlNode | None:
        children = self._original.children
        for later in self._nows[at + 1 :]:
            there = self._fixed.get(later)
            if there is None or there.parent is not self._original:
                continue
            if rank is None or later.tag == self._nows[at].tag:
                index = children.index(there)
                return children[index - 1] if index else None
        return self._by_rank(rank)

    def _by_rank(self, rank: int | None) -> XmlNode | None:
        last = None
        for child, its_rank in self._ranked():
            if its_rank > (999 if rank is None else rank):
                break
            last = child
        return last

    def _ranked(self) -> Iterator[tuple[XmlNode, int]]:
        """The children with their ranks; what the schema does not name goes with the one before."""
        rank = -1
        for child in self._original.children:
            rank = _rank(self._original.local, child, rank)
            yield child, rank


def _rank(parent: str, child: XmlNode, before: int) -> int:
    known = child_rank(parent, child.local)
    if known is None and child.tag == _ALTERNATE:
        inside = (each for choice in child.children for each in choice.children)
        known = next((r for e in inside if (r := child_rank(parent, e.local)) is not None), None)
    return before if known is None else known


def _offers(alternate: XmlNode, local: str) -> bool:
    return any(child.local == local for choice in alternate.children for child in choice.children)
