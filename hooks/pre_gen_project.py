"""Refuse an answer that would make a broken project, and say what is allowed.

Cookiecutter renders this file first: answers arrive as Python literals, made by repr().
"""

import sys

if sys.version_info < (3, 11):
    sys.exit("cookiecutter runs on Python %d.%d, which is too old for this template\n"
             "  next: install cookiecutter for Python 3.11 or later" % sys.version_info[:2])

import keyword
import os
import re
import unicodedata
import zoneinfo
from pathlib import Path

PROJECT_NAME = << cookiecutter.project_name.__repr__() >>
PROJECT_SLUG = << cookiecutter.project_slug.__repr__() >>
DESCRIPTION = << cookiecutter.description.__repr__() >>
AUTHOR = << cookiecutter.author.__repr__() >>
DOMAIN = << cookiecutter.domain.__repr__() >>
EMAIL = << cookiecutter.email.__repr__() >>
PYTHON_VERSION = << cookiecutter.python_version.__repr__() >>
DATABASE = << cookiecutter.database.__repr__() >>
SERVER_ROOT = << cookiecutter.server_root.__repr__() >>
DEPLOY_USER = << cookiecutter.deploy_user.__repr__() >>
TIMEZONE = << cookiecutter.timezone.__repr__() >>
VENDOR_FORMAT = << cookiecutter.vendor_format.__repr__() >>
REPOSITORY = << cookiecutter._repo_dir.__repr__() >>

# A project's own top-level names, and what its tools look for there.
TAKEN = {
    "accounts", "apache", "bootstrap", "bootstrapper", "data", "deploy", "docs", "main", "manage",
    "media", "node_modules", "releases", "requirements", "settings", "shared", "site",
    "sitecustomize", "static", "templates", "test", "tests", "usercustomize", "ve", "vendor_fetch",
    "wsgi",
}  # fmt: skip

# PostgreSQL cuts longer names off; "_staging" must still fit.
SLUG_LENGTH = 40
TEXT_LENGTH = {"project_name": 80, "description": 200, "author": 80}
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"{LABEL}(\.{LABEL})*")


def template_directory():
    """Return the template's checkout, which cookiecutter may know by a relative path only.

    Cookiecutter stands in that directory while a hook runs (cookiecutter.hooks, `work_in`).
    """
    directory = Path(REPOSITORY)
    return directory if directory.is_absolute() else Path(f"/proc/{os.getppid()}/cwd").resolve()


def vendored_modules():
    """Return the top-level modules of the packages that the template vendors."""
    return set((template_directory() / "locks" / "modules.txt").read_text("utf-8").split())


def slug_fault(slug):
    """Return what is wrong with the slug, or None."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", slug) or len(slug) > SLUG_LENGTH:
        return (
            "must begin with a letter and hold lower-case letters, digits and underscores, "
            f"at most {SLUG_LENGTH} of them"
        )
    if keyword.iskeyword(slug) or keyword.issoftkeyword(slug):
        return "is a word of the Python language; choose another"
    if slug in sys.stdlib_module_names:
        return "is a module of Python's standard library, which it would hide; choose another"
    if slug in TAKEN:
        return "is a name that the project itself uses; choose another"
    if slug == "django" or slug in vendored_modules():
        return "is a module of a vendored package, which it would hide; choose another"
    return None


def text_fault(text, longest):
    """Return what is wrong with a line of free text, or None."""
    if not text.strip():
        return "must not be empty"
    if len(text) > longest:
        return f"must be at most {longest} characters long"
    # Control characters, surrogates, line and paragraph separators.
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text):
        return "must be one line without control characters"
    return None


def host_fault(host):
    """Return what is wrong with a host name (RFC 1123), or None."""
    if len(host) > 240 or not HOST.fullmatch(host) or host.rsplit(".", 1)[-1].isdigit():
        return (
            "must be a host name in lower case, such as www.example.org or intranet "
            "(no scheme, port or path)"
        )
    return None


def email_fault(address):
    """Return what is wrong with an e-mail address, or None."""
    local, _, host = address.rpartition("@")
    word = r"[A-Za-z0-9_+/=~-]+"
    if not re.fullmatch(rf"{word}(\.{word})*", local) or host_fault(host.lower()):
        return "must be one e-mail address, such as webmaster@example.org"
    return None


def server_root_fault(directory):
    """Return what is wrong with the server's directory, or None."""
    parts = directory.split("/")[1:]
    if not re.fullmatch(r"(/[A-Za-z0-9_][A-Za-z0-9._-]*)+", directory) or ".." in parts:
        return (
            "must be an absolute path of letters, digits, '.', '_' and '-', such as /var/www "
            "(no slash at the end)"
        )
    return None


def timezone_fault(name):
    """Return what is wrong with a time zone, or None."""
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return "must be an IANA time zone, such as UTC or Europe/Berlin"
    return None


def login_fault(login):
    """Return what is wrong with a Unix login (useradd(8)), or None."""
    if not re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", login):
        return "must be a Unix login: lower-case letters, digits, '_' and '-', at most 32"
    return None


def choice_fault(value, *choices):
    """Return what is wrong with an answer out of a list, or None."""
    return None if value in choices else f"must be {' or '.join(choices)}"


def faults():
    """Return (variable, value, fault) for each answer that is refused."""
    answers = [
        ("project_name", PROJECT_NAME, text_fault(PROJECT_NAME, TEXT_LENGTH["project_name"])),
        ("project_slug", PROJECT_SLUG, slug_fault(PROJECT_SLUG)),
        ("description", DESCRIPTION, text_fault(DESCRIPTION, TEXT_LENGTH["description"])),
        ("author", AUTHOR, text_fault(AUTHOR, TEXT_LENGTH["author"])),
        ("domain", DOMAIN, host_fault(DOMAIN)),
        ("email", EMAIL, email_fault(EMAIL)),
        ("python_version", PYTHON_VERSION, choice_fault(PYTHON_VERSION, "3.11", "3.12", "3.13")),
        ("database", DATABASE, choice_fault(DATABASE, "postgresql", "sqlite")),
        ("server_root", SERVER_ROOT, server_root_fault(SERVER_ROOT)),
        ("deploy_user", DEPLOY_USER, login_fault(DEPLOY_USER)),
        ("timezone", TIMEZONE, timezone_fault(TIMEZONE)),
        ("vendor_format", VENDOR_FORMAT, choice_fault(VENDOR_FORMAT, "wheel", "tarball")),
    ]
    return [answer for answer in answers if answer[2]]


def main():
    """Print every fault; return the exit status."""
    try:
        refused = faults()
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        print("  next: clone the template again; its checkout is incomplete", file=sys.stderr)
        return 2
    for variable, value, fault in refused:
        print(f"{variable}: {value!r} {fault}", file=sys.stderr)
    if refused:
        print("  next: run cookiecutter again with another answer", file=sys.stderr)
    return 2 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
