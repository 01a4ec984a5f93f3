"""Plan the files that a project needs to be vendored: new ones, and changes of its own."""

import codecs
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path, PurePosixPath

from bootstrapper.errors import InputError
from bootstrapper.quoting import quoted
from bootstrapper.ve.project.lockfile import APPS, SOURCE, TOOLS
from vendor_fetch.adopt.adoption import Adoption
from vendor_fetch.adopt.django_project import DjangoProject
from vendor_fetch.adopt.file_edit import FileEdit
from vendor_fetch.adopt.repository import is_ignored
from vendor_fetch.program import retry_command
from vendor_fetch.project.project import APPS_IN
from vendor_fetch.project.target import Target

CONSTRAINTS = APPS_IN.with_name("constraints.txt")
COOLDOWN = timedelta(days=7)
_EDITED = ("bootstrap.py", "pyproject.toml", ".gitattributes", ".gitignore")
# By PEP 263.
_ENCODING = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*[-_.a-zA-Z0-9]+")
_SHEBANG = b"#!ve/bin/python\n"
_ATTRIBUTES = (
    "# The hashes of vendored files are in requirements/*.txt, so git must not change a byte of them.\n"
    "requirements/src/* binary -diff -text -merge\n"
)
# Many a .gitignore has src/, where pip puts editable packages, or *.whl. A later line wins.
_NOT_IGNORED = (
    "# The vendored files are in git, whatever the lines above say.\n"
    "!/requirements/\n!/requirements/apps.*\n!/requirements/tools.txt\n"
    "!/requirements/adopted.json\n!/requirements/constraints.txt\n"
    "!/requirements/src/\n!/requirements/src/*\n"
)
_IGNORED = (
    "# ./bootstrap.py rebuilds ve/ from requirements/src/, which is in git.\n"
    "/ve/\n/.ve.*\n/.tools/\n/requirements/.vendoring/\n"
    "# The journal of pushes, and the values of secret settings.\n"
    "/.deploy/\n/deploy/secrets.env\n"
)


def plan_files(
    project: DjangoProject,
    adoption: Adoption,
    targets: Sequence[Target],
    server: Mapping[PurePosixPath, FileEdit],
    *,
    ignored: Sequence[str],
    own_wheel: str,
    bootstrap: bytes,
) -> dict[PurePosixPath, FileEdit]:
    """Return the files that change, with their new contents, by their paths in the project.

    `server` are the new files for the server, `ignored` the paths that git must ignore, `own_wheel`
    is the name of bootstrapper's wheel, and `bootstrap` the content of bootstrap.py.
    """
    root = project.root
    _refuse_link(root, Path(project.manage))
    git_ignore = (_NOT_IGNORED if _ignores_files(root, own_wheel) else "") + _IGNORED
    git_ignore += _machine_lines(ignored)
    pyproject = _pyproject(_read(root / "pyproject.toml"), root.name, targets)
    wanted = {
        APPS_IN: FileEdit(content=_apps_in(adoption, own_wheel).encode()),
        PurePosixPath("bootstrap.py"): FileEdit(content=bootstrap, executable=True),
        PurePosixPath("pyproject.toml"): FileEdit(content=pyproject.encode()),
        PurePosixPath(".gitattributes"): FileEdit(
            content=_with_lines(_read(root / ".gitattributes"), _ATTRIBUTES)
        ),
        PurePosixPath(".gitignore"): FileEdit(
            content=_with_lines(_read(root / ".gitignore"), git_ignore)
        ),
        PurePosixPath(project.manage): FileEdit(
            content=_with_shebang(_read(root / project.manage)), executable=True
        ),
    }
    wanted |= server
    if adoption.limits:
        lines = "".join(f"{line}\n" for line in adoption.limits)
        wanted[CONSTRAINTS] = FileEdit(content=lines.encode())
    return {path: edit for path, edit in wanted.items() if not _is_there(root / path, edit)}


def _machine_lines(ignored: Sequence[str]) -> str:
    if not ignored:
        return ""
    lines = "".join(f"/{path}\n" for path in ignored)
    return f"# Files of one machine: secrets, data, uploads, collected static files.\n{lines}"


