"""What was changed on an openpyxl workbook, put into the parts of its own file."""
