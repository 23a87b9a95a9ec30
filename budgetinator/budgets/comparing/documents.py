"""A comparison as JSON and as lines of text."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from math import isfinite
from typing import Any

from budgetinator.budgets.comparing.differences import (
    CellDifference,
    CellPlace,
    FigureDifference,
    PartnerDifference,
    PartnerName,
    VersionComparison,
    WorkPackageDifference,
)
from budgetinator.budgets.findings import CellContent
from budgetinator.budgets.model import Amount, WorkPackage
from budgetinator.budgets.numbers import Locale, format_number
from budgetinator.workbooks import Formula
from budgetinator.workbooks.reading.celltexts import CellError

__all__ = ["SCHEMA", "cell_json", "comparison_json", "content_text"]

SCHEMA = "budgetinator-comparison/1"


def comparison_json(comparison: VersionComparison) -> dict[str, Any]:
    """The comparison as one document; docs/budgets.md says what its keys mean."""
    return {
        "schema": SCHEMA,
        "before": comparison.before,
        "after": comparison.after,
        "is_budget": comparison.is_budget,
        "is_same": comparison.is_same,
        "counts": {kind: comparison.counts.get(kind, 0) for kind in ("input", "formula", "result")},
        "partners": [_partner(each) for each in comparison.partners],
        "work_packages": [_package(each) for each in comparison.work_packages],
        "consortium": [_figure(each) for each in comparison.consortium],
        "sheets": [
            {"change": each.change, "sheet": each.sheet, "before": each.other}
            for each in comparison.sheets
        ],
        "versions": [
            {
                "change": each.change,
                "timestamp": _moment(each.version.timestamp),
                "info": each.version.info,
                "summary": each.version.summary,
            }
            for each in comparison.versions
        ],
        "cells": [cell_json(each) for each in comparison.cells],
        "further": comparison.further,
    }


def cell_json(each: CellDifference) -> dict[str, Any]:
    """One cell that differs."""
    return {
        "kind": each.kind,
        "before_at": _place(each.before_at),
        "after_at": _place(each.after_at),
        "label": each.label or None,
        "partner": each.partner,
        "work_package": each.work_package,
        "before": _content(each.before),
        "after": _content(each.after),
        "difference": _amount(each.difference),
        "can_be_taken": each.can_be_taken,
    }


def content_text(content: CellContent, locale: Locale) -> str:
    """What a cell holds, as people of that locale write it; `(empty)` for an empty one."""
    if content is None:
        return "(empty)"
    if isinstance(content, Formula):
        return content.text
    if isinstance(content, bool):
        return str(content).upper()
    if isinstance(content, int | float | Decimal):
        return format_number(Decimal(str(content)), locale)
    return content if isinstance(content, str) else str(content)


def _partner(each: PartnerDifference) -> dict[str, Any]:
    return {
        "change": each.change,
        "before": _name(each.before),
        "after": _name(each.after),
        "is_renamed": each.is_renamed,
        "is_renumbered": each.is_renumbered,
        "inputs": [cell_json(one) for one in each.inputs],
        "results": [_figure(one) for one in each.results],
    }


def _package(each: WorkPackageDifference) -> dict[str, Any]:
    return {
        "change": each.change,
        "before": _package_name(each.before),
        "after": _package_name(each.after),
        "is_renamed": each.is_renamed,
        "is_renumbered": each.is_renumbered,
        "inputs": [cell_json(one) for one in each.inputs],
        "results": [_figure(one) for one in each.results],
    }


def _name(name: PartnerName | None) -> dict[str, Any] | None:
    if name is None:
        return None
    return {"number": name.number, "acronym": name.acronym, "sheet": name.sheet}


def _package_name(package: WorkPackage | None) -> dict[str, Any] | None:
    if package is None:
        return None
    return {
        "number": package.number,
        "title": package.title,
        "lead": package.lead,
        "start_month": package.start_month,
        "end_month": package.end_month,
    }


def _figure(each: FigureDifference) -> dict[str, Any]:
    return {
        "figure": each.name,
        "label": each.label,
        "before": _amount(each.before),
        "after": _amount(each.after),
        "difference": _amount(each.difference),
    }


def _place(place: CellPlace | None) -> str | None:
    return None if place is None else str(place)


def _amount(amount: Amount) -> float | int | None:
    if amount is None:
        return None
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _content(content: CellContent) -> Any:
    """Numbers, texts and truth values as such; all else as an object that says what it is."""
    if isinstance(content, Formula):
        return {"formula": content.text}
    if isinstance(content, CellError):
        return {"error": str(content)}
    if isinstance(content, Decimal):
        return _amount(content)
    if isinstance(content, float) and not isfinite(content):
        return {"error": "#NUM!"}  # JSON has no number for it, and neither has Excel
    if isinstance(content, dt.timedelta):
        return {"seconds": content.total_seconds()}
    if isinstance(content, dt.time):
        return {"time": content.isoformat()}
    return {"date": content.isoformat()} if isinstance(content, dt.date) else content


def _moment(moment: dt.datetime | str) -> str:
    return moment.isoformat(sep=" ") if isinstance(moment, dt.datetime) else moment
