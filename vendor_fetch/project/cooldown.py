"""Read `cooldown` in [tool.vendor_fetch]: how old a new release must be before it is vendored."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from vendor_fetch.project.pyproject import setting_error

_AGE = re.compile(r"(?P<number>\d{1,4}) *(?P<unit>hour|day|week)s?")
_EXAMPLE = 'cooldown = "7 days"'


def read_cooldown(directory: Path, value: Any) -> timedelta:
    """Return the time of a text such as "7 days". Raise InputError for another value."""
    match = _AGE.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        raise setting_error(
            directory,
            "cooldown",
            f'cooldown is {value!r}, not a time such as "7 days", "12 hours" or "2 weeks"',
            _EXAMPLE,
        )
    return timedelta(**{f"{match['unit']}s": int(match["number"])})
