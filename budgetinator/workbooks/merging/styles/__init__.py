"""Styles of an openpyxl workbook in the file's own styles part."""
