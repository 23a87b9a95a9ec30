"""Tracked resources that outlived a test: the roots among them, by the place that made them."""

from __future__ import annotations

import gc
from collections import defaultdict
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from budgetinator.resources import ResourceManagementService, TrackedResource

__all__ = ["survivors"]

REACH = 20_000  # objects that are looked at below each survivor
NAMED = 3
_BORDERS = (ModuleType, type, FunctionType, BuiltinFunctionType)


def survivors(service: ResourceManagementService) -> list[str]:
    """A line for each place that tracked something that is still alive, most survivors first.

    Collects garbage before. What another survivor refers to goes with that one, and is only
    counted with it; the same with what the parts of a component hold. The places are known
    if the service was in debug mode when it tracked.
    """
    gc.collect()
    snapshot = service.snapshot()
    parents = {each.component_id: each.parent_id for each in snapshot.components}
    components = {id(owner.ref()) for owner in tuple(service.ledger.everyone.values())}
    roots = _roots(list(snapshot.resources()), parents, components)
    sites: defaultdict[str, list[TrackedResource]] = defaultdict(list)
    for each in roots:
        sites[each.created_at or "an unknown place"].append(each)
    beneath = snapshot.active_resources - len(roots)
    lines = [
        _describe(site, held) for site, held in sorted(sites.items(), key=lambda s: -len(s[1]))
    ]
    if beneath:
        lines.append(f"held by these: {beneath} more")
    return lines


def _roots(
    alive: list[TrackedResource], parents: dict[str, str | None], components: set[int]
) -> list[TrackedResource]:
    """Those that no other one holds; of a ring of them the first.

    A resource that knows its component, or the service, does not hold what these hold.
    """
    by_object = {
        id(each.resource()): each.resource_id for each in alive if each.resource() is not None
    }
    held: set[str] = set()
    roots: dict[str, TrackedResource] = {}
    for each in alive:
        if each.resource_id in held:
            continue
        below = _reachable(each.resource(), by_object, components) - {each.resource_id}
        held |= below
        for known in below & roots.keys():
            del roots[known]
        roots[each.resource_id] = each
    holders = {each.component_id for each in roots.values()}
    return [
        each
        for each in roots.values()
        if not holders.intersection(_ancestors(each.component_id, parents))
    ]


def _ancestors(component_id: str, parents: dict[str, str | None]) -> Iterable[str]:
    above = parents.get(component_id)
    while above is not None:
        yield above
        above = parents.get(above)


def _reachable(start: object, wanted: dict[int, str], borders: set[int]) -> set[str]:
    """The ids of the resources among the objects that `start` leads to."""
    if start is None:
        return set()
    seen, waiting, found = {id(start)} | borders, [start], set[str]()
    end = len(seen) + REACH
    while waiting and len(seen) < end:
        for each in gc.get_referents(waiting.pop()):
            if id(each) in seen or isinstance(each, _BORDERS) or _is_ours(each):
                continue
            seen.add(id(each))
            if id(each) in wanted:
                found.add(wanted[id(each)])
            waiting.append(each)
    return found


def _is_ours(each: object) -> bool:
    return type(each).__module__.startswith("budgetinator.resources.")


def _describe(site: str, held: list[TrackedResource]) -> str:
    kinds = sorted({each.resource_type.value for each in held})
    names = [each.name or each.resource_id for each in held[:NAMED]]
    more = f" and {len(held) - NAMED} more" if len(held) > NAMED else ""
    owners = sorted({each.component_id for each in held})
    return (
        f"{site}: {len(held)} {' or '.join(kinds)} ({', '.join(names)}{more})"
        f" of {', '.join(owners[:NAMED])}"
    )
