"""Amounts in other currencies, by rates that the user keeps."""

from __future__ import annotations

__all__ = ["PLUGIN_METADATA"]

PLUGIN_METADATA = {
    "id": "currency",
    "name": "Currency",
    "version": "1.0.0",
    "author": "Budgetinator contributors",
    "description": "Converts amounts by rates that you type or keep in a file. Asks no network.",
    "entry": "tab:CurrencyTab",
}
