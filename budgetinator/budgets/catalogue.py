"""Every rule by which a budget is looked at, as data: how grave, why, and where from.

What a rule looks for stands in `checks`, or in the reader for what is found while
reading. The articles are those of the General Model Grant Agreement of Horizon Europe, as
far as they could be confirmed in what its national contact points publish: no paragraph is
named where only the article was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from budgetinator.budgets.findings import Finding, Fix, Severity

__all__ = ["RULES", "Rule", "finding"]

_LAYOUT = "Budget workbook: layout of the sheets"
_REQUIRED = "Budget workbook: required entries"
_EMPTY = "Budget workbook: empty and zero differ"
_NUMBERS = "Budget workbook: numbers as people type them"
_FORMULAS = "Budget workbook: formulas of the partner's sheet"
_LINKS = "Budget workbook: links of the overviews"
_SENSE = "Budget workbook: what a plan needs to be complete"
_COSTS = "Horizon Europe Model Grant Agreement, Article 6.2 (eligible costs)"
_INDIRECT = "Horizon Europe Model Grant Agreement, Article 6.2, category E (indirect costs)"
_FUNDING = "Horizon Europe Model Grant Agreement, Article 5 (funding rates)"
_AUDIT = "Horizon Europe Model Grant Agreement, Article 24 and Data Sheet (certificates)"
_ELIGIBLE = "Regulation (EU) 2021/695, Article 22 (entities eligible for participation)"
_PURCHASES = "Horizon Europe proposal template, part B, table 3.1h (purchase costs)"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `why` is a sentence for the people who keep the budget."""

    name: str
    severity: Severity
    why: str
    source: str


def _rules(*rows: tuple[str, Severity, str, str]) -> Mapping[str, Rule]:
    return {row[0]: Rule(*row) for row in rows}


