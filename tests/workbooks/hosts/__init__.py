"""Workbooks in processes of their own, with real processes and real kills."""
