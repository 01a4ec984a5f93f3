"""Sizes as people write them: "200 MB", "1.5 GB". Decimal, as disks are sold."""

import re

_UNITS = {"kb": 10**3, "mb": 10**6, "gb": 10**9}
_SIZE = re.compile(r"(\d{1,12}(?:\.\d{1,3})?)\s*([kmg]b)", re.ASCII | re.IGNORECASE)
EXAMPLES = '"200 MB" or "1 GB"'


def parse(text: str) -> int | None:
    """Return bytes; None if `text` is no size."""
    match = _SIZE.fullmatch(text.strip())
    return round(float(match[1]) * _UNITS[match[2].lower()]) if match else None


def render(size: int) -> str:
    """Return the same in words: "1.5 MB"."""
    name, unit = next(
        ((name, unit) for name, unit in (("GB", 10**9), ("MB", 10**6)) if size >= unit),
        ("kB", 10**3),
    )
    return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"
