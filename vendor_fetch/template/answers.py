"""Which answers to cookiecutter's questions would make a broken project."""

import keyword
import re
import sys
import unicodedata
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bootstrapper.quoting import quoted
from vendor_fetch.template.cookiecutter import typed_command

# Top-level names of a project, and names that its tools look for.
RESERVED = {
    "accounts", "apache", "bootstrap", "bootstrapper", "data", "deploy", "docs", "main", "manage",
    "media", "node_modules", "releases", "requirements", "settings", "shared", "site",
    "sitecustomize", "static", "templates", "test", "tests", "usercustomize", "ve", "vendor_fetch",
    "wsgi",
}  # fmt: skip

# PostgreSQL cuts longer names off; "_staging" must still fit.
SLUG_LENGTH = 40
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"{LABEL}(\.{LABEL})*")


@dataclass(frozen=True)
class Question:
    """A question of cookiecutter.json: `fault` returns what is wrong with an answer, or None."""

    fault: Callable[[str], str | None]
    example: str


def name_fault(slug: str) -> str | None:
    """Return what is wrong with a name of a site's directory, process group and package, or None."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", slug) or len(slug) > SLUG_LENGTH:
        return (
            "must begin with a letter and hold lower-case letters, digits and underscores, "
            f"at most {SLUG_LENGTH} of them"
        )
    return None


def slug_fault(slug: str, modules: set[str]) -> str | None:
    """Return what is wrong with the slug, or None. `modules` are those of vendored packages."""
    if fault := name_fault(slug):
        return fault
    if keyword.iskeyword(slug) or keyword.issoftkeyword(slug):
        return "is a word of the Python language; choose another"
    if slug in sys.stdlib_module_names:
        return "is a module of Python's standard library, which it would hide; choose another"
    if slug in RESERVED:
        return "is a name that the project itself uses; choose another"
    if slug == "django" or slug in modules:
        return "is a module of a vendored package, which it would hide; choose another"
    return None


def text_fault(text: str, longest: int) -> str | None:
    """Return what is wrong with a line of free text, or None."""
    if not text.strip():
        return "must not be empty"
    if len(text) > longest:
        return f"must be at most {longest} characters long"
    # Control characters, surrogates, line and paragraph separators.
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text):
        return "must be one line without control characters"
    return None


def host_fault(host: str) -> str | None:
    """Return what is wrong with a host name (RFC 1123), or None."""
    if len(host) > 240 or not HOST.fullmatch(host) or host.rsplit(".", 1)[-1].isdigit():
        return (
            "must be a host name in lower case, such as www.example.org or intranet "
            "(no scheme, port or path)"
        )
    return None


def email_fault(address: str) -> str | None:
    """Return what is wrong with an e-mail address, or None."""
    local, _, host = address.rpartition("@")
    word = r"[A-Za-z0-9_+/=~-]+"
    if not re.fullmatch(rf"{word}(\.{word})*", local) or host_fault(host.lower()):
        return "must be one e-mail address, such as webmaster@example.org"
    return None


def server_root_fault(directory: str) -> str | None:
    """Return what is wrong with the server's directory, or None."""
    parts = directory.split("/")[1:]
    if not re.fullmatch(r"(/[A-Za-z0-9_][A-Za-z0-9._-]*)+", directory) or ".." in parts:
        return (
            "must be an absolute path of letters, digits, '.', '_' and '-', such as /var/www "
            "(no slash at the end)"
        )
    return None


def timezone_fault(name: str) -> str | None:
    """Return what is wrong with a time zone, or None."""
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return "must be an IANA time zone, such as UTC or Europe/Berlin"
    return None


def login_fault(login: str) -> str | None:
    """Return what is wrong with a Unix login (useradd(8)), or None."""
    if not re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", login):
        return "must be a Unix login: lower-case letters, digits, '_' and '-', at most 32"
    return None


def choice(*choices: str) -> Question:
    """Return the question for one of `choices`."""
    return Question(
        lambda answer: None if answer in choices else f"must be {' or '.join(choices)}", choices[0]
    )


def questions(modules: set[str], slug: str) -> dict[str, Question]:
    """Return all questions by name.

    `modules` are those of vendored packages, `slug` is what examples are made of.
    """
    domain = f"{slug.replace('_', '-')}.example.org"
    return {
        "project_name": Question(lambda text: text_fault(text, 80), "My Site"),
        "project_slug": Question(lambda slug: slug_fault(slug, modules), slug),
        "description": Question(lambda text: text_fault(text, 200), "What My Site is for"),
        "author": Question(lambda text: text_fault(text, 80), "The My Site team"),
        "domain": Question(host_fault, domain),
        "email": Question(email_fault, f"webmaster@{domain}"),
        "python_version": choice("3.11", "3.12", "3.13", "3.14"),
        "developers_on": choice("linux", "macos", "both"),
        "database": choice("postgresql", "sqlite"),
        "server_root": Question(server_root_fault, "/var/www"),
        "deploy_user": Question(login_fault, "www-data"),
        "timezone": Question(timezone_fault, "UTC"),
        "vendor_format": choice("wheel", "tarball"),
    }


def valid_slug(answer: str, modules: set[str]) -> str:
    """Return a valid slug that resembles an answer, or the answer itself if it is valid."""
    words = re.findall("[a-z0-9]+", answer.lower())
    candidates = (answer, "_".join(words), "_".join([*words, "site"]), "_".join(["site", *words]))
    cut = (candidate[:SLUG_LENGTH] for candidate in candidates)
    return next((slug for slug in cut if slug_fault(slug, modules) is None), "my_site")


def faults_of(template: Path, answers: Mapping[str, object]) -> dict[str, str]:
    """Return what is wrong with the answers to the questions of this module, by their names.

    `template` is the checkout. Raise OSError if it lacks its list of modules.
    """
    # A record that people have edited may have other values than texts, which are no valid answers.
    texts = {name: each if isinstance(each, str) else repr(each) for name, each in answers.items()}
    slug, domain = texts["project_slug"], texts["domain"]
    faults = {
        name: fault
        for name, question in _asked(template, slug).items()
        if name in texts and (fault := question.fault(texts[name]))
    }
    # The defaults of these two come from an answer that has its own fault.
    if "project_slug" in faults and domain == f"{slug.replace('_', '-')}.example.org":
        faults.pop("domain", None)
    if host_fault(domain) and texts["email"] == f"webmaster@{domain}":
        faults.pop("email", None)
    return faults


def _asked(template: Path, slug: str) -> dict[str, Question]:
    modules = set(_modules_file(template).read_text(encoding="utf-8").split())
    return questions(modules, valid_slug(slug, modules))


def _modules_file(template: Path) -> Path:
    return template / "locks" / "modules.txt"


def main(template: Path, answers: Mapping[str, str]) -> int:
    """Print all faults of the answers, and a command with valid ones. Return the exit status."""
    try:
        faults = faults_of(template, answers)
    except OSError as error:
        checkout = f"git -C {quoted(str(template))} checkout -- locks"
        print(f"{_modules_file(template)}: {error.strerror}\n  next: {checkout}", file=sys.stderr)
        return 2
    if not faults:
        return 0
    for name, fault in faults.items():
        print(f"{name}: {answers[name]!r} {fault}", file=sys.stderr)
    asked = _asked(template, answers["project_slug"])
    examples = {name: asked[name].example for name in faults}
    print(f"  next: {typed_command(template, **examples)}", file=sys.stderr)
    return 2
