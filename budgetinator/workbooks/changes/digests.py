"""Digests of objects of any kind, by what they hold."""

from __future__ import annotations

import datetime as dt
import hashlib
import marshal
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from io import BytesIO
from typing import Any

__all__ = ["MARSHAL", "Walk", "digest_of", "plain"]

MARSHAL = 2  # later versions write references, which depend on who else holds a value
_PLAIN = frozenset({type(None), bool, int, float, str, bytes})
_MOMENTS = frozenset({dt.datetime, dt.date, dt.time, dt.timedelta})


def plain(value: Any) -> Any:
    """The value itself where `marshal` takes it, else what stands for it."""
    kind = type(value)
    if kind in _PLAIN or kind is tuple:  # a long text that was shortened
        return value
    return repr(value) if kind in _MOMENTS else digest_of(value)


def digest_of(value: Any) -> bytes:
    """The digest of one object."""
    walk = Walk()
    walk.put(value)
    return walk.digest()


class Walk:
    """Feeds a digest with objects of any kind, each followed once."""

    def __init__(self) -> None:
        self._hasher = hashlib.blake2b(digest_size=16)
        self._seen: dict[int, int] = {}
        self._kept: list[Any] = []

    def digest(self) -> bytes:
        """The digest of all that was put in so far."""
        return self._hasher.digest()

    def put(self, value: Any) -> None:
        """Go on with a value, and with what it holds."""
        kind = type(value)
        if kind in _PLAIN:
            self._hasher.update(marshal.dumps(value, MARSHAL))
        elif not self._met(value):
            self._note(kind.__qualname__)
            self._put_contents(value, kind)

    def put_attributes(self, thing: Any, excluded: AbstractSet[str] = frozenset()) -> None:
        """Go on with the attributes of an object."""
        for name, value in vars(thing).items():
            if name not in excluded:
                self._note(name)
                self.put(value)

    def put_dimensions(self, sheet: Any, dimensions: Mapping[Any, Any]) -> None:
        """Go on with columns, without those that reading made."""
        usual: dict[str, Any] | None = None
        for key, dimension in dimensions.items():
            if usual is None:
                usual = {**vars(type(dimension)(sheet)), "index": None}
            held = {**vars(dimension), "index": None}
            style = dimension._style  # noqa: SLF001
            styled = style is not None and any(style)
            if held != usual or styled:
                self.put([key, list(held.values()), style if styled else None])

    def _note(self, text: str) -> None:
        self._hasher.update(text.encode("utf-8", "surrogatepass") + b"\0")

    def _met(self, value: Any) -> bool:
        number = self._seen.get(id(value))
        if number is not None:
            self._note(f"@{number}")
            return True
        self._seen[id(value)] = len(self._seen)
        self._kept.append(value)  # or its id could be taken again within this walk
        return False

    def _put_contents(self, value: Any, kind: type) -> None:
        if _is_openpyxls_own(value, kind):
            return
        if isinstance(value, Mapping):
            self._put_all(part for item in value.items() for part in item)
        elif isinstance(value, AbstractSet):
            self._note(repr(sorted(map(digest_of, value))))
        elif isinstance(value, list | tuple):
            self._put_all(value)
        elif isinstance(value, BytesIO):
            self._hasher.update(value.getvalue())
        elif _is_style_array(value):
            self._hasher.update(value.tobytes())
        elif kind.__name__ == "StyleProxy":
            self.put(value._StyleProxy__target)  # noqa: SLF001
        else:
            self._put_object(value)

    def _put_all(self, values: Iterable[Any]) -> None:
        count = 0
        for value in values:
            self.put(value)
            count += 1
        self._note(f"#{count}")

    def _put_object(self, value: Any) -> None:
        slots = [name for kind in type(value).__mro__ for name in _slots(kind)]
        if not slots and not hasattr(value, "__dict__"):
            self._note(repr(value))  # dates, decimals, numbers of other libraries
            return
        if hasattr(value, "__dict__"):
            self.put_attributes(value)
        for name in slots:
            self.put(getattr(value, name, None))


def _slots(kind: type) -> tuple[str, ...]:
    slots = vars(kind).get("__slots__", ())
    named = (slots,) if isinstance(slots, str) else tuple(slots)
    return tuple(name for name in named if not name.startswith("__"))


def _is_style_array(value: Any) -> bool:
    return hasattr(value, "tobytes") and hasattr(value, "typecode")


def _is_openpyxls_own(value: Any, kind: type) -> bool:
    """What is walked elsewhere, or holds the whole workbook, or came from another file."""
    return kind.__name__ in {"Cell", "MergedCell", "ZipFile", "ExternalSheetData"} or (
        hasattr(value, "_cells") or hasattr(value, "_sheets")
    )
