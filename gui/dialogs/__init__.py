"""Windows of their own beside the main window."""
