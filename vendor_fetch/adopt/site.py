"""What the server of an adopted project is like: questions, their defaults, and their answers."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bootstrapper.address import has_password
from bootstrapper.errors import InputError
from bootstrapper.quoting import quoted
from bootstrapper.spelling import did_you_mean
from vendor_fetch.adopt import repository
from vendor_fetch.adopt.django_project import DjangoProject, find_project
from vendor_fetch.adopt.found_settings import (
    Found,
    media_root,
    media_url,
    named_domain,
    static_root,
    static_url,
)
from vendor_fetch.adopt.shared_paths import shared_paths
from vendor_fetch.program import retry_command
from vendor_fetch.template import answers as template

_MODULE = r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*"
_PART = r"[A-Za-z0-9_.][A-Za-z0-9_.-]*"
_DIRECTORY = re.compile(rf"{_PART}(/{_PART})*")
_WORDS_OF_HOST = r"([A-Za-z0-9_][A-Za-z0-9_.-]*@)?[A-Za-z0-9_][A-Za-z0-9_.:-]*"

Answers = Mapping[str, Found]
# Returns the answer to a question; the arguments are its text and its default.
Ask = Callable[[str, str], str]


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question about the server. `fault` returns what is wrong with an answer, or None."""

    text: str
    default: Callable[[DjangoProject, Mapping[str, str]], Found]
    fault: Callable[[str, DjangoProject], str | None]
    example: str


def answer_questions(
    root: Path, given: Mapping[str, str], ask: Ask | None, say: Callable[[str], None]
) -> tuple[DjangoProject, dict[str, Found]]:
    """Return the project in a directory and the answers to all questions by name.

    `given` are answers; the others are asked for by `ask`, or else they are the defaults. Raise
    InputError for an answer that would make a broken site.
    """
    for name in given:
        if name not in QUESTIONS:
            raise InputError(
                f"--set {name}",
                f"there is no such name{did_you_mean(name, QUESTIONS)}",
                f"{retry_command()} --help  # lists the names",
            )
    project = find_project(root)
    answers: dict[str, Found] = {}
    for name, question in QUESTIONS.items():
        found = question.default(project, {each: answers[each].value for each in answers})
        if name in given:
            found = Found(value=given[name].strip(), source="--set")
        elif ask:
            found = _asked(question, found, project, ask, say)
        if fault := question.fault(found.value, project):
            raise InputError(
                f"{name}={quoted(found.value)}",
                fault,
                f"{retry_command()} --set {quoted(f'{name}={question.example}')}",
            )
        answers[name] = found
        if name == "settings" and found.value != project.production:
            project = find_project(root, found.value)
    return project, answers


def _asked(
    question: Question,
    found: Found,
    project: DjangoProject,
    ask: Ask,
    say: Callable[[str], None],
) -> Found:
    while True:
        value = ask(question.text, found.value).strip() or found.value
        fault = question.fault(value, project)
        if not fault:
            return Found(value="" if value == "-" else value, source="your answer")
        say(f"  {fault}")


def _settings_fault(module: str, project: DjangoProject) -> str | None:
    if not re.fullmatch(_MODULE, module) or not project.module_file(module).is_file():
        return "must be a settings module of the project, such as config.settings"
    return None


def _wsgi_fault(name: str, project: DjangoProject) -> str | None:
    module, _, _ = name.partition(":")
    if name and not re.fullmatch(rf"{_MODULE}(:[A-Za-z_]\w*)?", name):
        return "must be a module, or a module with the name of its application: site.wsgi:app"
    if name and not project.module_file(module).is_file():
        return f"there is no module {module} in the project"
    return None


def _url_fault(url: str, _: DjangoProject) -> str | None:
    if url and not re.fullmatch(rf"(/{_PART})+/", url):
        return "must be a path such as /static/, or nothing if Apache does not serve these files"
    return None


def _directory_fault(directory: str, project: DjangoProject) -> str | None:
    """Return what is wrong with a directory that Apache serves."""
    if directory.startswith("/"):
        return template.server_root_fault(directory)
    parts = directory.split("/")
    if directory and (not _DIRECTORY.fullmatch(directory) or {".", ".."} & {*parts}):
        return "must be a directory in the project, such as static, or an absolute path"
    path = project.root / directory
    own = (project.root, project.base, project.root / "requirements", project.root / "deploy")
    code = [way for each in own for way in (each, each.resolve())]
    if directory and (
        any(each.is_relative_to(way) for each in code for way in (path, path.resolve()))
        or (path / "__init__.py").exists()
    ):
        return "has code in it, which Apache would show; name a directory of its own"
    return None


