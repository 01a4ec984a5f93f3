"""List what a deployment needs of the settings of a project, with the lines to add."""

import ast
from collections.abc import Iterator

from vendor_fetch.adopt.django_project import DjangoProject
from vendor_fetch.adopt.environment_needs import environment_needs, secret_command
from vendor_fetch.adopt.found_settings import allowed_hosts, covers, place_of
from vendor_fetch.adopt.manage_file import forced_settings
from vendor_fetch.adopt.need import Need
from vendor_fetch.adopt.served_files_needs import (
    media_root_need,
    static_files_need,
    static_root_need,
)
from vendor_fetch.adopt.settings_lines import lines_with_os, plain_line
from vendor_fetch.adopt.shared_paths import ENV_FILE, inside
from vendor_fetch.adopt.site import Answers

_READING = ("environ", "getenv", "env", "config", "values")


def settings_needs(project: DjangoProject, answers: Answers) -> Iterator[Need]:
    """Yield what the settings of a project lack."""
    for fault in project.assigned.faults:
        place = f"{fault.file.relative_to(project.root)}:{fault.line}"
        yield Need(
            file=place,
            why=f"{fault.why}; correct it, then run init again, which knows nothing of what it says",
        )
    yield from _forced(project, answers)
    if not project.assigned.file:
        return
    own = list(_of_settings(project, answers))
    yield from own
    added = ["SECRET_KEY"] if any('["SECRET_KEY"]' in line for n in own for line in n.lines) else []
    yield from environment_needs(project, answers, added)
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


def _forced(project: DjangoProject, answers: Answers) -> Iterator[Need]:
    """Yield the files that set another settings module than the server's, whatever it says."""
    wsgi = answers["wsgi"].value.partition(":")[0]
    files = [project.root / project.manage, *([project.module_file(wsgi)] if wsgi else [])]
    for file in files:
        forced = forced_settings(file)
        if forced and forced[1] != answers["settings"].value:
            line, module = forced
            yield Need(
                file=f"{file.relative_to(project.root)}:{line}",
                why=f"sets {module}, also if the server says {answers['settings'].value}; instead:",
                lines=(f'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{module}")',),
            )


def _of_settings(project: DjangoProject, answers: Answers) -> Iterator[Need]:
    assert project.assigned.file
    file = str(project.assigned.file.relative_to(project.root))
    if project.assigned.class_name:
        file = f"{file}, class {project.assigned.class_name}"
    elif line := project.assigned.dynaconf_line:
        file = f"{file}, before line {line}"
    yield from static_root_need(project, answers, file)
    yield from static_files_need(project, file)
    yield from media_root_need(project, answers, file)
    host = _Host(project, file)
    yield from _allowed_hosts(project, answers["domain"].value, host)
    yield from _debug(project, host)
    yield from _secret_key(project, host)


class _Host:
    """Where the values of one server belong: a module of that server, if the settings import one."""

    def __init__(self, project: DjangoProject, file: str) -> None:
        self._project = project
        modules = [each for each in project.assigned.left_out if each.path.suffix == ".py"]
        own = inside(project, str(modules[0].path)) if modules else ""
        self.own = f"shared/{own}" if own and not own.startswith("/") else own
        self.file = self.own or file

    def lines(self, own: str, other: tuple[str, ...]) -> tuple[str, ...]:
        """Return a line for the module of the server, or else other ones for the settings."""
        return (own,) if self.own else other

    @property
    def condition(self) -> str:
        """What a reason begins with."""
        return "unless it says so already, " if self.own else ""


def _allowed_hosts(project: DjangoProject, domain: str, host: _Host) -> Iterator[Need]:
    assigned = project.assigned.values.get("ALLOWED_HOSTS")
    if assigned and (_reads_environment(assigned.value) or not _is_literal(assigned.value)):
        return
    if any(project.assigned.variables_of("ALLOWED_HOSTS")):
        return
    if any(covers(each, domain) for each in allowed_hosts(project)):
        return
    place = place_of(project, "ALLOWED_HOSTS")
    line = f'ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "{domain},localhost").split(",")'
    yield Need(
        file=host.file,
        why=f"{host.condition}ALLOWED_HOSTS {f'({place}) has not {domain}' if place else 'is missing'}: "
        "Django answers other hosts with 400",
        lines=host.lines(
            f'ALLOWED_HOSTS = ["{domain}", "localhost"]', lines_with_os(project, line)
        ),
    )


def _debug(project: DjangoProject, host: _Host) -> Iterator[Need]:
    assigned = project.assigned.values.get("DEBUG")
    if not assigned or not assigned.is_certain or ast.unparse(assigned.value) != "True":
        return
    own = project.production != project.settings or project.assigned.class_name
    line = 'DEBUG = os.environ.get("DEBUG") == "1"'
    instead = "" if own or host.own or not _is_used_later(project, "DEBUG") else "; in place of it:"
    yield Need(
        file=host.file,
        why=f"{host.condition}DEBUG is True ({place_of(project, 'DEBUG')}): visitors would see "
        f"tracebacks{instead}",
        lines=host.lines(
            "DEBUG = False",
            plain_line(project, "DEBUG = False") if own else lines_with_os(project, line),
        ),
    )


def _is_used_later(project: DjangoProject, name: str) -> bool:
    """Return whether other statements of the settings use a name, so that its last line is too late."""
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
        for tree in project.assigned.trees.values()
        for node in ast.walk(tree)
    )


def _secret_key(project: DjangoProject, host: _Host) -> Iterator[Need]:
    assigned = project.assigned.values.get("SECRET_KEY")
    if not assigned or not isinstance(assigned.value, ast.Constant) or not assigned.is_certain:
        return
    place = place_of(project, "SECRET_KEY")
    fault = "is in git, for all who can read it" if assigned.value.value else "is empty"
    where = "" if host.own else " into .env, here and in shared/ on the server"
    how = "" if host.own else "; here, ./manage.py gets it by: set -a; . ./.env; set +a"
    yield Need(
        file=host.file,
        why=f"{host.condition}SECRET_KEY ({place}) {fault}; write a new one{where}{how}",
        lines=host.lines(
            secret_command("SECRET_KEY"),
            lines_with_os(project, 'SECRET_KEY = os.environ["SECRET_KEY"]'),
        ),
    )


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
