"""Changes of rows and cells in several sheets of one package, and what follows from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from budgetinator.workbooks.opc.package import SheetEntry
from budgetinator.workbooks.patch.edit import PackageEdit
from budgetinator.workbooks.patch.elements import MarkupError
from budgetinator.workbooks.patch.parts import PartSource, damaged_part, has_formulas
from budgetinator.workbooks.patch.refusals import Site
from budgetinator.workbooks.patch.sheetedit import SheetEdit
from budgetinator.workbooks.patch.sheetxml import SheetPlan, plan_sheet
from budgetinator.workbooks.patch.styling import Styling
from budgetinator.workbooks.patch.tables import follow_headers
from budgetinator.workbooks.patch.workbookxml import WorkbookPart

if TYPE_CHECKING:
    from budgetinator.workbooks.losses.finding import Loss

__all__ = ["CellPlanning", "StaleValues"]

StaleValues = Literal["mark", "remove"]


class CellPlanning:
    """Puts splices into an edit's sheets, and keeps account of what they come to.

    `losses` are what could not be kept; without `allow_loss` the first one is raised as
    WouldLose. `plans` are those of the sheets, by the names of their parts. `stale_values`
    says what becomes of the results of formulas that depend on what changes, as the setting
    `saving.stale_values` has it.
    """

    def __init__(
        self,
        edit: PackageEdit,
        *,
        allow_loss: bool = True,
        stale_values: StaleValues = "mark",
    ) -> None:
        self.losses: list[Loss] = []
        self.plans: dict[str, tuple[SheetEntry, SheetPlan]] = {}
        self._edit = edit
        self._allow_loss = allow_loss
        self._removes_stale = stale_values == "remove"
        self._changed: dict[str, list[tuple[int, int]]] = {}
        self._styling = Styling(edit)

    def plan(self, entry: SheetEntry, sheet: SheetEdit) -> SheetPlan:
        """Make the sheet's rows so; once for each sheet.

        Raises InvalidCellValue, WorkbookRefused, WorkbookDamaged, or WouldLose.
        """
        site = Site(str(self._edit.package.path), entry.name, entry.part)

        def overwritten(row: int, column: int, table: str) -> None:
            if not self._allow_loss:
                raise site.table_header(row, column, table)
            self._lose(entry, "table", f"the name of a column of the table {table}")

        sheet = follow_headers(self._edit, sheet, site, overwritten)
        looks = self._styling if sheet.looks is None else self._styling.with_index(sheet.looks)
        streamed = self._edit.streamed_part(entry.part)
        source = streamed.source
        plan = plan_sheet(source.text, sheet, looks, site, source.on_piece)
        streamed.splices += plan.splices
        for kind, what in plan.losses:
            self._lose(entry, kind, what)
        self.plans[entry.part] = (entry, plan)
        self._changed[entry.part] = [
            (row, column)
            for row, cells in sheet.cells.items()
            for column, cell in cells.items()
            if cell.changes_value
        ]
        return plan

    def finish(self, *, formulas_changed: bool = False, names_changed: bool = False) -> bool:
        """Take out the calculation chain and ask for a recalculation where that is needed.

        Called once, after all plans; `formulas_changed` says that formulas came or went in
        other ways, `names_changed` that formulas may read other cells than before. Returns
        whether programs will recalculate on opening.
        """
        self._styling.finish()
        package = self._edit.package
        book = self._edit.part(package.workbook_part)
        try:
            workbook = WorkbookPart.parse(book.data)
        except MarkupError as error:
            raise damaged_part(package, book.name, str(error)) from error
        plans = [plan for _, plan in self.plans.values()]
        changed = formulas_changed or any(p.formulas_added or p.formulas_removed for p in plans)
        chain = self._calculation_chain()
        recalculates = workbook.recalculates
        if not recalculates and (
            changed or self._shows_old_results(chain is not None, any_changed=names_changed)
        ):
            recalculates = True
            book.edit(lambda _: workbook.recalculating())
        if self._removes_stale and recalculates:
            # Here, because the graph of formulas is 5 ms to import.
            from budgetinator.workbooks.patch.staleresults import drop_stale_results

            anything = formulas_changed or names_changed
            drop_stale_results(self._edit, None if anything else self._changed)
        if chain and changed:
            self._edit.remove_relationship(package.workbook_part, chain)
            self._edit.remove_unreachable()
        return recalculates

    def _lose(self, entry: SheetEntry, kind: str, what: str) -> None:
        # Here, because it brings openpyxl, which takes more memory than all patching.
        from budgetinator.workbooks.losses.finding import Loss

        loss = Loss(kind, entry.part, entry.name, what)
        if loss not in self.losses:
            self.losses.append(loss)

    def _calculation_chain(self) -> str | None:
        """The relationship to the calculation chain, where there is one."""
        part = self._edit.package.workbook_part
        for relationship in self._edit.relationships(part):
            if relationship.kind == "calcChain" and self._edit.has(relationship.target):
                return relationship.id
        return None

    def _shows_old_results(self, has_chain: bool, *, any_changed: bool) -> bool:
        """Whether a formula may; sheets that were not planned are asked smallest first."""
        plans = [plan for _, plan in self.plans.values()]
        if not any_changed and not any(plan.values_changed for plan in plans):
            return False
        if has_chain or any(plan.has_formulas for plan in plans):
            return True
        package = self._edit.package
        others = {
            entry.part
            for entry in package.sheets
            if entry.kind in {"worksheet", "macrosheet"} and entry.part not in self.plans
        }
        by_size = sorted(others, key=lambda part: package.member(part).size)
        return any(has_formulas(PartSource(package, part).text()) for part in by_size)
