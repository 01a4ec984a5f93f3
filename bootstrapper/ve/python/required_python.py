"""The Python versions that `requires-python` allows."""

import re

from bootstrapper.ve.python.interpreter import LATEST_MINOR, OLDEST
from bootstrapper.ve.standards.version import Version, matches

LATEST_MICRO = 99  # Python will not release higher numbers


def allowed_pythons(required: str) -> dict[str, int]:
    """Return each allowed Python that a virtualenv can use, with its first allowed micro version.

    `>=3.12.4,<3.14` gives `{"3.12": 4, "3.13": 0}`. The result is empty if no Python is allowed.
    """
    numbers = [int(each) for each in re.findall(r"\.(\d{1,2})(?!\d)", required)]
    # A comparison can change its result only at its own number and at the next.
    micros = sorted({0, LATEST_MICRO, *numbers, *(number + 1 for number in numbers)})
    found: dict[str, int] = {}
    for minor in range(OLDEST[1], LATEST_MINOR + 1):
        name = f"{OLDEST[0]}.{minor}"
        micro = next(
            (micro for micro in micros if matches(Version(f"{name}.{micro}"), required)), None
        )
        if micro is not None:
            found[name] = micro
    return found
