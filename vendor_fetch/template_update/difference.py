"""The difference between two versions of the template, rendered for one project."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bootstrapper.errors import InputError, WorkFailed
from bootstrapper.spelling import did_you_mean
from vendor_fetch.program import program_command
from vendor_fetch.project.project import APPS_IN
from vendor_fetch.template.answers import faults_of
from vendor_fetch.template.kinds import FileKinds, read_kinds
from vendor_fetch.template.origin import address_of, shown
from vendor_fetch.template.record import RECORD, TemplateRecord, hashes
from vendor_fetch.template_update.checkout import Checkout
from vendor_fetch.template_update.own_files import without_own_line
from vendor_fetch.template_update.render import Rendering, render

_NAMED = 3  # files that a message names


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The old version of the template and the new one, rendered for a project."""

    old: Rendering
    new: Rendering
    kinds: FileKinds

    @property
    def yours(self) -> tuple[str, ...]:
        """The project's own files that the template has changed."""
        return tuple(
            path
            for path in sorted({*self.old.files, *self.new.files})
            if self.kinds.is_yours(path)
            and without_own_line(_content(self.old.directory / path))
            != without_own_line(_content(self.new.directory / path))
        )

    @property
    def wishes(self) -> tuple[str, ...]:
        """The requirements that only the new version's apps.in has."""
        old, new = (
            (without_own_line(_content(each.directory / APPS_IN)) or b"").decode("utf-8", "replace")
            for each in (self.old, self.new)
        )
        lines = [line.strip() for line in new.splitlines() if line.strip()[:1] not in ("", "#")]
        return tuple(line for line in lines if line not in map(str.strip, old.splitlines()))

    @property
    def moved(self) -> list[str]:
        """The template's files that are new, or that have other bytes now."""
        return [
            path
            for path in self.owned(self.new)
            if _content(self.old.directory / path) != _content(self.new.directory / path)
        ]

    @property
    def removed(self) -> list[str]:
        """The template's files that the new version does not have."""
        return [path for path in self.owned(self.old) if path not in self.new.files]

    def owned(self, rendering: Rendering) -> list[str]:
        """Return the template's files of a rendering. A file that changes its kind is none."""
        return [path for path in rendering.files if self.kinds.is_owned(path)]

    def new_record(
        self, address: str, record: TemplateRecord | None, project: Path
    ) -> TemplateRecord:
        """Return the record of the new version, with the hashes of generated files in the old one."""
        new = self.new
        kinds = read_kinds(new.checkout.directory)
        before = record.files if record else {}
        rendered = (path for path in new.files if not kinds.is_generated(path))
        # A version of a path is in a clone of this run.
        path = Path(address.removeprefix("file://")).expanduser()
        origin = path if path.is_dir() else new.checkout.directory
        return TemplateRecord(
            address=address_of(origin, address, project),
            version=new.checkout.version,
            answers=new.answers,
            files={
                **{path: each for path, each in before.items() if kinds.is_generated(path)},
                **hashes(new.directory, rendered),
            },
        )


def difference_of(
    project: Path,
    record: TemplateRecord | None,
    old: Checkout,
    new: Checkout,
    given: Mapping[str, Any],
    scratch: Path,
    *,
    verify: bool,
) -> Difference:
    """Return two versions of the template, rendered for a project.

    The `given` answers hold for the new version, and for the old one if there is no record. With
    `verify`, raise WorkFailed if the old version is not what the project was generated with. Raise
    InputError if the new one is older, or for wrong answers.
    """
    _refuse_older(old, new)
    answers = record.answers if record else given
    rendered = render(old, answers, scratch / "old")
    kinds = read_kinds(old.directory) | read_kinds(new.directory)
    if record and verify:
        _verify(record, rendered, kinds)
    if not record:
        _refuse_foreign(project, rendered)
    if _has_all_pages(project, rendered, kinds):
        kinds = replace(kinds, pages=())
    newer = render(new, {**answers, **given}, scratch / "new")
    _check_answers(
        newer,
        {name: answer for name, answer in given.items() if rendered.answers.get(name) != answer},
    )
    return Difference(old=rendered, new=newer, kinds=kinds)


def _verify(record: TemplateRecord, rendered: Rendering, kinds: FileKinds) -> None:
    """Raise WorkFailed if the old version, rendered, differs from what the project was generated as."""
    files = {path for path in rendered.files if not kinds.is_generated(path)}
    now = hashes(rendered.directory, files)
    then = {path: each for path, each in record.files.items() if not kinds.is_generated(path)}
    differing = sorted(
        path
        for path in {*now, *then}
        if now.get(path) != then.get(path)
        and _with_crlf(rendered.directory / path) != then.get(path)
    )
    if differing:
        more = f" and {len(differing) - _NAMED} more" if differing[_NAMED:] else ""
        raise WorkFailed(
            f"{rendered.checkout.address} {shown(record.version)}".strip(),
            "does not give the files any more that the project was generated with: "
            f"{', '.join(differing[:_NAMED])}{more}",
            program_command("template-update", "--from", "VERSION")
            + f"  # the version that {RECORD} is from; its files are not compared",
        )


def _with_crlf(path: Path) -> str | None:
    """Return the sha256 of a file with the line ends of Windows, as core.autocrlf writes them."""
    content = _content(path)
    if content is None or b"\r\n" in content:
        return None
    return hashlib.sha256(content.replace(b"\n", b"\r\n")).hexdigest()


def _has_all_pages(project: Path, rendered: Rendering, kinds: FileKinds) -> bool:
    """Return whether a project has all pages of a rendering as they are there."""
    return all(
        _content(project / path) == _content(rendered.directory / path)
        for path in rendered.files
        if kinds.is_page(path)
    )


def _refuse_foreign(project: Path, rendered: Rendering) -> None:
    """Raise InputError if the project has none of the files of an old version."""
    present = [path for path in rendered.files if (project / path).is_file()]
    tops = {path.partition("/")[0] for path in rendered.files if "/" in path}
    missing = sorted(name for name in tops if not (project / name).is_dir())
    if missing or len(present) * 2 < len(rendered.files):
        lacks = f"; it lacks {', '.join(missing)}/" if missing else ""
        raise InputError(
            "--answers",
            f"the project has {len(present)} of the {len(rendered.files)} files that "
            f"{shown(rendered.checkout.version)} gives with these answers{lacks}",
            program_command("template-update", "--help")
            + "  # --answers: all that differ from the defaults, such as project_slug=NAME",
        )


def _check_answers(rendered: Rendering, given: Mapping[str, Any]) -> None:
    """Raise InputError for a given answer that the template does not ask for, or would not take.

    cookiecutter itself refuses an answer that is not among the choices.
    """
    again = program_command("template-update", "--answers", "NAME=VALUE")
    for name in given:
        if name not in rendered.answers:
            known = did_you_mean(name, rendered.answers)
            raise InputError(name, f"is no question of the template{known}", again)
    faults = faults_of(rendered.checkout.directory, rendered.answers)
    for name, fault in faults.items():
        if name in given:
            raise InputError(name, f"{given[name]!r} {fault}", again)


def _refuse_older(old: Checkout, new: Checkout) -> None:
    """Raise InputError if the new version is one before the old one."""
    if new.is_before(old.version):
        raise InputError(
            shown(new.version),
            f"is older than {shown(old.version)}, which the project comes from",
            program_command("template-update", "--to", "VERSION") + "  # a newer one",
        )


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