def _ignores_files(root: Path, wheel: str) -> bool:
    """Return whether git ignores files in requirements/ that belong to the project."""
    archives = (SOURCE / wheel, SOURCE / "site-1.tar.gz")
    paths = (APPS_IN, APPS_IN.with_suffix(".txt"), APPS_IN.with_name("adopted.json"), *archives)
    return any(is_ignored(root, root / path) for path in paths)


def refuse_links(root: Path) -> None:
    """Raise InputError if a file that changes, or the directory of the new ones, is a link.

    The edit would replace the link, and the new files would be outside of the project.
    """
    directory = root / APPS_IN.parent
    for name in (*_EDITED, APPS_IN.parent, SOURCE, CONSTRAINTS, APPS, TOOLS):
        _refuse_link(root, Path(name))
    if directory.exists() and not directory.is_dir():
        raise InputError(
            str(APPS_IN.parent),
            "is a file, and init needs a directory of that name",
            f"mv {APPS_IN.parent} requirements.txt  # then: {retry_command()}",
        )


def _refuse_link(root: Path, name: Path) -> None:
    if (root / name).is_symlink():
        old, new = quoted(str(name)), quoted(f"{name}.new")
        raise InputError(
            str(name),
            "is a link, which init would replace or follow",
            f"cp -rL {old} {new} && rm {old} && mv {new} {old}  # then: {retry_command()}",
        )


def _apps_in(adoption: Adoption, own_wheel: str) -> str:
    lines = [
        "# The packages of the site, one requirement a line. After a change, run:",
        "# ve/bin/python -m vendor_fetch sync",
        *([f"-c {CONSTRAINTS.name}"] if adoption.limits else []),
        *adoption.lines,
        f"./{SOURCE / own_wheel}",
    ]
    return "".join(f"{line}\n" for line in lines)


def _pyproject(old: bytes, name: str, targets: Sequence[Target]) -> str:
    """Return a pyproject.toml with the targets, and with the Python of the ve if it has none."""
    text = old.decode("utf-8-sig")  # TOML has no byte order mark, so nothing else could read it
    content = tomllib.loads(text)
    parts = [text if not text or text.endswith("\n") else f"{text}\n"]
    if "project" not in content:
        slug = re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-") or "site"
        parts.append(
            f'[project]\nname = "{slug}"\nversion = "0"\n'
            f'# The Python of ve/.\nrequires-python = "=={targets[0].python}.*"\n'
        )
    if "vendor_fetch" not in content.get("tool", {}):
        lines = "".join(
            f'    {{ python = "{each.python}", platform = "{each.platform}" }},\n'
            for each in targets
        )
        parts.append(
            "[tool.vendor_fetch]\n"
            "# The Pythons and platforms that packages are vendored for.\n"
            f"targets = [\n{lines}]\n"
            "# How old a new version must be before it is vendored.\n"
            f'cooldown = "{COOLDOWN.days} days"\n'
        )
    return "\n".join(filter(None, parts))


def _with_lines(old: bytes, lines: str) -> bytes:
    """Return a file with the lines that it lacks at its end."""
    present = {line.strip() for line in old.decode("utf-8", "replace").splitlines()}
    missing = [line for line in lines.splitlines() if line.strip() not in present]
    if not [line for line in missing if not line.startswith("#")]:
        return old
    start = old if not old or old.endswith(b"\n") else old + b"\n"
    return start + "".join(f"{line}\n" for line in missing).encode()


def _with_shebang(old: bytes) -> bytes:
    """Return manage.py with the Python of ve/ in its first line.

    Its encoding may be declared in the first two lines (PEP 263), and stays there.
    """
    old = old.removeprefix(codecs.BOM_UTF8)  # allowed at the start only
    first, newline, rest = old.partition(b"\n")
    if first.startswith(b"#!"):
        return _SHEBANG + rest if newline else _SHEBANG
    second, end, others = rest.partition(b"\n")
    if _ENCODING.match(second) and not _ENCODING.match(first):
        return _SHEBANG + second + end + first + newline + others
    return _SHEBANG + old


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _is_there(path: Path, edit: FileEdit) -> bool:
    return (
        path.is_file()
        and path.read_bytes() == edit.content
        and (not edit.executable or bool(path.stat().st_mode & 0o100))
    )
