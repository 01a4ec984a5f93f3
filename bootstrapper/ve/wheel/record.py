"""RECORD: the rows that say what a distribution installed, as pip writes them (PEP 376)."""

import base64
import csv
import hashlib
import io

# "sha256 or better" (the wheel format); of a row with any other, pip verifies nothing either.
ALGORITHMS = ("sha256", "sha384", "sha512")


def format_record(rows: list[tuple[str, str, str]]) -> bytes:
    """Rows of a RECORD as pip writes them."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def record_row(content: bytes) -> tuple[str, str]:
    """What RECORD says of a file: digest and size."""
    return "sha256=" + encode_digest(hashlib.sha256(content).digest()), str(len(content))


def is_verifiable(recorded: str) -> tuple[str, str] | None:
    """The algorithm and the digest of a row; None for a row that verifies nothing."""
    algorithm, equals, value = recorded.partition("=")
    return (algorithm, value.rstrip("=")) if equals and algorithm in ALGORITHMS else None


def encode_digest(digest: bytes) -> str:
    """A digest as RECORD has it: URL-safe base64 without padding (PEP 376)."""
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
