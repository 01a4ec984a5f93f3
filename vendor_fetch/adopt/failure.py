"""Name the project's own files in an error about apps.in, which is not written yet."""

import re

from bootstrapper.errors import BootstrapperError, InputError, WorkFailed
from bootstrapper.quoting import quoted
from bootstrapper.ve.standards.filename import InvalidFilename, canonical_name, parse_filename
from vendor_fetch.adopt.adoption import Adoption
from vendor_fetch.program import retry_command
from vendor_fetch.project.direct_reference import parse_line
from vendor_fetch.project.project import APPS_IN

# Packages that ended with Python 2, and those that continue them with the same code.
_SUCCESSORS = {
    "beautifulsoup": "beautifulsoup4",
    "mysql-python": "mysqlclient",
    "pil": "pillow",
    "pycrypto": "pycryptodome",
    "python-openid": "python3-openid",
}
_ABSENT = re.compile(r"the index has no package")
_LINE = re.compile(rf"{re.escape(str(APPS_IN))}:(\d+)")


def of_own_files(error: BootstrapperError, adoption: Adoption, apps_in: str) -> BootstrapperError:
    """Return the error of a sync with the places of the lines in the dependency files.

    `apps_in` is the content that apps.in would have. Other errors are returned as they are.
    """
    if str(APPS_IN) not in f"{error.where} {error.fault} {error.next_step}":
        return error
    places = dict(zip(adoption.lines, adoption.places, strict=True))
    lines = apps_in.splitlines()

    def own(match: re.Match[str]) -> str:
        number = int(match[1]) - 1
        return places.get(lines[number], match[0]) if number < len(lines) else match[0]

    where, fault = (_LINE.sub(own, text) for text in (error.where, error.fault))
    found = _LINE.search(f"{error.where} {error.fault}") or _LINE.search(error.next_step)
    line = lines[int(found[1]) - 1] if found and int(found[1]) <= len(lines) else ""
    own_place = places.get(line, "") or (adoption.places or ("",))[0]
    file = own_place.partition(":")[0]
    name = parse_line(line).name if line in places else _package_of(error.where)
    change = "change the requirement"
    if name in _SUCCESSORS:
        change = f"write {_SUCCESSORS[name]} for {name}"
    next_step = f"${{EDITOR:-vi}} {quoted(file)}  # {change}, then: {retry_command()}"
    # No version of a package that is not there would help, nor of one that has ended.
    if name in adoption.locked and name not in _SUCCESSORS and not _ABSENT.search(fault):
        next_step = f"{retry_command()} --relax {name}  # lets its version move; or change the line"
    kind = InputError if error.status == InputError.status else WorkFailed
    return kind(where.replace(str(APPS_IN), file), fault, next_step)


def _package_of(where: str) -> str:
    """Return the package that an error is about, from its name or its file's."""
    try:
        return parse_filename(where).name
    except InvalidFilename:
        return canonical_name(where)
