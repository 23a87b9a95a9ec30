"""Formulas computed anew by LibreOffice, their results taken over into the user's own file.

LibreOffice gets a copy, and nothing that it writes is kept but the results.
"""
