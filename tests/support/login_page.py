"""The configurations that docs/rolf-login.md shows, with the addresses of a test's own servers."""

from pathlib import Path

from tests.support.ldap import Ldap
from tests.support.markdown import blocks

PAGE = Path(__file__).resolve().parents[2] / "docs" / "rolf-login.md"


def block(section: str, first: str) -> str:
    """Return the block of a section that begins with `first`."""
    text = PAGE.read_text()
    begin = text.index(f"\n{section}\n")
    level = section.partition(" ")[0]
    rest = text[begin + 1 :]
    end = rest.find(f"\n{level} ", 1)
    section_text = rest[: end if end > 0 else None]
    [found] = [each.text for each in blocks(section_text) if each.text.startswith(first)]
    return found


def at(directory: Ldap, text: str) -> str:
    """Return the text with the addresses of a test's directory."""
    return text.replace("ldaps://ldap.example.org", directory.uri)
