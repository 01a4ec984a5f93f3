"""Labels: what a deployment asks of its workers, such as the network that they are in."""

import re

from django.core.exceptions import ValidationError

_LABEL = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
LONGEST = 200  # characters of all labels


def check_labels(text):
    """Return labels in order and once each, with a space between two. Raise ValidationError."""
    labels = sorted(set(text.replace(",", " ").split()))
    for label in labels:
        if not _LABEL.fullmatch(label):
            raise ValidationError(
                f"{label} is not a label. A label has lower-case letters, digits, dots, hyphens "
                "and underscores, and begins with a letter or digit."
            )
    joined = " ".join(labels)
    if len(joined) > LONGEST:
        raise ValidationError(f"The labels have {len(joined)} characters. The limit is {LONGEST}.")
    return joined
