"""What was changed on an openpyxl workbook, and whether a file can hold it."""
