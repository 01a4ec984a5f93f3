"""Secret values: from the environment, else from deploy/secrets.env, which git ignores.

    # NAME=value; quotes where a value begins or ends with a space, holds " #", or has more lines
    SENTRY_DSN=https://key@sentry.example.org/7
    export DATABASE_PASSWORD='nothing is $expanded'
    TLS_KEY="-----BEGIN PRIVATE KEY-----
    …
    -----END PRIVATE KEY-----"

Without quotes and in single ones the text is taken as it stands. In double quotes \\n is a newline,
and a backslash makes ", $, ` and itself plain. Only its owner may read the file.
"""

import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from bootstrapper.deploy.definition.deployment import Deployment
from bootstrapper.deploy.definition.problems import (
    DefinitionError,
    Problem,
    decode,
    definition_error,
)
from bootstrapper.deploy.definition.schema import InvalidValue
from bootstrapper.deploy.definition.setting import ADDRESS, CREDENTIALS, VARIABLE, check_text

FILE = "deploy/secrets.env"  # in a project

_TELLING = 6  # characters
_LONG = 8

_BLANK = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_NAME = re.compile(rf"[ \t]*(?:export[ \t]+)?({VARIABLE.pattern})=[ \t]*")
_SINGLE = re.compile(r"'([^']*)'")
_DOUBLE = re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)
_BARE = re.compile(r"((?![\"'])[^\n]*?)(?=[ \t]*(?:(?<=[ \t])#[^\n]*)?(?:\n|\Z))")
_ESCAPE = re.compile(r"\\([\"\\$`n])")


class Secrets(Mapping[str, str]):
    """Values by name, which no repr shows; `problems` are values that are missing or wrong."""

    def __init__(self, values: Mapping[str, str], problems: Iterable[Problem] = ()) -> None:
        self._values = dict(values)
        self.problems = list(problems)

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Secrets({', '.join(self)})"


def read(project: Path, deployment: Deployment, environ: Mapping[str, str]) -> Secrets:
    """Return the values of the deployment's secrets, of `environ` before those of the file.

    The file is not read for a deployment without secrets. What is wrong is in `problems`.
    """
    if not deployment.secrets:
        return Secrets({})
    problems: list[Problem] = []
    kept = _kept(project, problems)
    chosen = choose(
        deployment,
        {name: environ.get(name) or kept.get(name, "") for name in deployment.secrets},
        missing=f"the secret NAME has no value, neither in the environment nor in {FILE}",
        next_step=f"touch {FILE}; chmod 600 {FILE}; ${{EDITOR:-vi}} {FILE}  # add NAME=…",
    )
    return Secrets(chosen, [*problems, *chosen.problems])


def choose(
    deployment: Deployment, values: Mapping[str, str], *, missing: str, next_step: str = ""
) -> Secrets:
    """Return those of the values that are the deployment's secrets; each must have one.

    `missing` is the message about a secret without a value; NAME in the texts is its name.
    """
    sound: dict[str, str] = {}
    problems: list[Problem] = []

    def problem(name: str, text: str, next_step: str = "") -> None:
        line = deployment.lines.get(name, 0)
        problems.append(Problem(file=deployment.file, line=line, text=text, next_step=next_step))

    for name in deployment.secrets:
        value = values.get(name, "")
        try:
            check_text(value)
        except InvalidValue as error:
            problem(name, f"the value of the secret {name} can't be used: {error}")
            continue
        if value:
            sound[name] = value
        elif name not in deployment.invalid:
            problem(name, missing.replace("NAME", name), next_step.replace("NAME", name))
    return Secrets(sound, problems)


def warning(name: str, value: str) -> str:
    """Return a warning about a secret too short to be distinguished from ordinary text, or nothing."""
    if not value or len(value.strip()) >= _LONG:
        return ""
    return (
        f"the secret {name} has fewer than {_LONG} characters: ordinary output may hold it by "
        "chance and is then masked, and it can be guessed; a longer value is safer"
    )


def exposed(
    deployment: Deployment, values: Mapping[str, str], secrets: Mapping[str, str]
) -> list[Problem]:
    """Return settings and flags that hold a secret's value: pushes keep and show those."""
    if not secrets:
        return []
    from bootstrapper.deploy.masking.masker import SecretMasker  # most deployments need none

    # A shorter value may stand in another by chance.
    masking = SecretMasker(
        {name: value for name, value in secrets.items() if len(value) >= _TELLING}
    )
    return [
        Problem(
            file=deployment.file,
            line=deployment.lines.get(name, 0),
            text=f"{name} holds a secret's value ({masked}), and would show it: "
            + (CREDENTIALS if name == ADDRESS else "remove it; a recipe can combine the two"),
        )
        for name, value in values.items()
        if (masked := masking.mask(value)) != value
    ]


def _kept(project: Path, problems: list[Problem]) -> dict[str, str]:
    """Return the values of the file; one that other users can read is a problem."""
    path = project / FILE
    try:
        mode = path.stat().st_mode
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        problems.append(
            Problem(file=FILE, text=f"can't be read ({error.strerror})", next_step=f"ls -l {FILE}")
        )
        return {}
    if mode & 0o077:
        problems.append(
            Problem(
                file=FILE,
                text=f"others than its owner can read it (mode {mode & 0o777:o}), so it isn't used",
                next_step=f"chmod 600 {FILE}",
            )
        )
    if _is_tracked(project):
        problems.append(
            Problem(
                file=FILE,
                text="git tracks it, so everybody with the repository has its secrets",
                next_step=f"git rm --cached {FILE}; echo /{FILE} >> .gitignore  # then change the secrets",
            )
        )
    try:
        return parse(data)
    except DefinitionError as error:
        problems += error.problems
        return {}


def parse(data: bytes) -> dict[str, str]:
    """Return the values in the text of a secrets.env.

    Raise DefinitionError, which shows none of them, if the text is invalid.
    """
    text = decode(data, FILE).replace("\r\n", "\n")
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    problems: list[Problem] = []
    at = 0
    while at < len(text):
        line = text.count("\n", 0, at) + 1
        if match := _BLANK.match(text, at):
            at = match.end()
            continue
        name = _NAME.match(text, at)
        value = name and _value(text, name.end())
        rest = value and _BLANK.match(text, value[1])
        if name and value and rest:
            if name[1] in lines:
                problems.append(
                    Problem(
                        file=FILE,
                        line=line,
                        text=f"{name[1]} stands in line {lines[name[1]]} already",
                    )
                )
            lines[name[1]] = line
            values[name[1]] = value[0]
            at = rest.end()
            continue
        problem = (
            f"the quotes of {name[1]}'s value don't end, or more follows them"
            if name
            else ("is not NAME=value")
        )
        problems.append(Problem(file=FILE, line=line, text=problem))
        at = (text.find("\n", at) + 1) or len(text)
    if problems:
        raise definition_error(problems)
    return values


def _value(text: str, at: int) -> tuple[str, int] | None:
    """Return the value that begins at `at`, and where it ends."""
    if match := _DOUBLE.match(text, at):
        return _ESCAPE.sub(
            lambda escape: "\n" if escape[1] == "n" else escape[1], match[1]
        ), match.end()
    match = _SINGLE.match(text, at) or _BARE.match(text, at)
    return (match[1], match.end()) if match else None


def _is_tracked(project: Path) -> bool:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--", FILE], cwd=project, capture_output=True, check=False
        )
    except OSError:
        return False  # no git here: nothing is tracked
    return bool(listed.stdout.strip())