def _static_fault(directory: str, project: DjangoProject) -> str | None:
    return _directory_fault(directory, project) if directory else "must not be empty"


def _paths_fault(paths: str, _: DjangoProject) -> str | None:
    for word in paths.split():
        if not _DIRECTORY.fullmatch(word.removesuffix("/")) or ".." in word.split("/"):
            return "must be paths in the project with spaces between them: .env media/"
    return None


def _repository_fault(address: str, _: DjangoProject) -> str | None:
    if address.startswith("-") or (address and template.text_fault(address, 500)):
        return "must be an address as git clone takes it"
    if has_password(address):
        return "must have no password in it: it is a line of a file in git"
    return None


def _branch_fault(name: str, _: DjangoProject) -> str | None:
    if not re.fullmatch(r"[A-Za-z0-9_][\w./-]*", name) or ".." in name:
        return "must be the name of a branch"
    return None


def _host_fault(host: str, _: DjangoProject) -> str | None:
    if host and host != "." and not re.fullmatch(_WORDS_OF_HOST, host):
        return "must be a server as ssh takes it, such as deploy@app1.example.org"
    return None


def _name_of(project: DjangoProject) -> Found:
    words = re.findall("[a-z0-9]+", project.root.name.lower())
    slug = "_".join(words).lstrip("0123456789_")[: template.SLUG_LENGTH]
    return Found(value=slug or "site", source="the directory")


def _default(value: str) -> Found:
    return Found(value=value, source="the default")


def _wsgi_of(project: DjangoProject) -> Found:
    name = project.wsgi
    if name and project.callable != "application":
        name = f"{name}:{project.callable}"
    return Found(value=name, source="found" if name else "there is none")


QUESTIONS = {
    "settings": Question(
        text="Settings module of the server",
        default=lambda project, _: Found(value=project.production, source="found"),
        fault=_settings_fault,
        example="config.settings.production",
    ),
    "wsgi": Question(
        text="WSGI module",
        default=lambda project, _: _wsgi_of(project),
        fault=_wsgi_fault,
        example="config.wsgi",
    ),
    "name": Question(
        text="Name of the site's directory on the server, and of its processes",
        default=lambda project, _: _name_of(project),
        fault=lambda value, _: template.name_fault(value),
        example="my_site",
    ),
    "domain": Question(
        text="Host name of the site",
        default=lambda project, answers: named_domain(project, answers["name"]),
        fault=lambda value, _: template.host_fault(value),
        example="www.example.org",
    ),
    "email": Question(
        text="E-mail address of the site (ServerAdmin of Apache)",
        default=lambda _, answers: _default(f"webmaster@{answers['domain']}"),
        fault=lambda value, _: template.email_fault(value),
        example="webmaster@example.org",
    ),
    "server_root": Question(
        text="Directory of the sites on the server",
        default=lambda *_: _default("/var/www"),
        fault=lambda value, _: template.server_root_fault(value),
        example="/var/www",
    ),
    "deploy_user": Question(
        text="Unix user that owns the site's files on the server, and runs the site",
        default=lambda *_: _default("www-data"),
        fault=lambda value, _: template.login_fault(value),
        example="www-data",
    ),
    "remote_host": Question(
        text="User and server, as ssh takes them",
        default=lambda *_: Found(value="", source="fill it in"),
        fault=_host_fault,
        example="deploy@app1.example.org",
    ),
    "repository": Question(
        text="Repository, as git clone takes it",
        default=lambda project, _: Found(
            value=repository.remote_address(project.root), source="git remote get-url origin"
        ),
        fault=_repository_fault,
        example="git@git.example.org:site.git",
    ),
    "branch": Question(
        text="Branch that is pushed",
        default=lambda project, _: Found(value=repository.branch(project.root), source="git"),
        fault=_branch_fault,
        example="main",
    ),
    "static_url": Question(
        text="Address of static files",
        default=lambda project, answers: static_url(project, answers["domain"]),
        fault=_url_fault,
        example="/static/",
    ),
    "static_root": Question(
        text="Directory of static files, from the project's",
        default=lambda project, _: static_root(project),
        fault=_static_fault,
        example="static",
    ),
    "media_url": Question(
        text="Address of uploads",
        default=lambda project, answers: media_url(project, answers["domain"]),
        fault=_url_fault,
        example="/media/",
    ),
    "media_root": Question(
        text="Directory of uploads, from the project's",
        default=lambda project, _: media_root(project),
        fault=_directory_fault,
        example="media",
    ),
    "shared_paths": Question(
        text="Files that all releases share",
        default=lambda project, answers: Found(
            value=" ".join(shared_paths(project, answers["media_root"])), source="found"
        ),
        fault=_paths_fault,
        example=".env media/",
    ),
}
