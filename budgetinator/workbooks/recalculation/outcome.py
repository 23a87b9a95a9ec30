"""Which of LibreOffice's results can be believed, and which formulas are left without one.

Left are: a formula that calls a function which LibreOffice does not know, one for which it
gives an error that it would not give if it understood everything, one whose results may
fill another area than before, and all that depend on those. `#DIV/0!` and `#N/A` are
results; other errors only if the file has the same one. So is what a formula gives that
reads another workbook, which is not opened, and that would give a value in place of an error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from budgetinator.workbooks.patch.dependents import FormulaGraph
from budgetinator.workbooks.patch.results import Result
from budgetinator.workbooks.recalculation.computed import Computed, ForeignError

__all__ = ["Outcome", "judge_results"]

_BELIEVED = frozenset({"#DIV/0!", "#N/A"})

_DEPENDS = "it depends on a formula that has no result"
_HIDDEN = "it reads another workbook, which is not opened"

Cell = tuple[int, int]
Cells = dict[str, set[Cell]]
OldValues = Callable[[str], Mapping[Cell, object]]


@dataclass(slots=True)
class Outcome:
    """Results to take over, and the reasons for the cells that have none, by part and cell."""

    results: dict[str, dict[int, dict[int, Result | None]]] = field(default_factory=dict)
    left: dict[str, dict[Cell, str]] = field(default_factory=lambda: defaultdict(dict))


def judge_results(
    graph: FormulaGraph,
    computed: Mapping[str, Computed],
    unknown: Iterable[str],
    old_values: OldValues,
) -> Outcome:
    """Sort out the results, which are given by part; `old_values` tells what a part showed so far.

    `unknown` are the functions that LibreOffice does not know. Uses up the graph.
    """
    outcome = Outcome()
    for name in sorted(unknown):
        _leave(outcome, graph.calling({name}), f"LibreOffice cannot compute {_plain(name)}")
    named = _left(outcome)
    hiding = graph.hiding()
    for part, places in graph.cells().items():
        judging = _Judging(outcome, part, old_values, hiding.get(part, ()))
        judging.judge(places, computed.get(part, {}))
    if outcome.left:
        _leave_dependents(outcome, graph, named)
        _withhold(outcome)
    # Their figures are right as far as they go, and so are those that depend on them.
    _leave(outcome, graph.spilling(), "only Excel knows how many cells it fills")
    return outcome


def _left(outcome: Outcome) -> Cells:
    return {part: set(reasons) for part, reasons in outcome.left.items()}


def _leave_dependents(outcome: Outcome, graph: FormulaGraph, named: Cells) -> None:
    """Leave what depends on what is left; `named` are cells that are left for a reason of theirs.

    The error of a dependent, if it has one, is likely to come from there, unless it may
    read anything: nobody knows whether it reads what is left.
    """
    unbounded = graph.unbounded()
    for part, places in graph.dependents(_left(outcome), volatile=False).items():
        reasons = outcome.left[part]
        for place in places:
            if place not in named.get(part, ()) and place not in unbounded.get(part, ()):
                reasons[place] = _DEPENDS
            reasons.setdefault(place, _DEPENDS)


def _leave(outcome: Outcome, cells: Cells, reason: str) -> None:
    for part, places in cells.items():
        for place in places:
            outcome.left[part].setdefault(place, reason)


def _withhold(outcome: Outcome) -> None:
    """Take no result for a cell that is left."""
    for part, places in outcome.left.items():
        rows = outcome.results.get(part, {})
        for row, column in places:
            rows.get(row, {}).pop(column, None)


@dataclass(slots=True)
class _Judging:
    """The results of one sheet; what it showed so far is read when it is first asked for."""

    outcome: Outcome
    part: str
    old_values: OldValues
    hiding: Collection[Cell]
    known: Mapping[Cell, object] | None = None

    def judge(self, places: Iterable[Cell], computed: Computed) -> None:
        rows = self.outcome.results.setdefault(self.part, {})
        left = self.outcome.left[self.part]
        for place in sorted(places):
            if place in left:
                continue
            result = computed.get(place)
            if result is None:
                left[place] = "LibreOffice gives no result"
            elif isinstance(result, ForeignError):
                left[place] = f"LibreOffice gives {result}"
            elif not self._is_believed(place, result):
                is_error = result.kind == "e"
                left[place] = f"LibreOffice gives {result.value}" if is_error else _HIDDEN
            else:
                rows.setdefault(place[0], {})[place[1]] = result
        if not left:
            del self.outcome.left[self.part]

    def _is_believed(self, place: Cell, result: Result) -> bool:
        is_doubtful = result.kind == "e" and result.value not in _BELIEVED
        if not is_doubtful and place not in self.hiding:
            return True
        if self.known is None:
            self.known = self.old_values(self.part)
        return self.known.get(place) == result.value


def _plain(function: str) -> str:
    return function.removeprefix("_xlfn.").removeprefix("_xlws.").upper()
