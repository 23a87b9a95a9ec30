"""The scripts' door: the library's own objects under the names of seed 004.

A script's own `utils.py` may hide this package; `from budgetinator import ...`
gives the same objects then.
"""
