"""Scripts in bin/: shebangs and entry points, byte for byte as pip writes them."""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

# Linux before 5.1 reads no more than this of a first line, including a NUL; pip (distlib) has the
# same limit.
LONGEST_SHEBANG = 127

_ENTRY_POINT = """\
import sys
from {module} import {name}
if __name__ == '__main__':
    sys.argv[0] = sys.argv[0].removesuffix('.exe')
    sys.exit({attribute}())
"""


@dataclass(frozen=True, kw_only=True)
class EntryPoint:
    """A script to generate: `name` calls `attribute` of `module`."""

    name: str
    module: str
    attribute: str


def shebang(python: str) -> bytes:
    """Return the first line of a script for the interpreter `python`, an absolute path.

    If the path has a space or is too long for the kernel, return three lines that are both a shell
    script, which executes Python, and a Python string.
    """
    spaced = any(blank in python for blank in " \t")
    line = b"#!" + python.encode() + b"\n"
    if not spaced and len(line) <= LONGEST_SHEBANG:
        return line
    if any(special in python for special in '"$`\\'):
        word = shlex.quote(python)
    else:
        word = f'"{python}"' if spaced else python  # as distlib does
    return b"#!/bin/sh\n'''exec' " + word.encode() + b' "$0" "$@"\n' + b"' '''\n"


def entry_point(script: EntryPoint) -> bytes:
    """Return the script that calls an entry point, without its shebang."""
    return _ENTRY_POINT.format(
        module=script.module, attribute=script.attribute, name=script.attribute.partition(".")[0]
    ).encode()


def wants_interpreter(content: bytes) -> bool:
    """Return whether a script of .data/scripts begins with `#!python` (PEP 427)."""
    return content.startswith(b"#!python")


def without_shebang(content: bytes) -> bytes:
    """Return a script without its first line."""
    return content.partition(b"\n")[2]


def versioned(scripts: Iterable[EntryPoint], version: tuple[int, int]) -> list[EntryPoint]:
    """Return the entry points with the version numbers of pip and easy_install corrected.

    Their wheels carry the number of the Python that built them. pip replaces it with that of the
    installing Python, and so does this function.
    """
    numbers = {
        "pip": [f"{{}}{version[0]}", f"{{}}{version[0]}.{version[1]}"],
        "easy_install": [f"{{}}-{version[0]}.{version[1]}"],
    }
    found = list(scripts)
    result = []
    for script in found:
        base = re.sub(r"(?<=pip)\d+(\.\d+)?$|(?<=easy_install)-\d+\.\d+$", "", script.name)
        if base in numbers and base != script.name and any(each.name == base for each in found):
            continue
        names = [script.name, *(form.format(base) for form in numbers.get(script.name, []))]
        result += [
            EntryPoint(name=name, module=script.module, attribute=script.attribute)
            for name in names
        ]
    return result


def wraps_entry_point(name: str, scripts: Iterable[EntryPoint]) -> bool:
    """Return whether a file of .data/scripts is a wrapper that setuptools wrote for an entry point.

    Like pip, the rebuild leaves such wrappers out and generates the entry point.
    """
    stem = re.sub(r"(\.exe|-script\.py|\.pya)$", "", name, flags=re.IGNORECASE)
    return any(stem == script.name for script in scripts)
