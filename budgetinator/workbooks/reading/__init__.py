"""openpyxl over the package, sheets read when touched, and values without openpyxl."""
