"""List what a deployment needs of the settings of a project, with the lines to add."""

import ast
import os.path
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vendor_fetch.adopt.django_project import DjangoProject
from vendor_fetch.adopt.found_settings import allowed_hosts, place_of
from vendor_fetch.adopt.path_expression import text_of
from vendor_fetch.adopt.settings_module import parsed
from vendor_fetch.adopt.shared_paths import ENV_FILE
from vendor_fetch.adopt.site import Answers

# What projects call the directory that their paths start at.
_ROOTS = ("BASE_DIR", "ROOT_DIR", "PROJECT_ROOT", "PROJECT_DIR", "SITE_ROOT", "BASE_PATH", "BASE")
_READING = ("environ", "getenv", "env", "config")


@dataclass(frozen=True, kw_only=True)
class Need:
    """What a deployment needs: the file, the reason, and the lines to add there; none if it is a note."""

    file: str
    why: str
    lines: tuple[str, ...] = ()


def settings_needs(project: DjangoProject, answers: Answers) -> Iterator[Need]:
    """Yield what the settings of a project lack."""
    if not project.assigned.file:
        return
    file = str(project.assigned.file.relative_to(project.root))
    yield from _static_root(project, answers, file)
    yield from _media_root(project, file)
    yield from _allowed_hosts(project, answers["domain"].value, file)
    yield from _debug(project, file)
    yield from _secret_key(project, file)
    if ENV_FILE in answers["shared_paths"].value.split():
        yield _env_file(project, answers)
    login, at, _ = answers["remote_host"].value.rpartition("@")
    user = answers["deploy_user"].value
    if at and login != user:
        yield Need(
            file="deploy/deployments.toml",
            why=f"pushes log in as {login}, and the site runs as {user}, which can't read "
            f"shared/{ENV_FILE} of {login}; one user for both is simplest: --set deploy_user={login}",
        )
    if not answers["wsgi"].value:
        yield Need(
            file="wsgi.py",
            why="there is no WSGI module, so apache/django.wsgi calls get_wsgi_application() itself",
        )


def _env_file(project: DjangoProject, answers: Answers) -> Need:
    """Return the note about the file of the server's settings, with the command that creates it."""
    required = [each.name for each in project.assigned.variables.values() if each.required]
    optional = [each.name for each in project.assigned.variables.values() if not each.required]
    read = f"with {', '.join(required)}" if required else "which may be empty"
    more = f"; the settings also read {', '.join(optional)}" if optional else ""
    directory = f"{answers['server_root'].value}/{answers['name'].value}/shared"
    command = f"install -D -m 600 /dev/null {directory}/{ENV_FILE}"
    host = answers["remote_host"].value or answers["deploy_user"].value + "@SERVER"
    return Need(
        file=f"shared/{ENV_FILE}",
        why=f"the server needs it before the first push, {read}{more}",
        lines=(command if host == "." else f"ssh {host} {command}",),
    )


def _static_root(project: DjangoProject, answers: Answers, file: str) -> Iterator[Need]:
    wanted, found = answers["static_root"].value, project.text("STATIC_ROOT")
    place = place_of(project, "STATIC_ROOT")
    if wanted.startswith("/"):
        if not found or os.path.normpath(found) == wanted:
            inside = _path_lines("STATIC_ROOT", "static", project)
            yield Need(
                file=file,
                why=f"STATIC_ROOT ({place}) is outside of the project, so a rollback does not bring "
                "back the static files of a release; inside, each release has its own",
                lines=inside,
            )
        return
    lines = _path_lines("STATIC_ROOT", wanted, project)
    if not place:
        yield Need(
            file=file, why="STATIC_ROOT is missing, where collectstatic puts files", lines=lines
        )
    elif found is None:
        yield Need(
            file=file,
            why=f"STATIC_ROOT ({place}) is known on the server only; Apache serves {wanted} in the "
            "release",
            lines=lines,
        )
    elif not found:
        yield Need(file=file, why=f"STATIC_ROOT ({place}) is empty", lines=lines)
    elif os.path.normpath(os.path.join(project.base, found)) != str(project.root / wanted):
        yield Need(file=file, why=f"STATIC_ROOT ({place}) is not {wanted}", lines=lines)


