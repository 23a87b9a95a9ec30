"""Changing given cells of a workbook file by streaming its own XML.

No sheet is built and no part but the changed ones is inflated: time and memory
are those of copying the file.
"""

from __future__ import annotations

from budgetinator.workbooks.patch.cells import CellInput, Formula
from budgetinator.workbooks.patch.patching import PatchReport, losses_of_cells, patch_cells

__all__ = ["CellInput", "Formula", "PatchReport", "losses_of_cells", "patch_cells"]
