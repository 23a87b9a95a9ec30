"""What changed on the workbook itself: sheets, names, settings, properties."""
