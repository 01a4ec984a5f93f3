"""Read who published a file, as the index states it (PEP 740). No signature is verified."""

import json
from collections.abc import Mapping

from bootstrapper.plain_text import single_line
from vendor_fetch.download.project_page import ConfiguredIndexes, Unanswered

JSON = "application/vnd.pypi.integrity.v1+json, application/json"
# A bundle has a certificate and a few signatures.
LARGEST = 16 << 20
# What identifies a publisher of each kind: a repository, a person or an account.
_IDENTITIES = ("repository", "email", "organization", "project", "sub")


def publisher_at(address: str, indexes: ConfiguredIndexes) -> str:
    """Return the publisher of the provenance at an address. Raise Unanswered."""
    content = indexes.get(address, JSON, LARGEST)
    if content is None:
        raise Unanswered("the index names it and does not have it")
    return read_publisher(content)


def read_publisher(content: bytes) -> str:
    """Return the publisher in a provenance, such as "GitHub example/django".

    The workflow is left out: projects rename it. Raise Unanswered for something else.
    """
    try:
        bundles = json.loads(content)["attestation_bundles"]
        return " and ".join(sorted({_name(bundle["publisher"]) for bundle in bundles}))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Unanswered("it is no provenance (PEP 740)") from None


def _name(publisher: Mapping[str, object]) -> str:
    identity = next((str(publisher[key]) for key in _IDENTITIES if publisher.get(key)), "")
    return single_line(f"{publisher['kind']} {identity}").strip()
