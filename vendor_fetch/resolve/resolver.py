"""Which versions satisfy the requirements, and where their files are: asked of uv.

uv answers as a pylock.toml (PEP 751): for each package its tarball and the wheels that fit, with
address, size and sha256. It hashes the files of an index that has no hashes itself.
"""

import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from bootstrapper.errors import InputError
from bootstrapper.ve.project.lockfile import SOURCE
from bootstrapper.ve.standards.filename import canonical_name
from vendor_fetch.index.index import Index
from vendor_fetch.index.uv import INDEX_VARIABLES, find_uv, permitted_environment, uv_settings
from vendor_fetch.project.project import APPS_IN
from vendor_fetch.project.target import Target
from vendor_fetch.resolve.uv_failure import failed_build, uv_error, warnings


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
class SearchScope:
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
        return [
            *(["--offline"] if self.offline else []),
            *(["--no-index"] if self.index.no_index else []),
        ]

    def environment(self, configuration: Path) -> dict[str, str]:
        """The environment uv runs in, in the project's directory; its settings are that file's."""
        environment = {**permitted_environment(os.environ), "UV_CONFIG_FILE": str(configuration)}
        if self.index is None:
            return {
                name: value for name, value in environment.items() if name not in INDEX_VARIABLES
            }
        environment |= self.index.environment
        if self.vendored:
            links = [str(SOURCE), environment.get("UV_FIND_LINKS", "")]
            environment["UV_FIND_LINKS"] = ",".join(filter(None, links))
        return environment


def resolve(
    requirements: Path | Iterable[str],
    *,
    project: Path,
    platform: Target,
    source: SearchScope,
    pinned: Mapping[str, str] | None = None,
    dependencies: bool = True,
    everywhere: bool = False,
    build_requires: Sequence[str] = (),
    warn: Callable[[str], None] = lambda _: None,
    asker: Callable[[str], str] = lambda _: str(APPS_IN),
) -> list[Package]:
    """Packages that satisfy a requirements file, or lines like those of one, sorted by name.

    Versions in `pinned` (by canonical name) are kept as long as the requirements allow them.
    `everywhere` tells the wheels for all other platforms, too; the first is any of them.
    uv builds a tarball that does not say whom it depends on; one that can't be built by its own
    requirements gets `build_requires`, too. `warn` is called with each warning of uv. `asker`
    tells in words which line of apps.in asks for the package of a name.
    Raises WorkFailed with uv's own explanation, or InputError where it can't read a line.
    """
    with tempfile.TemporaryDirectory(prefix="vendor-fetch-") as scratch:
        if isinstance(requirements, Path):
            asked = requirements
        else:
            asked = Path(scratch) / "requirements.in"
            asked.write_text("".join(f"{line}\n" for line in requirements), encoding="utf-8")
        uv = _Uv(project, source, Path(scratch), build_requires)
        answers: list[tuple[list[Package], str]] = []
        names = (None,) if everywhere else platform.uv_platforms
        for name in names:
            answer = Path(scratch) / f"pylock.{len(answers)}.toml"
            if pinned:
                # uv prefers the versions of the file that it is about to write.
                answer.write_text(_preferences(pinned), encoding="utf-8")
            done = uv.run(
                "pip",
                "compile",
                str(asked),
                "--output-file",
                str(answer),
                "--format",
                "pylock.toml",
                "--no-header",
                "--no-python-downloads",
                "--python",
                sys.executable,
                "--python-version",
                platform.oldest_python,
                *source.words(),
                *(["--universal"] if everywhere else []),
                *(["--python-platform", name] if name else []),
                *([] if dependencies else ["--no-deps"]),
            )
            if done.returncode == 0:
                answers.append((_packages(answer), done.stderr))
                if all(package.wheels or package.path for package in answers[-1][0]):
                    break
            elif name == names[-1] and not answers:
                raise uv_error(
                    uv.named(done.stderr),
                    done.returncode,
                    of_people=isinstance(requirements, Path),
                    build_requires=build_requires,
                    asker=asker,
                )
    # The last has a wheel for every package; if none has, the platform with the most of them.
    packages, said = max(
        answers, key=lambda each: sum(1 for one in each[0] if one.wheels or one.path)
    )
    for line in warnings(said):
        warn(line)
    return packages


class _Uv:
    """uv with the permitted settings of the user, in the directory of a project."""

    def __init__(
        self, project: Path, source: SearchScope, scratch: Path, build_requires: Sequence[str]
    ) -> None:
        self._project = project
        self._source = source
        self._configuration = scratch / "uv.toml"
        self._settings = uv_settings(project)
        self._build_requires = list(build_requires)
        self._extended: dict[str, list[str]] = {}

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run it; again for each tarball that can be built with the build requirements alone."""
        while True:
            self._configuration.write_text(
                self._settings.text(
                    places=self._source.index is not None, extra_build=self._extended
                ),
                encoding="utf-8",
            )
            done = subprocess.run(
                [find_uv(), *words],
                cwd=self._project,
                check=False,
                stdin=subprocess.DEVNULL,
                env=self._source.environment(self._configuration),
                capture_output=True,
                text=True,
            )
            name = failed_build(done.stderr) if done.returncode else None
            if not name or not self._build_requires or canonical_name(name) in self._extended:
                return done
            self._extended[canonical_name(name)] = self._build_requires

    def named(self, said: str) -> str:
        """What it has said, with the names of the user's files."""
        return self._settings.named(said, self._configuration)


def _preferences(pinned: Mapping[str, str]) -> str:
    head = 'lock-version = "1.0"\ncreated-by = "vendor_fetch"\n'
    return head + "".join(
        f'[[packages]]\nname = "{name}"\nversion = "{version}"\n'
        for name, version in sorted(pinned.items())
    )


def _packages(answer: Path) -> list[Package]:
    packages = []
    for entry in tomllib.loads(answer.read_text(encoding="utf-8")).get("packages", []):
        archive = entry.get("archive")
        if not archive and not entry.get("wheels") and not entry.get("sdist"):
            raise InputError(
                f"requirements/apps.in: {entry['name']}",
                "is neither from an index nor a file, so it can't be vendored",
                "build its wheel, put it in requirements/src/ and name that path",
            )
        path = archive and archive.get("path")
        wheels, tarball = entry.get("wheels", []), entry.get("sdist")
        if archive and not path:
            is_wheel = archive["url"].endswith(".whl")
            wheels, tarball = ([archive], None) if is_wheel else ([], archive)
        packages.append(
            Package(
                name=canonical_name(entry["name"]),
                version=entry.get("version", ""),
                wheels=tuple(_artifact(wheel) for wheel in wheels),
                tarball=_artifact(tarball) if tarball else None,
                path=(answer.parent / path).resolve() if path else None,
            )
        )
    return sorted(packages, key=lambda package: package.name)


def _artifact(entry: dict[str, Any]) -> Artifact:
    url = entry.get("url") or Path(entry["path"]).as_uri()
    return Artifact(
        filename=PurePosixPath(unquote(urlsplit(url).path)).name,
        url=url,
        sha256=entry["hashes"]["sha256"],
        size=entry.get("size"),
    )
