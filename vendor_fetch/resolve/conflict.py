"""Explain why the requirements of apps.in have no solution, in lines that fit on a screen."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.standards.filename import parse_filename
from vendor_fetch.program import edit_and_sync
from vendor_fetch.project.apps_in import Request
from vendor_fetch.project.project import APPS_IN
from vendor_fetch.project.target import Target, named_targets
from vendor_fetch.resolve.derivation import Derivation
from vendor_fetch.resolve.floor import floor_for_platforms, floor_setting
from vendor_fetch.resolve.uv_failure import Unsatisfiable

# Lines of a message between its first one and its next command.
_MOST_LINES = 9
# Of more lines than these, not each is left out once to find those that conflict.
_MOST_TRIALS = 12

# Returns uv's explanation if requests have no solution for a target, otherwise an empty text.
Refused = Callable[[Sequence[Request], Target], str]


def explained(
    error: Unsatisfiable,
    requests: Sequence[Request],
    targets: Sequence[Target],
    refused: Refused,
) -> WorkFailed:
    """Return an error with the lines of apps.in that conflict, and the chain between them.

    The result is the error itself if its explanation names no line.
    """
    for target in targets:
        if output := refused(requests, target):
            break
    else:
        return error
    lines, output = _conflicting(requests, output, lambda some: refused(some, target))
    if not lines:
        return error
    failing = [each for each in targets if each == target or refused(lines, each)]
    explanation = _Explanation(lines, Derivation.of(output), target)
    suffix = named_targets(failing, targets)
    body = list(explanation.body())
    if len(body) > _MOST_LINES:
        body[_MOST_LINES - 1 :] = [f"… and {len(body) - _MOST_LINES + 1} more lines"]
    return WorkFailed(
        lines[0].line.place,
        "\n    ".join([explanation.title() + (f" (for {suffix})" if suffix else ""), *body]),
        explanation.next_step(),
    )


def _conflicting(
    requests: Sequence[Request], output: str, refused: Callable[[Sequence[Request]], str]
) -> tuple[list[Request], str]:
    """Return the fewest requests that conflict, and uv's explanation for them alone."""
    derivation = Derivation.of(output)
    lines = [
        each
        for each in requests
        if each.requirement.name
        in (
            # uv does not repeat that a line requires an address.
            derivation.mentioned
            if each.line.limits_only or each.requirement.url
            else derivation.required
        )
    ]
    if not lines or not (output := refused(lines) or output):
        return [], output
    if 2 < len(lines) <= _MOST_TRIALS:
        for request in list(lines):
            fewer = [each for each in lines if each is not request]
            if again := refused(fewer):
                lines, output = fewer, again
    return lines, output


class _Explanation:
    """The words for requests that conflict on a target."""

    def __init__(self, lines: Sequence[Request], derivation: Derivation, target: Target) -> None:
        self._lines = lines
        self._target = target
        self._derivation = derivation
        names = [each.requirement.name for each in lines]
        self._chains = {name: derivation.chain(name, names) for name in names}
        # What the chains lead to, where they do not only disagree.
        ends = {chain[-1].name if chain else name for name, chain in self._chains.items()}
        self._ends = [name for name in ends if name != "python"]

    def title(self) -> str:
        """Return what is wrong, for the first line."""
        for name in self._ends:
            if name in self._derivation.missing:
                return f"the index has no package {name}"
        if len(self._lines) == 1:
            return f"no version of {self._lines[0].requirement.name} can be used"
        return f"{_places(self._lines)} exclude each other"

    def body(self) -> Iterator[str]:
        """Yield the lines with their chains, and then what stands in the way."""
        for request in self._lines:
            chain = self._chains[request.requirement.name]
            yield " -> ".join(
                [
                    f"{request.line.place}: {request.requirement.text}",
                    *(_term(each.what) for each in chain),
                ]
            )
        for request in self._lines:
            for each in self._chains[request.requirement.name][-1:]:
                if each.name == "python":
                    yield (
                        f"{_term(each.who)} requires {each.what.replace('Python', 'Python ')}, "
                        f"the target has {self._target.python}"
                    )
        for name in self._ends:
            yield from self._obstacle(name)

    def _obstacle(self, name: str) -> Iterator[str]:
        derivation = self._derivation
        for request in self._lines:
            path = request.requirement.path
            if path and request.requirement.name == name:
                yield f"{request.line.place} has {name} {parse_filename(path.name).version}"
                return
        if who := derivation.without_wheel.get(name):
            has = ", ".join(derivation.tags.get(name, ())) or "other systems"
            yield f"{_term(who)} has no tarball, and wheels only for {has}"
        elif who := derivation.yanked.get(name):
            yield f"{_term(who)} was yanked by its authors"
        elif what := derivation.available.get(name):
            yield what

    def next_step(self) -> str:
        """Return the command that opens the file with the setting or the line to change."""
        line = self._lines[0].line
        change = f"change {_numbers(self._lines, 'or')}"
        for name in self._ends:
            if name in self._derivation.missing:
                change = (
                    f"correct {_numbers(self._lines, 'or')}, or configure pip or uv for an index "
                    "that has it"
                )
            if floor := self._floor(name):
                return edit_and_sync(
                    "pyproject.toml",
                    f"if every machine has it, write {floor} in targets; or {change} of {APPS_IN}",
                )
            if who := self._derivation.yanked.get(name):
                change = f"write {name}=={_version(who)}, which takes it; or {change}"
        if any(chain and chain[-1].name == "python" for chain in self._chains.values()):
            return edit_and_sync(
                "pyproject.toml",
                f"name a later Python in requires-python or targets; or {change} of {APPS_IN}",
            )
        return edit_and_sync(line.file, change)

    def _floor(self, name: str) -> str:
        """Return the setting with which the oldest of a package's wheels fits; empty for none."""
        floor = floor_for_platforms(self._derivation.tags.get(name, ()), self._target)
        if floor is None or floor <= self._target.oldest_system:
            return ""
        return (
            f'{{ python = "{self._target.python}", platform = "{self._target.platform}", '
            f"{floor_setting(self._target, floor)} }}"
        )


def _places(lines: Iterable[Request]) -> str:
    files = {each.line.file for each in lines}
    if len(files) == 1:
        return _numbers(lines)
    return " and ".join(each.line.place for each in lines)


def _numbers(lines: Iterable[Request], last: str = "and") -> str:
    numbers = list(dict.fromkeys(str(each.line.number) for each in lines))
    plural = "s" if numbers[1:] and last == "and" else ""
    return (
        f"line{plural} {', '.join(numbers[:-1])}{f' {last} ' if numbers[1:] else ''}{numbers[-1]}"
    )


def _term(text: str) -> str:
    return text.removeprefix("all versions of ")


def _version(text: str) -> str:
    return re.split(r"[<>=!~]=?", text)[-1]
