"""What keeps an object alive: the shortest chain of references from a root to it.

Roots are modules and the frames of running functions. The search goes
backwards, breadth first, a generation with one pass over the heap, because
`gc.get_referrers` visits every tracked object each time it is called, and
compares each of their references with each of its arguments: a generation is
therefore at most 16 objects. Rejected: forwards from the roots, which finds
all paths in one pass but needs over 100 bytes an object of the heap.
"""

from __future__ import annotations

import gc
import sys
import time
from dataclasses import dataclass
from inspect import CO_OPTIMIZED
from types import FrameType, FunctionType, ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["reference_paths"]

DEPTH = 12
BREADTH = 16
KEY_LENGTH = 40


@dataclass(frozen=True, slots=True)
class _Link:
    """An object, and the link to what it holds on the way to the target."""

    held: object
    towards: _Link | None


def reference_paths(
    objects: Mapping[str, Sequence[object]], *, ignore: Iterable[object], deadline: float
) -> dict[str, list[str]]:
    """A path for each object, under the same keys; what is not reached in time has none.

    Every key gets its first path before any gets its second.

    `deadline` is of `time.monotonic`. `ignore` are containers of the caller that
    refer to the objects.
    """
    roots = _running_frames()
    hidden = {id(each) for each in ignore} | {id(objects), id(roots)}
    paths: dict[str, list[str]] = {}
    for turn in range(max(map(len, objects.values()), default=0)):
        for name, targets in objects.items():
            if time.monotonic() >= deadline:
                return paths
            if turn < len(targets):
                path = _shortest_path(targets[turn], roots, hidden, deadline)
                if path is not None:
                    paths.setdefault(name, []).append(path)
    return paths


def _running_frames() -> dict[int, str]:
    """The objects that running functions hold directly, and the function of each.

    Local variables are no referrers to the collector while their function runs.
    The frames of this package are left out: they hold what is looked for.
    """
    held: dict[int, str] = {}
    for top in sys._current_frames().values():  # noqa: SLF001 - public but for its name
        frame: FrameType | None = top
        while frame is not None:
            if not _is_ours(frame):
                code = frame.f_code
                label = f"running {code.co_qualname} ({code.co_filename}:{frame.f_lineno})"
                for name, each in _local_variables(frame):
                    held.setdefault(id(each), f"{label}: {name}")
            frame = frame.f_back
    return held


def _local_variables(frame: FrameType) -> list[tuple[str, object]]:
    """What a running function's local variables refer to.

    Before Python 3.13 asking makes a snapshot, which the frame would keep, and
    with it all that it refers to, until the function returns: it is emptied.
    """
    if not frame.f_code.co_flags & CO_OPTIMIZED:
        return []  # of a module or class: its variables are a dict of their own
    snapshot = frame.f_locals
    found = list(snapshot.items())
    if sys.version_info < (3, 13):
        snapshot.clear()
    return found


def _is_ours(each: object) -> bool:
    """Whether it is a frame of this package."""
    return isinstance(each, FrameType) and str(each.f_globals.get("__name__")).startswith(
        __package__
    )


def _shortest_path(
    target: object, roots: dict[int, str], hidden: set[int], deadline: float
) -> str | None:
    frontier = [_Link(target, None)]
    seen = {id(target)}
    for _ in range(DEPTH):
        for link in frontier:
            root = _root_name(link.held, roots)
            if root is not None:
                return root + _describe(link)
        if time.monotonic() >= deadline:
            return None
        above = _referrers(frontier, seen, hidden)
        if not above:
            return "(no holder that Python knows)" + _describe(frontier[0])
        frontier = above
    return "…" + _describe(frontier[0])


def _referrers(frontier: list[_Link], seen: set[int], hidden: set[int]) -> list[_Link]:
    """The links one step further from the target, without our own containers."""
    held = {id(link.held): link for link in frontier}
    links: list[_Link] = []
    referrers = gc.get_referrers(*[link.held for link in frontier])
    ours = hidden | {id(frontier), id(held), id(seen), id(hidden), id(links), id(referrers)}
    for each in referrers:
        if id(each) in ours or id(each) in seen or isinstance(each, _Link) or _is_ours(each):
            continue
        below = next((held[id(x)] for x in gc.get_referents(each) if id(x) in held), None)
        if below is not None:
            seen.add(id(each))
            links.append(_Link(each, below))
        if len(links) == BREADTH:
            break
    return links


def _root_name(held: object, roots: dict[int, str]) -> str | None:
    if isinstance(held, ModuleType):
        return f"module {held.__name__}"
    if isinstance(held, dict):
        module = sys.modules.get(str(held.get("__name__")))
        if module is not None and module.__dict__ is held:
            return f"module {module.__name__}"
    return roots.get(id(held))


def _describe(link: _Link) -> str:
    """The steps from a root's object down to the target, as Python would write them."""
    steps = []
    while link.towards is not None:
        steps.append(_step(link.held, link.towards.held))
        link = link.towards
    return "".join(steps) + f" → {type(link.held).__qualname__}"


def _step(holder: object, held: object) -> str:
    if isinstance(holder, dict):
        return _key_step(holder, held)
    if isinstance(holder, (list, tuple)):
        return f"[{next((n for n, each in enumerate(holder) if each is held), '?')}]"
    if isinstance(holder, FrameType):
        return f" → frame of {holder.f_code.co_qualname}"
    if isinstance(holder, FunctionType):
        return f" → function {holder.__qualname__}"
    attribute = _attribute(holder, held)
    if attribute is not None:
        return f" → {type(holder).__qualname__}.{attribute}"
    return f" → {type(holder).__qualname__}"


def _key_step(holder: dict[object, object], held: object) -> str:
    for key, value in list(holder.items()):
        if value is held:
            shown = repr(key) if isinstance(key, (str, int)) else f"<{type(key).__qualname__}>"
            return f"[{shown[:KEY_LENGTH]}]"
    return "[a key]"


def _attribute(holder: object, held: object) -> str | None:
    """The attribute of `holder` that is `held`, read without running any of its code."""
    try:
        names = object.__getattribute__(holder, "__dict__")
    except AttributeError:
        names = {}
    for name, value in list(names.items()):
        if value is held:
            return str(name)
    for kind in type(holder).__mro__:
        for name, member in kind.__dict__.items():
            if type(member).__name__ == "member_descriptor" and _slot(member, holder) is held:
                return name
    return None


def _slot(member: object, holder: object) -> object:
    try:
        value: object = member.__get__(holder)  # type: ignore[attr-defined]
    except AttributeError:
        return None
    return value
