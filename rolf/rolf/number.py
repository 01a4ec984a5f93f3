"""Numbers that addresses and forms have."""

DIGITS = 15  # as far as every database counts, and every browser's script


def number_of(text, otherwise=None):
    """Return the number that a text is, or `otherwise` if it is none; None is no text."""
    text = text or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= DIGITS else otherwise
