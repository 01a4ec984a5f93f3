"""Renew bootstrapper's own files in a project: its wheel and bootstrap.py."""

import difflib
import hashlib
from collections.abc import Iterator
from pathlib import Path

from vendor_fetch.git_command import run_git
from vendor_fetch.template.generation import PROJECT_TEMPLATE
from vendor_fetch.template.record import read_record
from vendor_fetch.template_update.checkout import Checkout
from vendor_fetch.template_update.own_files import BOOTSTRAP, OwnFiles


def is_own_bootstrap(project: Path, checkout: Checkout) -> bool:
    """Return whether the bootstrap.py of a project is the template's, of any version.

    It is if the project was generated with it, or if the repository of the template has had it.
    Raise InputError for a faulty `.template.json`.
    """
    file = project / BOOTSTRAP
    if not file.is_file():
        return True
    record = read_record(project)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    if record and record.files.get(str(BOOTSTRAP)) == digest:
        return True
    template_file = f"{PROJECT_TEMPLATE}/{BOOTSTRAP}"
    if (checkout.directory / template_file).read_bytes() == file.read_bytes():
        return True
    at = ("-C", str(checkout.directory))  # where git hashes as the template's repository does
    words = ("hash-object", "--no-filters", "--", str(file.absolute()))
    blob = run_git(*at, *words).stdout.strip()
    history = ("log", "--all", "--format=", "--raw", "--no-abbrev", "--", template_file)
    lines = run_git(*at, "-c", "log.showRoot=true", *history).stdout.splitlines()
    return any(line.split()[3] == blob for line in lines if line.startswith(":"))


def bootstrap_difference(project: Path, own: OwnFiles) -> Iterator[str]:
    """Yield the difference between the bootstrap.py of a project and the template's."""
    old = (project / BOOTSTRAP).read_text(encoding="utf-8", errors="replace")
    new = own.bootstrap.decode("utf-8", "replace")
    yield from difflib.unified_diff(
        old.splitlines(),
        new.splitlines(),
        str(BOOTSTRAP),
        f"the template's {BOOTSTRAP}",
        lineterm="",
    )
