"""What openpyxl writes of a workbook, in memory."""