RULES = _rules(
    # While reading
    ("sheet-missing", "warning", "The overviews and the history belong to the workbook.", _LAYOUT),
    ("no-partner", "error", "A budget is that of its partners.", _LAYOUT),
    ("label-moved", "note", "Links and formulas expect it at its usual place.", _LAYOUT),
    ("label-missing", "warning", "Another entry stands at its place, so it was not read.", _LAYOUT),
    ("text-for-number", "error", "Sums skip text, so this amount is missing from them.", _NUMBERS),
    ("blank-text", "note", "It looks empty, but formulas take it for text.", _EMPTY),
    ("not-a-number", "error", "A date or a truth value is no amount.", _NUMBERS),
    ("error-value", "error", "Whatever depends on this cell shows an error too.", _FORMULAS),
    ("input-unknown", "warning", "Until it is recalculated it counts as empty.", _FORMULAS),
    ("unknown-rule-set", "warning", "The default rules are used instead.", _LAYOUT),
    # Who the partners are
    ("number-missing", "error", "The overviews find a partner by its number.", _REQUIRED),
    ("number-differs", "error", "Sheet and entry name different partners.", _LAYOUT),
    ("number-twice", "error", "Two partners would share one row of the overviews.", _LAYOUT),
    ("number-beyond", "error", "The overviews have rows for 20 partners.", _LAYOUT),
    ("no-coordinator", "error", "Partner 1 coordinates the project.", _LAYOUT),
    ("acronym-missing", "error", "A partner is known by its acronym.", _REQUIRED),
    ("acronym-long", "warning", "An acronym has up to 16 characters.", _LAYOUT),
    ("acronym-twice", "error", "Two partners cannot be told apart.", _LAYOUT),
    ("sheet-name", "warning", "The sheet is named for another acronym.", _LAYOUT),
    ("old-sheet-name", "note", "Sheets are named with a hyphen now.", _LAYOUT),
    ("pic-missing", "error", "The funding portal knows a partner by its PIC.", _REQUIRED),
    ("pic-digits", "error", "A PIC has nine digits.", _REQUIRED),
    ("pic-number", "note", "A PIC is text; as a number it is shown as an amount.", _LAYOUT),
    ("pic-twice", "error", "Each organisation has a PIC of its own.", _LAYOUT),
    ("country-missing", "error", "The country decides on eligibility.", _REQUIRED),
    ("few-partners", "note", "At least three entities from three countries take part.", _ELIGIBLE),
    # Work
    ("rate-negative", "error", "A rate in EUR per person-month is above zero.", _COSTS),
    ("months-negative", "error", "Person-months are not negative.", _SENSE),
    ("months-without-rate", "error", "Without a rate the work has no cost.", _SENSE),
    ("rate-without-months", "note", "No person-months are planned for it.", _SENSE),
    ("undeclared-package", "error", "The work package is not in the summary.", _SENSE),
    ("package-number", "error", "Work packages are numbered from 1 to 15, each once.", _LAYOUT),
    ("package-without-lead", "warning", "Somebody has to lead it.", _SENSE),
    ("lead-unknown", "error", "No partner of the consortium has this name or number.", _SENSE),
    ("lead-without-months", "warning", "Its lead has planned no work in it.", _SENSE),
    ("package-without-months", "warning", "Nobody has planned work in it.", _SENSE),
    ("months-order", "error", "It would end before it starts.", _SENSE),
    ("month-beyond", "error", "Months are whole numbers and count from 1.", _SENSE),
    # Money
    ("amount-negative", "error", "Costs and income are not negative.", _COSTS),
    ("no-cost", "warning", "The partner has no cost at all yet.", _SENSE),
    ("funding-rate-missing", "warning", "Without it no contribution can be computed.", _FUNDING),
    ("funding-rate-percent", "error", "A rate is a fraction: 0.7 for 70 %.", _LAYOUT),
    ("funding-rate-unknown", "warning", "The rule set has no such rate.", _FUNDING),
    ("requested-over-maximum", "error", "More than the maximum is not granted.", _FUNDING),
    ("income-differs", "warning", "Income should cover the cost, and no more.", _SENSE),
    ("purchases-share", "note", "So large a share needs a justification.", _PURCHASES),
    ("audit-certificate", "note", "A certificate on the financial statements is due.", _AUDIT),
    ("subcontract-unnamed", "warning", "A subcontract needs a name and a reason.", _COSTS),
    ("hidden-figure", "warning", "It counts, and nobody sees it.", _SENSE),
    # Formulas
    ("formula-missing", "error", "Nothing is computed here.", _FORMULAS),
    ("formula-typed-over", "error", "A number does not follow its inputs.", _FORMULAS),
    ("formula-old", "error", "Only A and C bear indirect cost; all is in the total.", _INDIRECT),
    ("formula-other", "error", "It computes something else than the layout says.", _FORMULAS),
    ("formula-unclear", "note", "It cannot be compared with the layout's formula.", _FORMULAS),
    ("result-differs", "warning", "The result in the file is not what its inputs give.", _FORMULAS),
    # Overviews
    ("overview-row-missing", "error", "The partner does not count in the overview.", _LINKS),
    ("link-typed-over", "error", "A value here does not follow the partner's sheet.", _LINKS),
    ("link-wrong", "error", "It shows another cell than the one it is meant to.", _LINKS),
    ("link-broken", "error", "The cell that it showed is gone.", _LINKS),
    ("overview-row-stray", "error", "There is no partner of this number.", _LINKS),
    ("overview-total", "error", "The total does not sum what stands above it.", _LINKS),
    ("overview-old", "warning", "It shows another value than the partner's sheet.", _LINKS),
)  # fmt: skip
"""The rules by their names, in the order in which a report lists them."""


def finding(
    rule: str, sheet: str | None, cell: str | None, what: str, *, fix: Fix | None = None
) -> Finding:
    """What the rule of this name has found at a place."""
    found = RULES[rule]
    return Finding(rule, found.severity, sheet, cell, what, found.why, found.source, fix)
