"""`budgetinator check`: what is wrong with budgets, and mending what can be mended safely."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from budgetinator.budgets.rules import RuleSet
from budgetinator.cli.budget import counted, severities
from budgetinator.cli.exits import Exit, exit_code
from budgetinator.cli.failures import describe_error, naming, sentence
from budgetinator.cli.many import ask_all
from budgetinator.cli.money import rules_option
from budgetinator.cli.options import Command
from budgetinator.cli.output import print_json, print_lines, print_table, waiting
from budgetinator.cli.sweeping import sweep
from budgetinator.config import OpeningBounds, load_settings
from budgetinator.errors import BudgetinatorError, ChangedOnDisk

if TYPE_CHECKING:
    from budgetinator.budgets.findings import CellContent, CellCorrection, Finding
    from budgetinator.budgets.fixes import Applied
    from budgetinator.workbooks import SaveReport

__all__ = ["command"]

_STYLES = {"error": "red", "warning": "yellow", "note": ""}


@dataclass(frozen=True, slots=True)
class _Checked:
    """One file: what is wrong with it now, and what was mended before that."""

    file: str
    findings: tuple[Finding, ...] = ()
    applied: Applied | None = None
    report: SaveReport | None = None
    error: BaseException | None = None

    @property
    def code(self) -> Exit:
        if self.error is not None:
            return exit_code(self.error)
        wrong = any(each.severity == "error" for each in self.findings)
        return Exit.FINDINGS if wrong else Exit.DONE


@click.command("check", cls=Command)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@rules_option
@click.option("--fix", is_flag=True, help="Mend what can be mended safely, and save.")
@click.option("--backup", is_flag=True, help="With --fix: keep the old file as NAME.backup.xlsx.")
def command(
    files: tuple[str, ...], rules: RuleSet | None, fix: bool, backup: bool, as_json: bool
) -> int:
    """Look for what is wrong with the budget in each FILE: entries, formulas, links, totals.

    An error makes a budget wrong, a warning wants to be looked at, a note is good to know. The
    exit code is 1 if there is an error. Of several files each has one row, also one that
    cannot be read, with the reason.

    A fix is safe if no entry that somebody typed in is lost by it: formulas and links as they
    should be, numbers for texts that can mean only one. With --fix these are made and said,
    everything else but the results of formulas stays byte for byte; what is found then is shown.
    The others are left to you.

    JSON: workbooks (a list of file, counts, findings, mended, saved, backup; or of file and
    error). A finding has rule, severity, sheet, cell, what, why, source and fix, which is null
    or has title, safe and changes (sheet, cell, before, after).
    """
    if backup and not fix:
        raise click.UsageError("--backup goes with --fix")
    code, documents, rows = Exit.DONE, [], []
    for checked in _all_checked(files, rules, fix=fix, backup=backup):
        if checked.error is not None and len(files) == 1:
            raise checked.error
        code = max(code, checked.code)
        if as_json:
            documents.append(_document(checked))
        elif len(files) == 1:
            _print(checked)
        else:
            rows.append(_row(checked))
    if as_json:
        print_json({"workbooks": documents})
    elif rows:
        headings = ("File", "Errors", "Warnings", "Notes", "Mended", "Failure")
        print_table(headings, rows, right=(1, 2, 3, 4))
    return code


def _all_checked(
    files: tuple[str, ...], rules: RuleSet | None, *, fix: bool, backup: bool
) -> Iterator[_Checked]:
    """Each file; those without safe fixes are not written, and several are looked at at once."""
    ask = partial(_looked_at, rules=rules, bounds=load_settings().settings.opening)
    for answer in ask_all(ask, files, "checking"):
        findings = answer.value or ()
        if answer.error is not None:
            yield _Checked(answer.file, error=answer.error)
        elif fix and any(each.fix and each.fix.is_safe for each in findings):
            yield _mended_file(answer.file, findings, rules, backup=backup)
        else:
            yield _Checked(answer.file, findings)


def _looked_at(file: str, *, rules: RuleSet | None, bounds: OpeningBounds) -> tuple[Finding, ...]:
    from budgetinator.budgets.checks import check_budget

    return check_budget(file, rules=rules, bounds=bounds)


def _mended_file(
    file: str, findings: tuple[Finding, ...], rules: RuleSet | None, *, backup: bool
) -> _Checked:
    bounds = load_settings().settings.opening
    try:
        with waiting(f"mending {file}"), naming(file):
            applied, report = _mended(file, findings, rules, backup=backup)
            left = _looked_at(file, rules=rules, bounds=bounds)
            return _Checked(file, left, applied, report)
    except (BudgetinatorError, OSError) as error:
        return _Checked(file, error=error)


def _mended(
    file: str, findings: tuple[Finding, ...], rules: RuleSet | None, *, backup: bool
) -> tuple[Applied, SaveReport]:
    """Put the fixes in and save; the file is looked at once more when it cannot change unseen."""
    from budgetinator.budgets.checks import check_budget
    from budgetinator.budgets.fixes import apply_fixes
    from budgetinator.budgets.results import save_with_results
    from budgetinator.runtime import default_runtime
    from budgetinator.workbooks import ExcelManager

    sweep(default_runtime())
    surroundings = default_runtime().surroundings
    bounds = surroundings.settings.opening
    with ExcelManager(file, service=surroundings) as manager:
        applied = apply_fixes(manager, findings)
        if check_budget(file, rules=rules, bounds=bounds) != findings:
            manager.force_close()
            raise ChangedOnDisk(
                f"{file} was changed while it was checked; nothing was saved, check it again.",
                path=file,
            )
        return applied, save_with_results(manager, backup=backup or None)


def _print(checked: _Checked) -> None:
    if checked.applied is not None and checked.report is not None:
        for change in _changes(checked.applied):
            before, after = _said(change.before), _said(change.after)
            print_lines(f"Mended {change.sheet}!{change.cell}: {before} -> {after}")
        print_lines(f"Saved {checked.report.path}.")
        if checked.report.backup:
            print_lines(f"The old file is kept as {checked.report.backup}.")
    if checked.findings:
        rows = [
            (each.severity, each.place, f"{each.what}. {each.why}", _offered(each))
            for each in checked.findings
        ]
        styles = [_STYLES[each.severity] for each in checked.findings]
        print_table(("Severity", "Where", "What", "Fix"), rows, styles=styles)
    print_lines(f"Findings: {counted(severities(checked.findings))}.")


def _offered(finding: Finding) -> str:
    if finding.fix is None:
        return ""
    return finding.fix.title if finding.fix.is_safe else f"by hand: {finding.fix.title}"


def _changes(applied: Applied) -> list[CellCorrection]:
    return [change for each in applied.mended if each.fix for change in each.fix.changes]


def _said(content: CellContent) -> str:
    from budgetinator.cli.cellforms import shown

    return shown(content).text or "(empty)"


def _row(checked: _Checked) -> tuple[str, ...]:
    if checked.error is not None:
        return (checked.file, "", "", "", "", sentence(checked.error))
    counts = severities(checked.findings)
    mended = str(len(checked.applied.mended)) if checked.applied else ""
    return (checked.file, *(str(count) for count in counts.values()), mended, "")


def _document(checked: _Checked) -> dict[str, Any]:
    if checked.error is not None:
        return {"file": checked.file, "error": describe_error(checked.error)}
    report = checked.report
    return {
        "file": checked.file,
        "counts": severities(checked.findings),
        "findings": [_finding(each) for each in checked.findings],
        "mended": [_finding(each) for each in (checked.applied.mended if checked.applied else ())],
        "saved": str(report.path) if report else None,
        "backup": str(report.backup) if report and report.backup else None,
    }


def _finding(each: Finding) -> dict[str, Any]:
    from budgetinator.cli.cellforms import content_json

    return {
        "rule": each.rule,
        "severity": each.severity,
        "sheet": each.sheet,
        "cell": each.cell,
        "what": each.what,
        "why": each.why,
        "source": each.source,
        "fix": None
        if each.fix is None
        else {
            "title": each.fix.title,
            "safe": each.fix.is_safe,
            "changes": [
                {
                    "sheet": change.sheet,
                    "cell": change.cell,
                    "before": content_json(change.before),
                    "after": content_json(change.after),
                }
                for change in each.fix.changes
            ],
        },
    }
