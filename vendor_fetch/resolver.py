"""Which versions satisfy the requirements, and where their files are: asked of uv.

uv answers as a pylock.toml (PEP 751): for each package its tarball and the wheels that fit, with
address, size and sha256. It hashes the files of an index that has no hashes itself.
"""

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from bootstrapper.errors import BootstrapperError, InputError, WorkFailed
from bootstrapper.ve.filename import canonical
from bootstrapper.ve.lockfile import SOURCE
from vendor_fetch.index import Index
from vendor_fetch.platforms import Platform
from vendor_fetch.uv import find_uv
from vendor_fetch.uv_settings import PLACES, permitted, uv_settings

# How uv begins to complain about its own variables and files; the options are ours, and right.
_OF_UV = re.compile(r"error: invalid value |failed to (read from|open) file|"
                    r"Failed to parse: \S*(uv|pyproject)\.toml")


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A file that can be fetched: `size` in bytes (None where the index doesn't say)."""

    filename: str
    url: str
    sha256: str
    size: int | None = None


@dataclass(frozen=True, kw_only=True)
class Package:
    """A resolved package: its wheels that fit, the one to take first; its tarball.

    `path` is set for a requirement that names a file (`./requirements/src/….whl`).
    """

    name: str
    version: str
    wheels: tuple[Artifact, ...] = ()
    tarball: Artifact | None = None
    path: Path | None = None

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """All its files."""
        return (*self.wheels, self.tarball) if self.tarball else self.wheels


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where uv may look: in the index, in the project's own files, or in both.

    `index` None is the project's files alone; `vendored` adds them to the index, because an
    extra index may have a locked version without the file that fits.
    """

    index: Index | None = None
    vendored: bool = False
    offline: bool = False

    def words(self) -> list[str]:
        """The arguments of uv that say so."""
        if self.index is None:
            return ["--offline", "--no-index", "--find-links", str(SOURCE)]
        return [*(["--offline"] if self.offline else []),
                *(["--no-index"] if self.index.no_index else [])]

    def environment(self, configuration: Path) -> dict[str, str]:
        """The environment uv runs in, in the project's directory; its settings are that file's."""
        environment = {**permitted(os.environ), "UV_CONFIG_FILE": str(configuration)}
        if self.index is None:
            return {name: value for name, value in environment.items() if name not in PLACES}
        environment |= self.index.environment
        if self.vendored:
            links = [str(SOURCE), environment.get("UV_FIND_LINKS", "")]
            environment["UV_FIND_LINKS"] = ",".join(filter(None, links))
        return environment


def resolve(requirements: Path | Iterable[str], *, project: Path, platform: Platform,
            source: Source, pinned: Mapping[str, str] | None = None,
            dependencies: bool = True, everywhere: bool = False) -> list[Package]:
    """Packages that satisfy a requirements file, or lines like those of one, sorted by name.

    Versions in `pinned` (by canonical name) are kept as long as the requirements allow them.
    `everywhere` tells the wheels for all other platforms, too; the first is any of them.
    Raises WorkFailed with uv's own explanation, or InputError where it can't read a line.
    """
    with tempfile.TemporaryDirectory(prefix="vendor-fetch-") as scratch:
        if isinstance(requirements, Path):
            asked = requirements
        else:
            asked = Path(scratch) / "requirements.in"
            asked.write_text("".join(f"{line}\n" for line in requirements), encoding="utf-8")
        configuration, settings = Path(scratch) / "uv.toml", uv_settings(project)
        configuration.write_text(settings.text(places=source.index is not None), encoding="utf-8")
        answers: list[list[Package]] = []
        names = (None,) if everywhere else platform.uv_platforms
        for name in names:
            answer = Path(scratch) / f"pylock.{len(answers)}.toml"
            if pinned:
                # uv prefers the versions of the file that it is about to write.
                answer.write_text(_preferences(pinned), encoding="utf-8")
            command = [find_uv(), "pip", "compile", str(asked), "--output-file", str(answer),
                       "--format", "pylock.toml", "--no-header", "--quiet",
                       "--no-python-downloads", "--python", sys.executable,
                       "--python-version", platform.oldest_python, *source.words(),
                       *(["--universal"] if everywhere else []),
                       *(["--python-platform", name] if name else []),
                       *([] if dependencies else ["--no-deps"])]
            done = subprocess.run(command, cwd=project, env=source.environment(configuration),
                                  check=False, stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True)
            if done.returncode == 0:
                packages = _packages(answer)
                if all(package.wheels or package.path for package in packages):
                    return packages
                answers.append(packages)
            elif name == names[-1] and not answers:
                raise _failure(requirements, done.returncode,
                               settings.named(done.stderr, configuration))
    # Nowhere a wheel for every package: the platform with the most of them.
    return max(answers, key=lambda packages: sum(1 for each in packages if each.wheels))


def _preferences(pinned: Mapping[str, str]) -> str:
    head = 'lock-version = "1.0"\ncreated-by = "vendor_fetch"\n'
    return head + "".join(f'[[packages]]\nname = "{name}"\nversion = "{version}"\n'
                          for name, version in sorted(pinned.items()))


def _packages(answer: Path) -> list[Package]:
    packages = []
    for entry in tomllib.loads(answer.read_text(encoding="utf-8")).get("packages", []):
        archive = entry.get("archive")
        if not archive and not entry.get("wheels") and not entry.get("sdist"):
            raise InputError(f"requirements/apps.in: {entry['name']}",
                             "is neither from an index nor a file, so it can't be vendored",
                             "build its wheel, put it in requirements/src/ and name that path")
        path = archive and archive.get("path")
        wheels, tarball = entry.get("wheels", []), entry.get("sdist")
        if archive and not path:
            is_wheel = archive["url"].endswith(".whl")
            wheels, tarball = ([archive], None) if is_wheel else ([], archive)
        packages.append(Package(
            name=canonical(entry["name"]),
            version=entry.get("version", ""),
            wheels=tuple(_artifact(wheel) for wheel in wheels),
            tarball=_artifact(tarball) if tarball else None,
            path=(answer.parent / path).resolve() if path else None,
        ))
    return sorted(packages, key=lambda package: package.name)


def _artifact(entry: dict[str, Any]) -> Artifact:
    url = entry.get("url") or Path(entry["path"]).as_uri()
    return Artifact(filename=PurePosixPath(unquote(urlsplit(url).path)).name, url=url,
                    sha256=entry["hashes"]["sha256"], size=entry.get("size"))


def _failure(requirements: Path | Iterable[str], status: int, said: str) -> BootstrapperError:
    people_wrote_it = isinstance(requirements, Path)
    where = "requirements/apps.in" if people_wrote_it else "the index"
    fault = "\n".join(line for line in said.strip().splitlines()
                      if line and not line.startswith(("warning:", "For more information"))
                      ) or f"uv ended with status {status}"
    if _OF_UV.search(said):
        return InputError("uv's settings (UV_… in the environment, uv.toml, [tool.uv])", fault,
                          "mend that setting, then run the same command again")
    if people_wrote_it and "parse" in said and status == 2 and "fetch" not in said:
        return InputError(where, fault, "mend the line, then run: python -m vendor_fetch sync")
    if people_wrote_it and "unsatisfiable" in said and "network was disabled" not in said:
        return WorkFailed(where, fault, "change what it asks for, then run: "
                                        "python -m vendor_fetch sync")
    return WorkFailed(where, fault, "see that the index that pip or uv is configured for can be "
                                    "reached and has it, then run the same command again")
