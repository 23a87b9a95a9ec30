"""Partners out of a CSV file, into the budget workbook that is open."""

from __future__ import annotations

__all__ = ["PLUGIN_METADATA"]

PLUGIN_METADATA = {
    "id": "partner_csv",
    "name": "Partners from CSV",
    "version": "1.0.0",
    "author": "Budgetinator contributors",
    "description": "Adds the partners of a CSV file to the open budget workbook: all or none.",
    "entry": "tab:PartnerImport",
}
