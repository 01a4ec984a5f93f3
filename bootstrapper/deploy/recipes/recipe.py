"""Parse a recipe: one file that does one step of a push, with all its input in the environment.

    # Clones REPOSITORY into CHECKOUT_DIR at exactly the commit that is pushed.
    #
    # needs: REPOSITORY
    # resolves: git
    git clone …

The leading comment (after a shebang) describes the recipe; a Python recipe may use its docstring.
The comment lines before the first line of code may hold marks (MARKS below), each alone in its
line. `NAME.sh` without a shebang runs as `bash -eo pipefail`, `NAME.py` without one runs in Python
with a global `self` (see python_stage). A file with a shebang runs as the program that it is.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from bootstrapper.deploy.definition.problems import Problem, decode, definition_error
from bootstrapper.deploy.definition.setting import VARIABLE
from bootstrapper.quoting import quoted

SHELL, PYTHON, EXECUTABLE = "shell", "python", "program"
SUFFIXES = {".sh": SHELL, ".py": PYTHON}


_NEEDS = re.compile(r"needs:(.*)", re.IGNORECASE)
_RESOLVES = re.compile(r"resolves:(.*)", re.IGNORECASE)
# What a comment line can say about a recipe; docs/reference.md prints this table.
MARKS = {
    "needs: NAME NAME": "settings that the recipe cannot run without. A push that lacks one does "
    "not start. A recipe may have several of these lines",
    "per-host": "the stage runs on each of `REMOTE_HOSTS`, at the same time. Without this mark it "
    "runs once",
    "switches": "after this stage the new release is live. `on_failure` is about failures from "
    "here on",
    "from-release": "the stage needs `releases/$RELEASE` and no checkout, so a fast rollback can "
    "begin with it",
    "hides": "from this stage on, visitors see a maintenance page instead of the site",
    "shows": "after this stage, visitors see the site again",
    "resolves: git": "the recipe fetches `REPOSITORY` with git, so the engine asks git for the "
    "commit before the push starts",
}
_MARKS = frozenset(mark for mark in MARKS if ":" not in mark)
_EDITORS = re.compile(r"-\*-.*-\*-|coding[:=]|vim?:|shellcheck ")  # comments for a program
_COMMENT = re.compile(r"(?:[ \t\r]*(?:#[^\n]*)?(?:\n|\Z))*")
_DOCSTRING = re.compile(r'[rRuU]?("""|\'\'\'|"|\')(.*?)\1', re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """`language` is "shell", "python" or "program" (with a shebang).

    `origin` is "cookbook", or the file below the project's directory; `path` is None in the first
    case. `shipped` recipes come with the engine. `suffix` is the extension of the file, with the
    dot; `resolves` is "git" or empty.
    """

    name: str
    language: str
    code: str = field(repr=False)
    description: str = ""
    needs: tuple[str, ...] = ()
    per_host: bool = False
    switches: bool = False
    from_release: bool = False
    hides: bool = False
    shows: bool = False
    resolves: str = ""
    suffix: str = ".sh"
    path: Path | None = None
    origin: str = "cookbook"
    shipped: bool = False

    @property
    def summary(self) -> str:
        """The description's first sentence, in one line."""
        paragraph = " ".join(self.description.partition("\n\n")[0].split())
        return re.split(r"(?<=[.!?:;])\s+(?=[A-Z(])", paragraph, maxsplit=1)[0].rstrip(":;")


def parse(name: str, suffix: str, data: bytes, *, file: str, path: Path | None = None) -> Recipe:
    """Return the recipe that a file holds. Raise DefinitionError; `file` is how messages call it."""
    code = decode(data, file, encoding="utf-8", next_step=f"file {quoted(file)}")
    problems = []
    if code.startswith("\ufeff"):
        problems.append(
            Problem(
                file=file,
                line=1,
                text="begins with a byte order mark, which no shell takes",
                next_step=f"sed -i '1s/^\\xEF\\xBB\\xBF//' {quoted(file)}",
            )
        )
    if "\0" in code:
        problems.append(Problem(file=file, text="holds a NUL, so it is no text"))
    shebang = code.startswith("#!")
    language = EXECUTABLE if shebang else SUFFIXES.get(suffix, "")
    if not language:
        problems.append(
            Problem(
                file=file, text="has no shebang (#!…) in its first line, nor is it a .sh or .py"
            )
        )
    if "\r\n" in code and (suffix == ".sh" or shebang):
        # bash takes the carriage return for a part of the line's last word.
        line = code.count("\n", 0, code.index("\r\n")) + 1
        problems.append(
            Problem(
                file=file,
                line=line,
                text="ends its lines as Windows does (CR LF)",
                next_step=f"sed -i 's/\\r$//' {quoted(file)}",
            )
        )
    comment, docstring = _leading(code, python=suffix == ".py")
    description: list[str] = []
    needs: list[str] = []
    marks: set[str] = set()
    resolves = ""
    for number, text in comment:
        if match := _NEEDS.fullmatch(text):
            for word in match[1].replace(",", " ").split():
                if not VARIABLE.fullmatch(word):
                    problems.append(
                        _in_line(
                            file,
                            code,
                            number,
                            word,
                            f'needs: "{word}" can\'t be the name of a setting',
                        )
                    )
                needs.append(word)
        elif match := _RESOLVES.fullmatch(text):
            resolves = match[1].strip()
            if resolves != "git":
                problems.append(
                    _in_line(
                        file,
                        code,
                        number,
                        resolves,
                        f'resolves: "{resolves}" is unknown; it may be "git"',
                    )
                )
        elif text in _MARKS:
            marks.add(text)
        elif not _EDITORS.match(text):
            description.append(text)
    if problems:
        raise definition_error(problems)
    return Recipe(
        name=name,
        language=language,
        code=code,
        suffix=suffix,
        path=path,
        origin=file if path else "cookbook",
        description=docstring or "\n".join(description).strip(),
        needs=tuple(dict.fromkeys(needs)),
        per_host="per-host" in marks,
        switches="switches" in marks,
        from_release="from-release" in marks,
        hides="hides" in marks,
        shows="shows" in marks,
        resolves=resolves,
    )


def _in_line(file: str, code: str, line: int, word: str, text: str) -> Problem:
    """Return the problem of a word in a line of the recipe."""
    source = code.split("\n")[line - 1]
    return Problem(file=file, line=line, column=source.find(word) + 1, source=source, text=text)


def is_mark(text: str) -> bool:
    """Return whether a comment of that text is a mark, or says what the recipe needs."""
    return text in _MARKS or bool(_NEEDS.fullmatch(text) or _RESOLVES.fullmatch(text))


def _leading(code: str, *, python: bool) -> tuple[list[tuple[int, str]], str]:
    """Return the comment lines before the first line of code, with their numbers (an empty line stands
    between two blocks), and the docstring among them, which Python 2 may have written as well.
    """
    end = _comment_end(code, 0)
    comment = _comment(code, 0, end)
    match = _DOCSTRING.match(code, end) if python else None
    if not match:
        return comment, ""
    comment += _comment(code, match.end(), _comment_end(code, match.end()))
    return comment, "\n".join(line.strip() for line in match[2].strip().splitlines())


def _comment_end(code: str, start: int) -> int:
    match = _COMMENT.match(code, start)
    return match.end() if match else start


def _comment(code: str, start: int, end: int) -> list[tuple[int, str]]:
    first = code.count("\n", 0, start) + 1
    return [
        (number, line.strip().lstrip("#").strip())
        for number, line in enumerate(code[start:end].split("\n"), first)
        if not line.startswith("#!")
    ]
