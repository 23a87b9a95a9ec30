"""What a save by openpyxl would lose of a given file."""
