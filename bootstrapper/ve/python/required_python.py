"""The Pythons that `requires-python` allows, as versions of two numbers."""

import re

from bootstrapper.ve.python.interpreter import OLDEST
from bootstrapper.ve.standards.version import Version, matches

# Beyond these nothing will be released for decades.
LATEST_MINOR = LATEST_MICRO = 99


def allowed_pythons(required: str) -> dict[str, int]:
    """Each Python that a ve can be made of and that is allowed, with its first micro version.

    `>=3.12.4,<3.14` is `{"3.12": 4, "3.13": 0}`; empty if none is.
    """
    numbers = [int(each) for each in re.findall(r"\.(\d{1,2})(?!\d)", required)]
    # A comparison changes its answer at its own number and at the next.
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
