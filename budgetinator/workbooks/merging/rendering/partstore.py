"""Parts held in memory, in the shape in which a package's parts are asked for."""

from __future__ import annotations

from budgetinator.workbooks.opc.relationships import Relationship

__all__ = ["PartStore"]


class PartStore:
    """Parts by their names, each with its media type and where it leads."""

    def __init__(self) -> None:
        self._contents: dict[str, bytes] = {}
        self._types: dict[str, str] = {}
        self._leads: dict[str, list[Relationship]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parts, in the order in which they were added."""
        return tuple(self._contents)

    def has(self, name: str) -> bool:
        """Whether there is a part of this name."""
        return name in self._contents

    def read(self, name: str) -> bytes:
        """The part's bytes, in UTF-8 where it is markup; KeyError where there is none."""
        return self._contents[name]

    def content_type(self, name: str) -> str | None:
        """The media type of a part."""
        return self._types.get(name)

    def relationships(self, part: str = "") -> tuple[Relationship, ...]:
        """Where a part leads."""
        return tuple(self._leads.get(part, ()))

    def add(self, name: str, content: bytes, content_type: str) -> None:
        """Add a part, or put another in its place."""
        self._contents[name] = content
        self._types[name] = content_type

    def lead(self, part: str, entry: Relationship) -> None:
        """Add one relationship of a part."""
        self._leads.setdefault(part, []).append(entry)
