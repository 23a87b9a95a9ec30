"""The widgets of the window: each shows one thing and holds no workbook."""
