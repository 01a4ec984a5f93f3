"""The cookbook of 2010, a CSV file, as recipes of a project.

Its rows are name, language (`shell` or `python`), code and description, as that Rolf's
`dump_cookbook` wrote them: no header line, an empty line at the end. UTF-8, else Latin-1.

What ran there runs here unchanged: a shell recipe without a shebang was run as plain `#!/bin/bash`,
which goes on after a command that fails; it gets that line. Its directory was also called CWD.
Python recipes have had `self`, and have it here (python_stage). Code that came through a page's
form has a carriage return at each line's end, which is taken away.
"""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from bootstrapper.deploy.definition.problems import DefinitionError, Problem, definition_error
from bootstrapper.deploy.definition.setting import ENGINE, PROCESS
from bootstrapper.deploy.recipes import recipe
from bootstrapper.spelling import did_you_mean

_SUFFIXES = {"shell": ".sh", "python": ".py"}
_HEADER = ["name", "language", "code", "description"]
_SETTING = re.compile(r"\.setting\(\s*[ur]?(['\"])([A-Za-z_]\w*)\1\s*\)")
_SAVED_TAG = re.compile(r"rollback_url\s*=\s*['\"]([^'\"%{]+)[%{]")
_LONGEST = 200  # bytes of a file's name: most file systems take 255


@dataclass(frozen=True, kw_only=True)
class ImportedRecipe:
    """A recipe from a row of the CSV file; `row` and `line`, where it begins, count from 1.

    `name`, `code` and `description` are the row's own, with newlines as Unix has them.
    """

    row: int
    line: int
    name: str
    file: str
    text: str
    code: str = ""
    description: str = ""

    @property
    def renamed(self) -> bool:
        """Whether the row's name can't be a file's."""
        return Path(self.file).stem != self.name


def read(path: Path, *, check_name: Callable[[str], str] | None = None) -> list[ImportedRecipe]:
    """Return the rows of the file. Raise DefinitionError, which names every row that can't be a recipe.

    With `check_name` names stay as they are: it says what is wrong with one, "" if nothing is.
    """
    problems: list[Problem] = []
    recipes: dict[str, ImportedRecipe] = {}
    for number, line, row in _rows(path):

        def fault(text: str, line: int = line) -> None:
            problems.append(Problem(file=str(path), line=line, text=text))

        if len(row) != len(_HEADER):
            fault(
                f"row {number} has {len(row)} column{'s' if len(row) != 1 else ''}, not name, "
                "language, code and description"
            )
            continue
        name, language, code, description = (_unix(cell) for cell in row)
        stem = name.strip() if check_name else _file_stem(name)
        if not stem:
            fault(f"row {number} has no name")
            continue
        if wrong := check_name(stem) if check_name else "":
            fault(f'row {number} ("{name}"): {wrong}')
        if language.strip() not in _SUFFIXES:
            fault(
                f'row {number} ("{name}"): the language "{language}" is neither shell nor '
                f"python{did_you_mean(language, _SUFFIXES)}"
            )
            continue
        if stem in recipes:
            fault(f'row {number} ("{name}"): row {recipes[stem].row} has the same name')
            continue
        suffix = _SUFFIXES[language.strip()]
        text = (_shell if suffix == ".sh" else _python)(code, description, path.name)
        try:
            recipe.parse(stem, suffix, text.encode(), file=str(path))
        except DefinitionError as error:
            for each in error.problems:
                fault(f'row {number} ("{name}"): {each.text}')
        recipes[stem] = ImportedRecipe(
            row=number,
            line=line,
            name=name,
            file=stem + suffix,
            text=text,
            code=code,
            description=description,
        )
    if problems:
        raise definition_error(problems)
    return list(recipes.values())


def saved_tag_that_nobody_makes(row: ImportedRecipe, rows: Sequence[ImportedRecipe]) -> str:
    """How the tag begins that the recipe keeps for a rollback, if no other recipe has that word.

    A cookbook of 2010 tagged one name and saved another, so that no rollback found its tag.
    """
    match = _SAVED_TAG.search(row.text)
    if not match or any(match[1] in other.text for other in rows if other is not row):
        return ""
    return match[1]


