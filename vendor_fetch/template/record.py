"""The template's record in a generated project, `.template.json`."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from bootstrapper.errors import InputError
from vendor_fetch.program import restore_command

RECORD = PurePosixPath(".template.json")
# The secrets of one machine: no two generations have the same.
_NOT_RECORDED = {".env", str(RECORD)}


@dataclass(frozen=True, kw_only=True)
class TemplateRecord:
    """What a project was generated from.

    `address` is what cookiecutter takes, and `version` a tag, a commit, or the version in the
    template's setup.cfg if it has no git repository. `answers` are those to the questions of
    cookiecutter.json, and `files` the sha256 of each file as generated, by its path.
    """

    address: str
    version: str
    answers: Mapping[str, Any]
    files: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """Return the content of the file."""
        content = {
            "template": {"address": self.address, "version": self.version},
            "answers": self.answers,
            "files": dict(sorted(self.files.items())),
        }
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def read_record(project: Path) -> TemplateRecord | None:
    """Return the record of a project; None if there is none. Raise InputError for a faulty one."""
    try:
        text = (project / RECORD).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _faulty(str(error)) from None
    return parse_record(text)


def parse_record(text: str) -> TemplateRecord:
    """Return the record of a text. Raise InputError for a faulty one."""
    try:
        content = json.loads(text)
        template, answers, files = (content[key] for key in ("template", "answers", "files"))
        record = TemplateRecord(
            address=template["address"],
            version=template["version"],
            answers=dict(answers),
            files=dict(files),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise _faulty(f"{type(error).__name__}: {error}") from None
    texts = [record.address, record.version, *record.files, *record.files.values()]
    if not all(isinstance(each, str) for each in texts):
        raise _faulty("an address, a version or a hash is no text")
    return record


def recorded_answers(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers of cookiecutter's context. Those that begin with _ are private."""
    return {name: answer for name, answer in context.items() if not name.startswith("_")}


def hashes(project: Path, paths: Iterable[str]) -> dict[str, str]:
    """Return the sha256 of the files of a project that are recorded, by their paths."""
    return {
        path: hashlib.sha256((project / path).read_bytes()).hexdigest()
        for path in paths
        if path not in _NOT_RECORDED
    }


def file_paths(directory: Path) -> list[str]:
    """Return the paths of all files in a directory, from there."""
    return sorted(
        path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()
    )


def _faulty(fault: str) -> InputError:
    return InputError(str(RECORD), f"can't be read: {fault}", restore_command(RECORD))
