"""Cells as people type and see them; knows nothing of Qt."""
