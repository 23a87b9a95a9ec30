"""A comparison as tables: what changed, the figures that differ, and every cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from budgetinator.budgets.comparing.differences import (
    CellDifference,
    FigureDifference,
    PartnerDifference,
    VersionComparison,
    WorkPackageDifference,
)
from budgetinator.budgets.findings import CellContent
from budgetinator.budgets.tables.table import Table, TableCell, TableField
from budgetinator.workbooks import Formula

__all__ = ["cell_rows", "changes_table", "comparison_rows", "comparison_tables", "figures_table"]

_CELL_COLUMNS = (
    TableField("kind", "Kind"),
    TableField("partner", "Partner", "number"),
    TableField("work_package", "WP", "number"),
    TableField("label", "What"),
    TableField("before_sheet", "Sheet before"),
    TableField("before_cell", "Cell before"),
    TableField("after_sheet", "Sheet after"),
    TableField("after_cell", "Cell after"),
    TableField("before", "Before"),
    TableField("after", "After"),
    TableField("difference", "Difference"),
)


def comparison_tables(comparison: VersionComparison) -> tuple[Table, ...]:
    """All of it: changes, figures, cells."""
    rows = tuple(cell_rows(comparison.cells))
    cells = Table("cells", "Cells", _CELL_COLUMNS, rows)
    return changes_table(comparison), figures_table(comparison), cells


def changes_table(comparison: VersionComparison) -> Table:
    """A row for each partner, work package, sheet and version that came, went or differs."""
    return Table(
        "changes",
        "Changes",
        (
            TableField("level", "Level"),
            TableField("change", "Change"),
            TableField("before", "Before"),
            TableField("after", "After"),
            TableField("inputs", "Inputs", "number"),
            TableField("results", "Figures", "number"),
        ),
        tuple(_change_rows(comparison)),
    )


def figures_table(comparison: VersionComparison) -> Table:
    """A row for each sum that differs: of partners, work packages, and the consortium."""
    return Table(
        "figures",
        "Figures",
        (
            TableField("level", "Level"),
            TableField("name", "Name"),
            TableField("figure", "Figure"),
            TableField("before", "Before", "money"),
            TableField("after", "After", "money"),
            TableField("difference", "Difference", "money"),
        ),
        tuple(_figure_rows(comparison)),
    )


def cell_rows(cells: Iterable[CellDifference]) -> Iterator[tuple[TableCell, ...]]:
    """A row for each cell that differs."""
    for each in cells:
        yield (
            each.kind,
            each.partner,
            each.work_package,
            each.label,
            each.before_at.sheet if each.before_at else None,
            each.before_at.cell if each.before_at else None,
            each.after_at.sheet if each.after_at else None,
            each.after_at.cell if each.after_at else None,
            _plain(each.before),
            _plain(each.after),
            each.difference,
        )


def comparison_rows(
    comparison: VersionComparison, cells: Iterable[CellDifference]
) -> Iterator[Table]:
    """Everything under the same columns, in pieces: changes, figures, and then the cells."""
    columns = (TableField("level", "Level"), TableField("name", "Name"), *_CELL_COLUMNS)
    rows: list[tuple[TableCell, ...]] = [
        (level, after or before, change, None, None, None, None, None, None, None, before, after,
         None)
        for level, change, before, after, *_ in _change_rows(comparison)
    ]  # fmt: skip
    rows += [
        (level, name, "result", None, None, label, None, None, None, None, *amounts)
        for level, name, label, *amounts in _figure_rows(comparison)
    ]
    yield Table("differences", "Differences", columns, tuple(rows))
    for row in cell_rows(cells):
        yield Table("differences", "Differences", columns, (("cell", None, *row),))


def _change_rows(comparison: VersionComparison) -> Iterator[tuple[TableCell, ...]]:
    for partner in comparison.partners:
        yield "partner", _partner_change(partner), *_ends(partner), *_counts(partner)
    for package in comparison.work_packages:
        ends = (
            None if each is None else f"WP{each.number} {each.title or ''}".strip()
            for each in (package.before, package.after)
        )
        yield "work package", _package_change(package), *ends, *_counts(package)
    for sheet in comparison.sheets:
        before = {"added": None, "renamed": sheet.other}.get(sheet.change, sheet.sheet)
        after = None if sheet.change == "removed" else sheet.sheet
        yield "sheet", sheet.change, before, after, None, None
    for row in comparison.versions:
        version = row.version
        moment = version.timestamp
        stamp = moment.isoformat(sep=" ") if isinstance(moment, datetime) else moment
        said = " ".join(filter(None, (stamp, version.info, version.summary)))
        ends_of = (said, None) if row.change == "removed" else (None, said)
        yield "version", row.change, *ends_of, None, None


def _figure_rows(comparison: VersionComparison) -> Iterator[tuple[TableCell, ...]]:
    for figure in comparison.consortium:
        yield "consortium", "Consortium", *_figure(figure)
    for partner in comparison.partners:
        for figure in partner.results:
            yield "partner", partner.name, *_figure(figure)
    for package in comparison.work_packages:
        for figure in package.results:
            yield "work package", package.name, *_figure(figure)


def _figure(figure: FigureDifference) -> tuple[TableCell, ...]:
    return figure.label, figure.before, figure.after, figure.difference


def _ends(partner: PartnerDifference) -> tuple[str | None, str | None]:
    before, after = partner.before, partner.after
    return (str(before) if before else None, str(after) if after else None)


def _counts(each: PartnerDifference | WorkPackageDifference) -> tuple[int, int]:
    return len(each.inputs), len(each.results)


def _partner_change(each: PartnerDifference) -> str:
    return _said(each.change, renamed=each.is_renamed, renumbered=each.is_renumbered)


def _package_change(each: WorkPackageDifference) -> str:
    return _said(each.change, renamed=each.is_renamed, renumbered=each.is_renumbered)


def _said(change: str, *, renamed: bool, renumbered: bool) -> str:
    words = [word for word, holds in (("renamed", renamed), ("renumbered", renumbered)) if holds]
    return ", ".join(words) or change


def _plain(content: CellContent) -> TableCell:
    """A formula as its text, and a span of time in hours."""
    if isinstance(content, Formula):
        return content.text
    if isinstance(content, timedelta):
        return Decimal(str(content.total_seconds())) / 3600
    return content
