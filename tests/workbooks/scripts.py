"""Random scripts as people write them with openpyxl, the same for any workbook they run on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from random import Random
from typing import Any

from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule, DataBarRule, FormulaRule
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.table import Table

__all__ = ["STEPS", "run_script"]

Step = Callable[[Random, Any, Any], None]  # the dice, the workbook, one of its worksheets

_VALUES: tuple[Any, ...] = (
    1,
    -2.5,
    1 / 3,
    123456789.123456789,
    True,
    "text",
    " leading and trailing ",
    "two\nlines",
    "ä € < & > \"'",
    "=1+1",
    "=SUM(A1:B3)",
    "#N/A",
    dt.datetime(2026, 3, 4, 5, 6, 7),
    dt.date(2027, 1, 31),
    dt.time(8, 30),
    None,
)
_FORMATS = ("0.00", "#,##0.00 €", "yyyy-mm-dd", "0%", "@", "General", '0.0" PM"')


def run_script(workbook: Any, seed: int, length: int) -> list[str]:
    """Do that many steps by the dice of this seed; their names. Steps that openpyxl refuses count.

    Given workbooks that hold the same, the same seed does the same to them.
    """
    dice = Random(seed)
    done = []
    for _ in range(length):
        if not workbook.worksheets:
            break  # the last one was removed
        name = dice.choices(list(STEPS), [weight for weight, _ in STEPS.values()])[0]
        sheet = dice.choice(workbook.worksheets)
        try:
            STEPS[name][1](dice, workbook, sheet)
        except (ValueError, AttributeError, KeyError, TypeError, IndexError) as error:
            name = f"{name} ({type(error).__name__})"
        done.append(name)
    return done


def _place(dice: Random) -> tuple[int, int]:
    return dice.randint(1, 25), dice.randint(1, 12)


def _reference(dice: Random, rows: int = 3, columns: int = 2) -> str:
    row, column = _place(dice)
    last = f"{get_column_letter(column + columns - 1)}{row + rows - 1}"
    return f"{get_column_letter(column)}{row}:{last}"


def _value(dice: Random, _: Any, sheet: Any) -> None:
    sheet.cell(*_place(dice)).value = dice.choice(_VALUES)


def _values(dice: Random, _: Any, sheet: Any) -> None:
    for _row in range(dice.randint(1, 4)):
        sheet.append([dice.choice(_VALUES) for _ in range(dice.randint(1, 5))])


def _look(dice: Random, _: Any, sheet: Any) -> None:
    cell = sheet.cell(*_place(dice))
    kind = dice.randrange(6)
    if kind == 0:
        cell.font = Font(bold=True, color=dice.choice(["FF0000", "00AA00"]), size=14)
    elif kind == 1:
        cell.fill = PatternFill("solid", fgColor=dice.choice(["FFEE00", "88CCFF"]))
    elif kind == 2:
        cell.border = Border(top=Side("thin"), left=Side("double", color="FF00FF"))
    elif kind == 3:
        cell.alignment = Alignment(horizontal="center", wrap_text=True, indent=1)
    elif kind == 4:
        cell.protection = Protection(locked=False)
    else:
        cell.number_format = dice.choice(_FORMATS)


def _copied_look(dice: Random, _: Any, sheet: Any) -> None:
    one, other = sheet.cell(*_place(dice)), sheet.cell(*_place(dice))
    other._style = one._style.__copy__()


def _named_style(dice: Random, workbook: Any, sheet: Any) -> None:
    name = f"Marked {dice.randint(1, 3)}"
    if name not in workbook.named_styles:
        style = NamedStyle(name, font=Font(italic=True), number_format="0.000")
        workbook.add_named_style(style)
    sheet.cell(*_place(dice)).style = name


def _rows(dice: Random, _: Any, sheet: Any) -> None:
    change = dice.choice([sheet.insert_rows, sheet.delete_rows])
    change(dice.randint(1, 20), dice.randint(1, 3))


def _columns(dice: Random, _: Any, sheet: Any) -> None:
    change = dice.choice([sheet.insert_cols, sheet.delete_cols])
    change(dice.randint(1, 8), 1)


def _move(dice: Random, _: Any, sheet: Any) -> None:
    sheet.move_range(_reference(dice), rows=dice.randint(0, 3), cols=dice.randint(0, 2))


def _merge(dice: Random, _: Any, sheet: Any) -> None:
    ranges = sorted(map(str, sheet.merged_cells.ranges))
    if ranges and dice.random() < 0.4:
        sheet.unmerge_cells(dice.choice(ranges))
        return
    row = 30 + 4 * dice.randint(0, 9)  # merged areas that overlap are no valid sheet
    reference = f"B{row}:D{row + 1}"
    if not any(each.split(":")[0] == f"B{row}" for each in ranges):
        sheet.merge_cells(reference)


def _width(dice: Random, _: Any, sheet: Any) -> None:
    column = sheet.column_dimensions[get_column_letter(dice.randint(1, 12))]
    if dice.random() < 0.3:
        column.hidden = True
    else:
        column.width = dice.randint(5, 40)


def _height(dice: Random, _: Any, sheet: Any) -> None:
    row = sheet.row_dimensions[dice.randint(1, 25)]
    if dice.random() < 0.3:
        row.hidden = not row.hidden
    else:
        row.height = dice.randint(10, 60)


def _group(dice: Random, _: Any, sheet: Any) -> None:
    first = dice.randint(1, 15)
    sheet.row_dimensions.group(first, first + 2, outline_level=1)


def _sheet_added(dice: Random, workbook: Any, _: Any) -> None:
    place = dice.randint(0, len(workbook.sheetnames))
    sheet = workbook.create_sheet(f"Added {dice.randint(1, 99)}", place)
    for row in range(1, 4):
        sheet.append([row, row / 7, "text", f"=A{row}*2"])
    sheet["B2"].font = Font(bold=True)


def _sheet_copied(_dice: Random, workbook: Any, sheet: Any) -> None:
    workbook.copy_worksheet(sheet)


def _sheet_renamed(dice: Random, _: Any, sheet: Any) -> None:
    sheet.title = f"Partner's {dice.randint(1, 99)} é"


def _sheet_removed(dice: Random, workbook: Any, _: Any) -> None:
    added = [each for each in workbook.worksheets if each.title.startswith(("Added", "Partner's"))]
    if added:
        workbook.remove(dice.choice(added))


def _sheet_moved(dice: Random, workbook: Any, sheet: Any) -> None:
    workbook.move_sheet(sheet, dice.choice([-1, 1]))


def _sheet_hidden(dice: Random, workbook: Any, sheet: Any) -> None:
    visible = [each for each in workbook.worksheets if each.sheet_state == "visible"]
    if len(visible) > 1 and sheet is not workbook.active:
        sheet.sheet_state = dice.choice(["hidden", "visible", "veryHidden"])


def _name(dice: Random, workbook: Any, sheet: Any) -> None:
    holder = dice.choice([workbook, sheet])
    name = f"Name_{dice.randint(1, 5)}"
    if name in holder.defined_names and dice.random() < 0.5:
        del holder.defined_names[name]
    else:
        holder.defined_names[name] = DefinedName(name, attr_text=f"$A${dice.randint(1, 9)}")


def _validation(dice: Random, _: Any, sheet: Any) -> None:
    held = sheet.data_validations.dataValidation
    if held and dice.random() < 0.4:
        held.remove(dice.choice(held))
        return
    rule = DataValidation(type="list", formula1='"yes,no,perhaps"', allow_blank=True)
    rule.add(_reference(dice))
    sheet.add_data_validation(rule)


def _conditional(dice: Random, _: Any, sheet: Any) -> None:
    rule = dice.choice(
        [
            CellIsRule(operator="lessThan", formula=["0"], font=Font(color="CC0000")),
            FormulaRule(formula=["A1>5"], fill=PatternFill(bgColor="FFCCCC")),
            DataBarRule("min", None, "max", None, color="638EC6"),
        ]
    )
    sheet.conditional_formatting.add(_reference(dice), rule)


def _chart(dice: Random, _: Any, sheet: Any) -> None:
    chart = dice.choice([BarChart, LineChart])()
    chart.title = f"Chart {dice.randint(1, 99)}"
    chart.add_data(Reference(sheet, min_col=1, min_row=1, max_row=5, max_col=2))
    sheet.add_chart(chart, f"F{dice.randint(1, 30)}")


def _comment(dice: Random, _: Any, sheet: Any) -> None:
    cell = sheet.cell(*_place(dice))
    cell.comment = None if cell.comment else Comment(f"note {dice.randint(1, 9)}\nmore", "Ada")


def _link(dice: Random, _: Any, sheet: Any) -> None:
    cell = sheet.cell(*_place(dice))
    cell.hyperlink = None if cell.hyperlink else f"https://example.org/{dice.randint(1, 9)}?a=1&b=2"


def _view(dice: Random, workbook: Any, sheet: Any) -> None:
    kind = dice.randrange(5)
    if kind == 0:
        sheet.freeze_panes = dice.choice(["B2", "C4", None])
    elif kind == 1:
        sheet.sheet_view.zoomScale = dice.choice([50, 85, 120])
    elif kind == 2:
        sheet.sheet_properties.tabColor = dice.choice(["1072BA", "FF8800"])
    elif kind == 3 and sheet.sheet_state == "visible":
        workbook.active = workbook.index(sheet)
    else:
        sheet.sheet_view.showGridLines = False


def _page(dice: Random, _: Any, sheet: Any) -> None:
    kind = dice.randrange(6)
    if kind == 0:
        sheet.page_setup.orientation = dice.choice(["landscape", "portrait"])
    elif kind == 1:
        sheet.page_margins.left = dice.choice([0.25, 1.5])
    elif kind == 2:
        sheet.print_title_rows = "1:2"
    elif kind == 3:
        sheet.print_area = _reference(dice, 10, 5)
    elif kind == 4:
        sheet.oddFooter.center.text = "Page &P"
    else:
        sheet.row_breaks.append(Break(dice.randint(5, 50)))


def _protection(_dice: Random, _: Any, sheet: Any) -> None:
    sheet.protection.sheet = not sheet.protection.sheet


def _table(dice: Random, workbook: Any, sheet: Any) -> None:
    row = 60 + 5 * dice.randint(0, 9)
    for column, header in enumerate(("Item", "Cost"), 1):
        sheet.cell(row, column).value = header
        sheet.cell(row + 1, column).value = column
    names = {name for each in workbook.worksheets for name in each.tables}
    name = f"Added{len(names)}_{row}"
    if name not in names and not any(f"A{row}:" in each.ref for each in sheet.tables.values()):
        sheet.add_table(Table(displayName=name, ref=f"A{row}:B{row + 1}"))


def _properties(dice: Random, workbook: Any, _: Any) -> None:
    workbook.properties.title = f"Budget {dice.randint(1, 9)}"


STEPS: dict[str, tuple[int, Step]] = {
    "value": (10, _value),
    "values": (3, _values),
    "look": (8, _look),
    "copied look": (2, _copied_look),
    "named style": (1, _named_style),
    "rows": (3, _rows),
    "columns": (1, _columns),
    "move": (2, _move),
    "merge": (3, _merge),
    "width": (3, _width),
    "height": (3, _height),
    "group": (1, _group),
    "sheet added": (2, _sheet_added),
    "sheet copied": (1, _sheet_copied),
    "sheet renamed": (1, _sheet_renamed),
    "sheet removed": (1, _sheet_removed),
    "sheet moved": (1, _sheet_moved),
    "sheet hidden": (1, _sheet_hidden),
    "name": (2, _name),
    "validation": (2, _validation),
    "conditional": (2, _conditional),
    "chart": (2, _chart),
    "comment": (2, _comment),
    "link": (2, _link),
    "view": (2, _view),
    "page": (3, _page),
    "protection": (1, _protection),
    "table": (1, _table),
    "properties": (1, _properties),
}
