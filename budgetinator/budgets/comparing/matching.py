"""Which partner and which work package of one version is which of the other.

By identity and not by place: a partner by its PIC, then by its acronym, then by its number;
a work package by its title, then by its number. Only what is unique in both counts. The
number alone settles it where nothing speaks against it: numbers that fall free are given
away again, so a partner of another PIC, or of quite other figures, is another partner.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from budgetinator.budgets.layout import INPUTS, input_value
from budgetinator.budgets.model import Partner, WorkPackage
from budgetinator.budgets.partnerreading import ReadPartner

__all__ = ["Matches", "match_partners", "match_work_packages"]

T = TypeVar("T")

_WHO = frozenset({"number", "acronym", "pic", "country", "role", "funding_rate"})
_FIGURES = tuple(each for each in INPUTS if each.field not in _WHO)
_MOSTLY = 0.5
_NEARLY_ALL = 0.9
_ENOUGH = 3


@dataclass(frozen=True, slots=True)
class Matches(Generic[T]):
    """Pairs in the order of the earlier version, and what only one of the two has."""

    pairs: tuple[tuple[T, T], ...]
    removed: tuple[T, ...]
    added: tuple[T, ...]


def match_partners(
    before: Sequence[ReadPartner], after: Sequence[ReadPartner]
) -> Matches[ReadPartner]:
    """The partners of two budgets."""
    return _matched(
        before,
        after,
        (
            (lambda each: _folded(each.partner.pic), _always),
            (lambda each: _folded(each.partner.acronym), _always),
            (lambda each: each.partner.number, _could_be),
            (lambda each: each.sheet.casefold(), _could_be),
        ),
    )


def match_work_packages(
    before: Sequence[WorkPackage], after: Sequence[WorkPackage]
) -> Matches[WorkPackage]:
    """The work packages of two budgets; the same number keeps equal titles together."""
    return _matched(
        before,
        after,
        (
            (lambda each: _keyed(each.number, _folded(each.title)), _always),
            (lambda each: _folded(each.title), _always),
            (lambda each: each.number, _always),
        ),
    )


_Key = Callable[[T], Hashable]
_Test = Callable[[T, T], bool]


def _matched(
    before: Sequence[T], after: Sequence[T], steps: Iterable[tuple[_Key[T], _Test[T]]]
) -> Matches[T]:
    left, right = list(range(len(before))), list(range(len(after)))
    found: list[tuple[int, int]] = []
    for key, fits in steps:
        ones = _unique((place, key(before[place])) for place in left)
        others = _unique((place, key(after[place])) for place in right)
        pairs = [(ones[each], others[each]) for each in ones if each in others]
        pairs = [(one, other) for one, other in pairs if fits(before[one], after[other])]
        found += pairs
        left = [place for place in left if place not in {one for one, _ in pairs}]
        right = [place for place in right if place not in {other for _, other in pairs}]
    return Matches(
        tuple((before[one], after[other]) for one, other in sorted(found)),
        tuple(before[place] for place in left),
        tuple(after[place] for place in right),
    )


def _unique(keyed: Iterable[tuple[int, Hashable]]) -> dict[Hashable, int]:
    """The places by keys that only one of them has."""
    places: dict[Hashable, list[int]] = {}
    for place, key in keyed:
        if key is not None:
            places.setdefault(key, []).append(place)
    return {key: found[0] for key, found in places.items() if len(found) == 1}


def _always(_one: object, _other: object) -> bool:
    return True


def _could_be(one: ReadPartner, other: ReadPartner) -> bool:
    """Whether two of the same number are one partner under another name."""
    first, second = one.partner, other.partner
    both = [(input_value(first, each), input_value(second, each)) for each in _FIGURES]
    filled = [pair for pair in both if pair[0] is not None and pair[1] is not None]
    alike = sum(one == other for one, other in filled)
    if first.pic and second.pic and _folded(first.pic) != _folded(second.pic):
        return len(filled) >= _ENOUGH and alike >= _NEARLY_ALL * len(filled)
    return (
        _is_empty(first) or _is_empty(second) or (bool(filled) and alike >= _MOSTLY * len(filled))
    )


def _is_empty(partner: Partner) -> bool:
    return all(input_value(partner, each) is None for each in _FIGURES)


def _folded(text: str | None) -> str | None:
    return " ".join(text.casefold().split()) or None if text is not None else None


def _keyed(number: int, title: str | None) -> Hashable:
    return None if title is None else (number, title)
