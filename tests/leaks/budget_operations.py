"""What the budgets do with workbooks, each as it is used: read, checked, changed, compared."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from budgetinator.budgets import (
    Budget,
    Partner,
    WorkPackage,
    add_partner,
    add_work_package,
    apply_fixes,
    budget_tables,
    check_budget,
    compare_workbooks,
    comparison_json,
    comparison_tables,
    consolidated_rows,
    csv_lines,
    delete_partner,
    delete_work_package,
    edit_partner,
    findings_of,
    iter_differences,
    markdown_lines,
    read_budget,
    records_json,
    results_of,
    save_with_results,
    select,
    take_over,
    undo,
    update_overviews,
    write_budget,
    write_results,
    write_tables,
)
from budgetinator.budgets.layout import input_cell
from budgetinator.errors import BudgetError, TakeOverConflict
from budgetinator.workbooks import ExcelManager
from tests.leaks.ground import Ground, Operation, refused

__all__ = ["OPERATIONS"]


def consortium(ground: Ground) -> Path:
    """A budget of two partners, made once."""
    return _made(ground, "consortium.xlsx", Decimal(6000))


def revised(ground: Ground) -> Path:
    """The same with another rate, made once."""
    return _made(ground, "revised.xlsx", Decimal(5000))


def _made(ground: Ground, name: str, rate: Decimal) -> Path:
    path = ground.folder / name
    if not path.exists():
        months = (Decimal(3), *(None,) * 14)
        partners = tuple(
            Partner(n, name, rate=rate, funding_rate=Decimal(1), person_months=months)
            for n, name in ((1, "Coord"), (2, "L'ORE"))
        )
        packages = (WorkPackage(1, "Management", "Coord", 1, 36),)
        write_budget(Budget(partners, packages), path, service=ground.runtime.surroundings)
    return path


def managed(ground: Ground) -> ExcelManager:
    return ExcelManager(consortium(ground), service=ground.runtime.surroundings)


def read_and_check(ground: Ground) -> None:
    read = read_budget(consortium(ground), hidden=True)
    findings_of(read)
    results_of(read)


def write_anew(ground: Ground) -> None:
    path = ground.folder / "anew.xlsx"
    months = (Decimal(1), *(None,) * 14)
    budget = Budget((Partner(1, "Coord", rate=Decimal(1), person_months=months),))
    write_budget(budget, path, overwrite=True, service=ground.runtime.surroundings)


def add_and_delete_a_partner(ground: Ground) -> None:
    with managed(ground) as manager:
        add_partner(manager.workbook, Partner(3, "NEU"))
        delete_partner(manager.workbook, 3, lose=True)
        manager.force_close()


def edit_and_save_with_results(ground: Ground) -> None:
    rate = Decimal(5000 + next(ground.numbers) % 100)
    with managed(ground) as manager:
        edit_partner(manager.workbook, 2, {input_cell("rate"): rate})
        save_with_results(manager, ground.folder / "edited.xlsx", overwrite=True)
        manager.force_close()


def write_the_results(ground: Ground) -> None:
    with managed(ground) as manager:
        write_results(manager)


def add_and_delete_a_work_package(ground: Ground) -> None:
    with managed(ground) as manager:
        add_work_package(manager.workbook, WorkPackage(2, "Data"))
        delete_work_package(manager.workbook, 2, lose=True)
        manager.force_close()


def fail_in_the_middle_of_an_operation(ground: Ground) -> None:
    with managed(ground) as manager, refused(BudgetError):
        manager.workbook["Budget Overview"]["C10"] = "in the way"
        try:
            add_partner(manager.workbook, Partner(3, "NEU"))
        finally:
            manager.force_close()


def renew_the_overviews(ground: Ground) -> None:
    with managed(ground) as manager:
        manager.workbook["Budget Overview"]["F8"] = 5
        update_overviews(manager.workbook)
        manager.force_close()


def fix_and_undo(ground: Ground) -> None:
    with managed(ground) as manager:
        manager.workbook["P1-Coord"]["N13"] = 7
        applied = apply_fixes(manager, check_budget(manager))
        undo(manager, applied.undoing)
        manager.force_close()


def compare_and_tell(ground: Ground) -> None:
    found = compare_workbooks(consortium(ground), revised(ground))
    comparison_json(found)
    list(csv_lines(comparison_tables(found)[:1]))


def compare_until_interrupted(ground: Ground) -> None:
    def tick(_percent: int, _sheet: str) -> None:
        raise InterruptedError

    with refused(InterruptedError):
        compare_workbooks(consortium(ground), revised(ground), tick=tick)


def leave_an_iterator_of_differences(ground: Ground) -> None:
    next(iter_differences(consortium(ground), revised(ground)))


def take_over_and_discard(ground: Ground) -> None:
    with managed(ground) as manager:
        found = compare_workbooks(manager, revised(ground))
        take_over(manager, found, select(found, ["inputs"]))
        with refused(TakeOverConflict):
            take_over(manager, found, select(found, ["inputs"]))
        manager.force_close()


def export_all_tables(ground: Ground) -> None:
    for table in budget_tables(read_budget(consortium(ground))):
        list(csv_lines((table,)))
        list(markdown_lines(table))
        records_json(table)


def consolidate_and_write(ground: Ground) -> None:
    consolidated_rows(consortium(ground))
    tables = budget_tables(read_budget(consortium(ground)), names=["budget"])
    path = ground.folder / "tables.xlsx"
    write_tables(path, tables, overwrite=True, service=ground.runtime.surroundings)


OPERATIONS: dict[str, Operation] = {
    "budget, read and checked": read_and_check,
    "budget, written anew": write_anew,
    "budget, partner added and deleted": add_and_delete_a_partner,
    "budget, edited and saved with results": edit_and_save_with_results,
    "budget, results written": write_the_results,
    "budget, work package added and deleted": add_and_delete_a_work_package,
    "budget, an operation that fails": fail_in_the_middle_of_an_operation,
    "budget, overviews renewed": renew_the_overviews,
    "budget, fixed and undone": fix_and_undo,
    "budget, compared": compare_and_tell,
    "budget, comparison ended": compare_until_interrupted,
    "budget, differences left": leave_an_iterator_of_differences,
    "budget, differences taken over": take_over_and_discard,
    "budget, exported": export_all_tables,
    "budget, consolidated": consolidate_and_write,
}
