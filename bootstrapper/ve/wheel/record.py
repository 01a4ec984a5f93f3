"""RECORD, the list of a distribution's installed files, as pip writes it (PEP 376)."""

import base64
import csv
import hashlib
import io

# "sha256 or better" (wheel format). Like pip, ignore digests of other algorithms.
ALGORITHMS = ("sha256", "sha384", "sha512")


def format_record(rows: list[tuple[str, str, str]]) -> bytes:
    """Return the rows of a RECORD as CSV, as pip writes them."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def record_row(content: bytes) -> tuple[str, str]:
    """Return the digest and the size of a file, as RECORD has them."""
    return "sha256=" + encode_digest(hashlib.sha256(content).digest()), str(len(content))


def is_verifiable(recorded: str) -> tuple[str, str] | None:
    """Return the algorithm and digest of a RECORD field; None if the field verifies nothing."""
    algorithm, equals, value = recorded.partition("=")
    return (algorithm, value.rstrip("=")) if equals and algorithm in ALGORITHMS else None


def encode_digest(digest: bytes) -> str:
    """Return a digest as RECORD has it: URL-safe base64 without padding (PEP 376)."""
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