def _rows(path: Path) -> Iterator[tuple[int, int, list[str]]]:
    """Yield each row with its number, and the line that it begins in."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))  # else no more than 128 KiB
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    number, line = 0, 1
    try:
        for number, row in enumerate(reader, 1):
            if any(cell.strip() for cell in row) and (
                number > 1 or [cell.strip().casefold() for cell in row] != _HEADER
            ):
                yield number, line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise definition_error(
            [
                Problem(
                    file=str(path),
                    line=reader.line_num,
                    text=f"row {number + 1} is no CSV: {error}",
                )
            ]
        ) from None


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n")


def _file_stem(name: str) -> str:
    """Return the name as a file may have it, empty if no letter of it is left."""
    stem = re.sub(r"[/\x00-\x1f\x7f]", "-", name.strip()).lstrip(".")
    return stem.encode()[:_LONGEST].decode("utf-8", "ignore").strip()


def _shell(code: str, description: str, source: str) -> str:
    shebang, code = _split_shebang(code)
    bash = not shebang or re.search(r"\b(ba|da|k|z)?sh\b", shebang) is not None
    variables = used_variables(code) if bash else []
    remark = f"Imported from {source}" + (
        "."
        if shebang
        else ": plain bash, which goes on after a command that fails, as it did there."
    )
    first = ['export CWD="$CHECKOUT_DIR"'] if "CWD" in variables else []
    return _file(shebang or "#!/bin/bash", description, variables, remark, first, code)


def _python(code: str, description: str, source: str) -> str:
    return _file(
        "",
        description,
        [match[2] for match in _SETTING.finditer(code)],
        f"Imported from {source}.",
        [],
        code,
    )


def _file(
    shebang: str,
    description: str,
    variables: Sequence[str],
    remark: str,
    first: Sequence[str],
    code: str,
) -> str:
    lines = [_harmless(line) for line in description.strip().split("\n") if description.strip()]
    needs = [name for name in dict.fromkeys(variables) if name not in {*ENGINE, *PROCESS, "CWD"}]
    blocks = [lines, [remark], [f"needs: {' '.join(needs)}"] if needs else []]
    comment = "#\n".join(
        "".join(f"# {line}".rstrip() + "\n" for line in block) for block in blocks if block
    )
    head = f"{shebang}\n{comment}" if shebang else comment
    return f"{head}\n" + "".join(f"{line}\n" for line in first) + code.rstrip("\n") + "\n"


def _harmless(line: str) -> str:
    """Return a line of a description which would be read as a mark, as none."""
    return f"({line.strip()})" if recipe.is_mark(line.strip()) else line


def _split_shebang(code: str) -> tuple[str, str]:
    if not code.startswith("#!"):
        return "", code
    shebang, _, rest = code.partition("\n")
    return shebang, rest


# bash(1), "Shell Variables", and what login(1) sets.
_OF_BASH = """
_ BASH BASHOPTS BASHPID BASH_ARGC BASH_ARGV BASH_COMMAND BASH_ENV BASH_LINENO BASH_REMATCH
BASH_SOURCE BASH_SUBSHELL BASH_VERSINFO BASH_VERSION COLUMNS COMP_WORDS DIRSTACK EPOCHREALTIME
EPOCHSECONDS EUID FUNCNAME GROUPS HISTFILE HOSTNAME HOSTTYPE IFS LC_ALL LINENO LINES LOGNAME
MACHTYPE MAPFILE OLDPWD OPTARG OPTERR OPTIND OSTYPE PIPESTATUS POSIXLY_CORRECT PPID PS4 PWD
RANDOM REPLY SECONDS SHELL SHELLOPTS SHLVL SRANDOM TERM TMPDIR UID
"""
_BASH = frozenset(_OF_BASH.split())

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_USE = re.compile(rf"\$(?:({_NAME})|\{{({_NAME})(?!:?[-=+])[^A-Za-z0-9_])")
_SET = re.compile(
    rf"(?:^|[\s;&|({{`])(?:({_NAME})\+?=|(?:for|select)\s+({_NAME})\s"
    rf"|(?:read|mapfile|readarray)\s+(?:-\S+\s+)*((?:{_NAME}[ \t]*)+)"
    rf"|printf\s+-v\s+({_NAME}))",
    re.MULTILINE,
)
_EMPTY = re.compile(
    rf"-[nz]\s+\"?\$\{{?({_NAME})\}}?"
    rf"|\[\s+\"?\$\{{?({_NAME})\}}?\"?\s+\]"
    rf"|[\"x]\$\{{?({_NAME})\}}?\"?\s+!?==?\s+(?:\"\"|''|x|\"?1\"?)(?=[\s\]])"
)
_UNQUOTED = re.compile(
    r"\\."  # a character made plain
    r"|'[^']*'"
    r"|(?:(?<=[\s;&|()])|^)#[^\n]*"
    r'|"(?:\\.|[^"\\])*"'
    r"|.",
    re.DOTALL | re.MULTILINE,
)


def used_variables(code: str) -> list[str]:
    """Their names, in the order in which they come up."""
    plain = "".join(_without_text(match[0]) for match in _UNQUOTED.finditer(code))
    exempt = {
        name
        for pattern in (_SET, _EMPTY)
        for match in pattern.finditer(plain)
        for group in match.groups()
        if group
        for name in group.split()
    }
    names = (match[1] or match[2] for match in _USE.finditer(plain))
    return [name for name in dict.fromkeys(names) if name not in exempt | _BASH]


def _without_text(piece: str) -> str:
    """Return a piece of the code, without what isn't for this shell."""
    if piece.startswith(("\\", "#")):
        return "  " if piece != "\\\n" else piece
    if piece.startswith("'"):
        return "''"
    return re.sub(r"\\.", "  ", piece, flags=re.DOTALL) if piece.startswith('"') else piece
