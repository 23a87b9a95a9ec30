"""What became of a sheet's comments: kept, changed, moved with their cells, added, removed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["CommentLike", "CommentPlan", "Comments", "Note", "Place"]

Place = tuple[int, int]  # row and column, from 1

_WIDTH, _HEIGHT = 144.0, 79.0  # openpyxl's own, where a comment has no size


class CommentLike(Protocol):
    """What is asked of an openpyxl comment; lengths are in pixels."""

    @property
    def text(self) -> Any: ...
    @property
    def author(self) -> Any: ...
    @property
    def width(self) -> Any: ...
    @property
    def height(self) -> Any: ...


Comments = Mapping[Place, CommentLike]


@dataclass(frozen=True, slots=True)
class Note:
    """A comment as plain values."""

    text: str
    author: str
    width: float
    height: float

    @classmethod
    def of(cls, comment: CommentLike) -> Note:
        """The values of an openpyxl comment; what is missing is what openpyxl would write."""
        text, author = comment.text, comment.author
        return cls(
            "" if text is None else str(text),
            "" if author is None else str(author),
            float(_WIDTH if comment.width is None else comment.width),
            float(_HEIGHT if comment.height is None else comment.height),
        )


@dataclass(frozen=True, slots=True)
class CommentPlan:
    """The changes; `put` holds changed and added ones, by where they are now.

    `rewritten` are those of `put` that had another text or author, `resized` those
    that were not there or had another size. openpyxl reads every box as 144 by 79
    pixels, so a size counts only where it is not what it was then.
    """

    removed: frozenset[Place]
    moved: Mapping[Place, Place]
    put: Mapping[Place, Note]
    rewritten: frozenset[Place]
    resized: frozenset[Place]

    @classmethod
    def between(cls, before: Comments, now: Comments) -> CommentPlan:
        """The plan that makes the second of the first."""
        old = {place: Note.of(comment) for place, comment in before.items()}
        new = {place: Note.of(comment) for place, comment in now.items()}
        sources = {place: note for place, note in old.items() if new.get(place) != note}
        targets = {place: note for place, note in new.items() if old.get(place) != note}
        moved = _moves(sources, targets)
        left = sources.keys() - moved.keys()
        put = {place: targets[place] for place in sorted(targets.keys() - set(moved.values()))}
        changed = left & put.keys()
        return cls(
            removed=frozenset(left - changed),
            moved=moved,
            put=put,
            rewritten=frozenset(p for p in changed if _words(old[p]) != _words(new[p])),
            resized=frozenset(p for p in put if p not in changed or _size(old[p]) != _size(new[p])),
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return not (self.removed or self.moved or self.put)

    def stays(self, place: Place) -> bool:
        """Whether what stood there is still to stand there."""
        return place not in self.removed and place not in self.moved


def _moves(sources: Mapping[Place, Note], targets: Mapping[Place, Note]) -> dict[Place, Place]:
    """Comments that are the same at another place, as after rows were inserted."""
    waiting: defaultdict[Note, list[Place]] = defaultdict(list)
    for place in sorted(targets, reverse=True):
        waiting[targets[place]].append(place)
    return {
        place: waiting[sources[place]].pop()
        for place in sorted(sources)
        if waiting.get(sources[place])
    }


def _words(note: Note) -> tuple[str, str]:
    return note.text, note.author


def _size(note: Note) -> tuple[float, float]:
    return note.width, note.height
