"""Name the project's own files in an error about apps.in, which is not written yet."""

import re

from bootstrapper.errors import BootstrapperError, InputError, WorkFailed
from bootstrapper.quoting import quoted
from vendor_fetch.adopt.adoption import Adoption
from vendor_fetch.program import retry_command
from vendor_fetch.project.direct_reference import parse_line
from vendor_fetch.project.project import APPS_IN

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
    found = _LINE.search(f"{error.where} {error.fault}")
    line = lines[int(found[1]) - 1] if found and int(found[1]) <= len(lines) else ""
    own_place = places.get(line, "") or (adoption.places or ("",))[0]
    file = own_place.partition(":")[0]
    next_step = f"${{EDITOR:-vi}} {quoted(file)}  # change the requirement, then: {retry_command()}"
    name = parse_line(line).name if line in places else ""
    if name in adoption.locked:
        next_step = f"{retry_command()} --relax {name}  # lets its version move; or change the line"
    kind = InputError if error.status == InputError.status else WorkFailed
    return kind(where.replace(str(APPS_IN), file), fault, next_step)
