"""The light window, in Tk, for machines without Qt: look at a workbook, change nothing."""
