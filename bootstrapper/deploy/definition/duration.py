"""Durations as people write them: "90s", "15m", "1h30m"."""

import re

_UNITS = {"h": 3600, "m": 60, "s": 1}
_DURATION = re.compile(r"(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)
EXAMPLES = '"90s", "15m" or "1h30m"'


def parse(text: str) -> float | None:
    """Seconds, more than none; None if `text` is no duration."""
    match = _DURATION.fullmatch(text.replace(" ", ""))
    if not match:
        return None
    seconds = sum(
        int(number or 0) * unit
        for number, unit in zip(match.groups(), _UNITS.values(), strict=True)
    )
    return float(seconds) or None


def render(seconds: float) -> str:
    """Return the same in words: "1h30m", "15m", "90s" is "1m30s"."""
    rest = round(seconds)
    words = []
    for unit, size in _UNITS.items():
        number, rest = divmod(rest, size)
        if number:
            words.append(f"{number}{unit}")
    return "".join(words) or "0s"