def _media_root(project: DjangoProject, file: str) -> Iterator[Need]:
    found, place = project.text("MEDIA_ROOT"), place_of(project, "MEDIA_ROOT")
    lines = _path_lines("MEDIA_ROOT", "media", project)
    if found is None and place:
        yield Need(
            file=file,
            why=f"MEDIA_ROOT ({place}) is known on the server only; Apache serves media in the release",
            lines=lines,
        )
    elif found and not Path(os.path.normpath(project.base / found)).is_relative_to(project.root):
        yield Need(
            file=file,
            why=f"MEDIA_ROOT ({place}) is outside of the project: Apache serves {found}, which the "
            "user of the site must own; inside, it is in shared/ with the site's other data",
            lines=lines,
        )


def _allowed_hosts(project: DjangoProject, domain: str, file: str) -> Iterator[Need]:
    assigned = project.assigned.values.get("ALLOWED_HOSTS")
    if assigned and (_reads_environment(assigned.value) or not _is_literal(assigned.value)):
        return
    hosts = allowed_hosts(project)
    if any(host == "*" or host == domain or _covers(host, domain) for host in hosts):
        return
    place = place_of(project, "ALLOWED_HOSTS")
    yield Need(
        file=file,
        why=f"ALLOWED_HOSTS {f'({place}) has not {domain}' if place else 'is missing'}: Django "
        "answers other hosts with 400",
        lines=(
            *_import_os(project),
            f'ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "{domain},localhost").split(",")',
        ),
    )


def _debug(project: DjangoProject, file: str) -> Iterator[Need]:
    assigned = project.assigned.values.get("DEBUG")
    if not assigned or not assigned.is_certain or ast.unparse(assigned.value) != "True":
        return
    own = project.production != project.settings
    yield Need(
        file=file,
        why=f"DEBUG is True ({place_of(project, 'DEBUG')}): visitors would see tracebacks",
        lines=("DEBUG = False",)
        if own
        else (*_import_os(project), 'DEBUG = os.environ.get("DEBUG") == "1"'),
    )


def _secret_key(project: DjangoProject, file: str) -> Iterator[Need]:
    assigned = project.assigned.values.get("SECRET_KEY")
    if assigned and isinstance(assigned.value, ast.Constant) and assigned.is_certain:
        yield Need(
            file=file,
            why=f"SECRET_KEY ({place_of(project, 'SECRET_KEY')}) is in git, for all who can read it; "
            "write a new one into .env, here and in shared/ on the server; here, ./manage.py gets it "
            "by: set -a; . ./.env; set +a",
            lines=(*_import_os(project), 'SECRET_KEY = os.environ["SECRET_KEY"]'),
        )


def _covers(pattern: str, domain: str) -> bool:
    """Return whether a pattern of ALLOWED_HOSTS such as .example.org covers a host."""
    return pattern.startswith(".") and f".{domain}".endswith(pattern)


def _reads_environment(value: ast.expr) -> bool:
    names = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(value) if isinstance(node, ast.Attribute)}
    return bool(names & {*_READING})


def _is_literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except ValueError:
        return False
    return True


def _import_os(project: DjangoProject) -> tuple[str, ...]:
    return () if _imports(project, "os") else ("import os",)


def _imports(project: DjangoProject, name: str) -> bool:
    """Return whether the settings module of the server imports a name itself."""
    file = project.assigned.file
    tree = parsed(file) if file else None
    return any(
        name in (each.asname or each.name for each in node.names)
        for node in (tree.body if tree else ())
        if isinstance(node, ast.Import | ast.ImportFrom)
    )


def _path_lines(name: str, directory: str, project: DjangoProject) -> tuple[str, ...]:
    """Return the lines that set a directory, a path from the project's root."""
    values = project.assigned.values
    target = os.path.join(project.root, directory)
    for root in _ROOTS:
        text = text_of(values.get(root), values)
        if not text or not Path(target).is_relative_to(os.path.normpath(text)):
            continue
        rest = os.path.relpath(target, text)
        source = ast.unparse(values[root].value)
        if "environ" in source:  # environ.Path
            continue
        if "Path(" in source:
            return (f'{name} = {root} / "{rest}"',)
        return (*_import_os(project), f'{name} = os.path.join({root}, "{rest}")')
    file = project.assigned.file or project.base / "settings.py"
    up = len(file.relative_to(project.root).parts) - 1
    line = f'{name} = Path(__file__).resolve().parents[{up}] / "{directory}"'
    return (*(() if _imports(project, "Path") else ("from pathlib import Path",)), line)
