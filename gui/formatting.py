"""Numbers as people read them: bytes and ages."""

from __future__ import annotations

__all__ = ["format_age", "format_bytes", "format_count"]

_UNITS = ("B", "KB", "MB", "GB", "TB", "PB", "EB")


def format_bytes(size: int) -> str:
    """`12.3 MB`, in steps of 1024; below ten units with one decimal."""
    value, unit = float(size), 0
    while abs(value) >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    digits = 1 if unit and abs(value) < 99.95 else 0
    return f"{value:.{digits}f} {_UNITS[unit]}"


def format_age(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min`, `2 h 5 min`, `4 d`."""
    whole = max(0, int(seconds))
    if whole < 10:
        return f"{max(0.0, seconds):.1f} s"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 86_400:
        hours, minutes = divmod(whole // 60, 60)
        return f"{hours} h {minutes} min"
    return f"{whole // 86_400} d"


def format_count(count: int, one: str, many: str | None = None) -> str:
    """`1 resource`, `1,204 resources`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
