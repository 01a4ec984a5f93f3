"""Render the template with answers, as a new generation would, without its hooks."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import Any

from bootstrapper.errors import InputError, WorkFailed
from bootstrapper.plain_text import single_line
from vendor_fetch.program import program_command, retry_command
from vendor_fetch.template.generation import PROJECT_TEMPLATE, ask_for_own_wheel, restore_modes
from vendor_fetch.template.ignored_files import ignored_files
from vendor_fetch.template.own_wheel import wheel_name
from vendor_fetch.template.record import file_paths, recorded_answers
from vendor_fetch.template_update import rendering_process
from vendor_fetch.template_update.checkout import Checkout


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """A rendered project in a `directory`, with the `answers` to all questions of its template.

    `files` are the paths of its files. It lacks what a generation makes with its hooks: the locks,
    the vendored files and `.env`.
    """

    checkout: Checkout
    directory: Path
    answers: Mapping[str, Any]
    files: tuple[str, ...]


def render(checkout: Checkout, answers: Mapping[str, Any], scratch: Path) -> Rendering:
    """Render a template into the new directory `scratch`. Questions without an answer get the default.

    cookiecutter runs in a process of its own, because two versions of the template have modules of
    the same name. Raise WorkFailed if it fails, and ImportError without cookiecutter.
    """
    if not find_spec("cookiecutter"):
        raise ModuleNotFoundError("No module named 'cookiecutter'", name="cookiecutter")
    # A private answer could change what cookiecutter itself does.
    answers = recorded_answers(answers)
    _refuse_path(answers.get("project_slug", ""))
    _refuse_links(checkout)
    scratch.mkdir()
    request = {
        "template": str(checkout.directory),
        "answers": answers,
        "scratch": str(scratch),
    }
    # -P: the project's own files must not replace modules of Python.
    run = subprocess.run(
        [sys.executable, "-P", rendering_process.__file__],
        input=json.dumps(request),
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if run.returncode:
        reason = single_line(run.stderr.strip().rpartition("\n")[2])
        raise WorkFailed(
            f"{checkout.address} {checkout.version}".strip(),
            f"cookiecutter can't render it with the answers: {reason}",
            program_command("template-update", "--answers", "NAME=VALUE") + "  # with others",
        )
    result = json.loads(run.stdout.splitlines()[-1])
    directory = Path(result["project"])
    for path in ignored_files(checkout.directory, PROJECT_TEMPLATE, directory.name):
        (directory / path).unlink(missing_ok=True)
    restore_modes(directory)
    ask_for_own_wheel(directory, wheel_name(checkout.directory))
    return Rendering(
        checkout=checkout,
        directory=directory,
        answers=recorded_answers(result["context"]),
        files=tuple(file_paths(directory)),
    )


def _refuse_path(slug: Any) -> None:
    """Raise InputError if the name of the project's directory would lead out of the scratch directory."""
    if slug and (not isinstance(slug, str) or PurePath(slug).name != slug or slug == ".."):
        raise InputError(
            "project_slug",
            f"{slug!r} is not the name of a directory",
            f"{retry_command()} --answers project_slug=NAME",
        )


def _refuse_links(checkout: Checkout) -> None:
    """Raise WorkFailed if a link of the template leads out of it: another file would be copied."""
    for path in (checkout.directory / PROJECT_TEMPLATE).rglob("*"):
        if path.is_symlink() and not path.resolve().is_relative_to(checkout.directory.resolve()):
            raise WorkFailed(
                str(path.relative_to(checkout.directory)),
                "is a link that leads out of the template",
                f"{retry_command()} --to VERSION  # another version of the template",
            )
