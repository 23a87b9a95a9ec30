"""The window: the only package here that may import PySide6 or tkinter."""
