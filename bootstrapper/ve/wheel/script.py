"""The scripts in a ve's bin/: shebangs and entry points, to the byte as pip writes them."""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

# The kernel reads no more of a first line than this on Linux before 5.1, NUL included; pip
# (distlib) draws the line there.
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
    """A script to be generated: `name` calls `attribute` of `module`."""

    name: str
    module: str
    attribute: str


def shebang(python: str) -> bytes:
    """The first line of a script for `python`, an absolute path.

    A path with a space, or one too long for the kernel, goes through /bin/sh: the three lines
    are at once a shell script that executes Python, and a string to Python.
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
    """The script that calls an entry point, without its shebang."""
    return _ENTRY_POINT.format(
        module=script.module, attribute=script.attribute, name=script.attribute.partition(".")[0]
    ).encode()


def wants_interpreter(content: bytes) -> bool:
    """Whether a script of a wheel's .data/scripts begins with `#!python` (PEP 427)."""
    return content.startswith(b"#!python")


def without_shebang(content: bytes) -> bytes:
    """The script without its first line, all of which is replaced."""
    return content.partition(b"\n")[2]


def versioned(scripts: Iterable[EntryPoint], version: tuple[int, int]) -> list[EntryPoint]:
    """Entry points with pip's and easy_install's version numbers made those of this Python.

    Their wheels are built by one Python and carry its number; pip corrects that, and so do we.
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
    """Whether a file in .data/scripts is setuptools' own wrapper of an entry point.

    Those are left out: the entry point is generated instead (as pip does).
    """
    stem = re.sub(r"(\.exe|-script\.py|\.pya)$", "", name, flags=re.IGNORECASE)
    return any(stem == script.name for script in scripts)
