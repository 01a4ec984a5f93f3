"""List what the server needs beside its releases: variables, and files that git ignores."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from bootstrapper.quoting import quoted
from vendor_fetch.adopt.debug_variable import debug_is_on, debug_off
from vendor_fetch.adopt.django_project import DjangoProject
from vendor_fetch.adopt.found_settings import covers, exposed_database, host_texts, place_of
from vendor_fetch.adopt.need import Need
from vendor_fetch.adopt.opened_files import log_files
from vendor_fetch.adopt.shared_paths import ENV_FILE, inside
from vendor_fetch.adopt.site import Answers

_EXAMPLE = re.compile("example|sample|dist|template|default")
_SHARED_ENV = f"shared/{ENV_FILE}"


def environment_needs(
    project: DjangoProject, answers: Answers, added: Iterable[str]
) -> Iterator[Need]:
    """Yield what the server needs. `added` are variables that the lines for the settings read."""
    values = list(_values(project, answers["domain"].value))
    shared = answers["shared_paths"].value.split()
    if ENV_FILE in shared:
        names = [each.lines[0].partition("=")[0] for each in values if "print" not in each.lines[0]]
        secret = [each.name for each in project.assigned.variables_of("SECRET_KEY")]
        yield _env_file(project, answers, [*added, *secret, *names])
        yield from values
    for each in project.assigned.left_out:
        path = inside(project, str(each.path))
        place = f"{each.file.relative_to(project.root)}:{each.line}"
        if path.startswith("/"):
            yield Need(
                file=path,
                why=f"the settings read it ({place}), and it is outside of the project, so the server "
                "needs its own",
            )
        if path in shared:
            command = _on_server(answers, f"install -D -m 600 /dev/stdin {_shared(answers, path)}")
            yield Need(
                file=f"shared/{path}",
                why=f"the settings read it ({place}), and git ignores it, so the server needs its own"
                f"{_missing(project, each.path)}",
                lines=(f"{command} <{quoted(path)}",),
            )
    if database := exposed_database(project):
        yield Need(
            file=database,
            why="the database is in MEDIA_ROOT, which Apache must not show, so no upload is served; "
            "move it out, and change the settings",
        )
    for file in sorted({inside(project, each) for each in log_files(project.assigned.values)}):
        if file.startswith("/"):
            yield Need(
                file=file,
                why=f"LOGGING ({place_of(project, 'LOGGING')}) writes it; on the server, "
                f"{answers['deploy_user'].value} must be able to, or Django does not start",
            )


def _env_file(project: DjangoProject, answers: Answers, names: Iterable[str]) -> Need:
    """Return the note about the file of the server's settings, with the command that creates it."""
    variables = project.assigned.variables.values()
    required = dict.fromkeys([*(each.name for each in variables if each.required), *names])
    optional = [each.name for each in variables if each.name not in required]
    read = f"with {', '.join(required)}" if required else "which may be empty"
    more = f"; the settings also read {', '.join(optional)}" if optional else ""
    return Need(
        file=_SHARED_ENV,
        why=f"the server needs it before the first push, {read}{more}",
        lines=(_on_server(answers, f"install -D -m 600 /dev/null {_shared(answers, ENV_FILE)}"),),
    )


def _missing(project: DjangoProject, path: Path) -> str:
    """Return what to say of a file that is not here: the name of an example, if there is one."""
    if path.is_file():
        return ""
    stem = path.name.partition(".")[0]
    examples = [
        each for each in sorted(path.parent.glob(f"*{stem}*")) if _EXAMPLE.search(each.name)
    ]
    if examples:
        return f"; write it after {inside(project, str(examples[0]))}"
    return "; write it first, it is not here"


def secret_command(name: str) -> str:
    """Return the command that prints a line with a new secret, NAME=secret."""
    return f"python3 -c 'import secrets; print(\"{name}=\" + repr(secrets.token_urlsafe(50)))'"


def _shared(answers: Answers, path: str) -> str:
    return quoted(f"{answers['server_root'].value}/{answers['name'].value}/shared/{path}")


def _on_server(answers: Answers, command: str) -> str:
    host = answers["remote_host"].value or answers["deploy_user"].value + "@SERVER"
    return command if host == "." else f"ssh {host} {command}"


def _values(project: DjangoProject, domain: str) -> Iterator[Need]:
    """Yield the variables that must have another value than their default, each with its line."""
    assigned = project.assigned
    for switch in assigned.switches.values():
        place = f"{switch.file.relative_to(project.root)}:{switch.line}"
        yield Need(
            file=_SHARED_ENV,
            why=f"the settings choose those of the server by {switch.variable} ({place})",
            lines=(f"{switch.variable}={switch.value}",),
        )
    if assigned.class_name and not assigned.is_loaded:
        yield Need(
            file=_SHARED_ENV,
            why=f"the settings are in class {assigned.class_name}, and DJANGO_CONFIGURATION names it",
            lines=(f"DJANGO_CONFIGURATION={assigned.class_name}",),
        )
    if assigned.file and assigned.dynaconf_line:
        place = f"{assigned.file.relative_to(project.root)}:{assigned.dynaconf_line}"
        yield Need(
            file=_SHARED_ENV,
            why=f"dynaconf ({place}) takes its own files before the settings, and this before both",
            lines=("DJANGO_DEBUG=false",),
        )
    for variable in assigned.variables_of("DEBUG"):
        if debug_is_on(assigned.values["DEBUG"].value, variable.default):
            yield Need(
                file=_SHARED_ENV,
                why=f"DEBUG is True without it ({place_of(project, 'DEBUG')}): visitors would see "
                "tracebacks",
                lines=(f"{variable.name}={debug_off(assigned.values['DEBUG'].value)}",),
            )
            break
    for variable in assigned.variables_of("SECRET_KEY"):
        if _is_text(variable.default) or _is_text(assigned.values["SECRET_KEY"].value):
            yield Need(
                file=_SHARED_ENV,
                why=f"the default of SECRET_KEY ({place_of(project, 'SECRET_KEY')}) is in git, for all "
                "who can read it; write a new one",
                lines=(secret_command(variable.name),),
            )
            break
    for variable in assigned.variables_of("ALLOWED_HOSTS"):
        hosts = host_texts(variable.default or assigned.values["ALLOWED_HOSTS"].value)
        if not any(covers(part.strip(), domain) for host in hosts for part in host.split(",")):
            yield Need(
                file=_SHARED_ENV,
                why=f"ALLOWED_HOSTS ({place_of(project, 'ALLOWED_HOSTS')}) has not {domain} without "
                "it: Django answers other hosts with 400",
                lines=(
                    f"{variable.name}={_hosts(assigned.values['ALLOWED_HOSTS'].value, domain)}",
                ),
            )
        break


def _hosts(expression: ast.expr, domain: str) -> str:
    """Return the value of a variable from which an expression makes a list with one host."""
    source = ast.unparse(expression)
    return f"'[\"{domain}\"]'" if "loads(" in source or "eval(" in source else domain


def _is_text(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value != ""
