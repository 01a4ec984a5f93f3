"""Resolve requirements with uv: which versions satisfy them, and where their files are.

uv writes its answer as a pylock.toml (PEP 751). It lists for each package its tarball and the
wheels that fit, with address, size and sha256. uv computes the sha256 itself if the index has none.
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
from vendor_fetch.program import edit_and_sync
from vendor_fetch.project.project import APPS_IN
from vendor_fetch.project.target import Target
from vendor_fetch.resolve.uv_failure import failed_build, uv_error, warnings


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A file that can be downloaded. `size` is in bytes, or None if the index does not say."""

    filename: str
    url: str
    sha256: str
    size: int | None = None


@dataclass(frozen=True, kw_only=True)
class Package:
    """A resolved package: its fitting wheels, the best one first, and its tarball.

    `path` is set for a requirement that names a file (`./requirements/src/….whl`).
    """

    name: str
    version: str
    wheels: tuple[Artifact, ...] = ()
    tarball: Artifact | None = None
    path: Path | None = None

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """All files of the package."""
        return (*self.wheels, self.tarball) if self.tarball else self.wheels

    @property
    def needs_no_build(self) -> bool:
        """Whether the package is a wheel, or a file that apps.in names."""
        return bool(self.wheels or self.path)


@dataclass(frozen=True, kw_only=True)
class SearchScope:
    """Where uv looks for packages.

    Without an `index`, uv looks at the project's own files only. With `vendored`, it looks at them
    besides the index: an extra index may have a locked version without the file that fits.
    """

    index: Index | None = None
    vendored: bool = False
    offline: bool = False

    def arguments(self) -> list[str]:
        """Return the arguments of uv for this scope."""
        if self.index is None:
            return ["--offline", "--no-index", "--find-links", str(SOURCE)]
        return [
            *(["--offline"] if self.offline else []),
            *(["--no-index"] if self.index.no_index else []),
        ]

    def environment(self, uv_toml: Path) -> dict[str, str]:
        """Return the environment of uv, which runs in the project's directory."""
        environment = {**permitted_environment(os.environ), "UV_CONFIG_FILE": str(uv_toml)}
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
    target: Target,
    scope: SearchScope,
    pinned: Mapping[str, str] | None = None,
    dependencies: bool = True,
    all_platforms: bool = False,
    build_requires: Sequence[str] = (),
    warn: Callable[[str], None] = lambda _: None,
    requesting_line: Callable[[str], str] = lambda _: str(APPS_IN),
) -> list[Package]:
    """Return the packages that satisfy a requirements file, or its lines, sorted by name.

    Versions in `pinned` (by canonical name) stay as long as the requirements allow them. With
    `all_platforms`, the result has the wheels for every platform, in no useful order. uv builds a
    tarball whose metadata does not list its dependencies; if the tarball's own build requirements
    are not enough, uv gets `build_requires`, too. `warn` is called with each warning of uv.
    `requesting_line` returns, in words, the line of apps.in that asks for the named package.

    Raise WorkFailed with uv's explanation, or InputError for a line that uv cannot parse.
    """
    with tempfile.TemporaryDirectory(prefix="vendor-fetch-") as name:
        scratch = Path(name)
        if isinstance(requirements, Path):
            source = requirements
        else:
            source = scratch / "requirements.in"
            source.write_text("".join(f"{line}\n" for line in requirements), encoding="utf-8")
        uv = _Uv(project, scope, scratch, build_requires)
        results: list[tuple[list[Package], str]] = []
        platforms = (None,) if all_platforms else target.uv_platforms
        for platform in platforms:
            pylock = scratch / f"pylock.{len(results)}.toml"
            if pinned:
                # uv prefers the versions in the file that it is about to write.
                pylock.write_text(_preferences(pinned), encoding="utf-8")
            run = uv.run(
                "pip",
                "compile",
                str(source),
                "--output-file",
                str(pylock),
                "--format",
                "pylock.toml",
                "--no-header",
                "--no-python-downloads",
                "--python",
                sys.executable,
                "--python-version",
                target.oldest_python,
                *scope.arguments(),
                *(["--universal"] if all_platforms else []),
                *(["--python-platform", platform] if platform else []),
                *([] if dependencies else ["--no-deps"]),
            )
            if run.returncode == 0:
                results.append((_packages(pylock), run.stderr))
                if all(package.needs_no_build for package in results[-1][0]):
                    break
            elif platform == platforms[-1] and not results:
                raise uv_error(
                    uv.with_user_files(run.stderr),
                    run.returncode,
                    for_apps_in=isinstance(requirements, Path),
                    build_requires=build_requires,
                    requesting_line=requesting_line,
                )
    # The last platform has a wheel for every package, or no platform has: take the one with most.
    packages, output = max(results, key=lambda result: sum(p.needs_no_build for p in result[0]))
    for line in warnings(output):
        warn(line)
    return packages


class _Uv:
    """uv with the permitted settings of the user, in the directory of a project."""

    def __init__(
        self, project: Path, scope: SearchScope, scratch: Path, build_requires: Sequence[str]
    ) -> None:
        self._project = project
        self._scope = scope
        self._uv_toml = scratch / "uv.toml"
        self._settings = uv_settings(project)
        self._build_requires = list(build_requires)
        self._extra_build: dict[str, list[str]] = {}

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run uv. Repeat with the additional build requirements after a failed build."""
        while True:
            text = self._settings.uv_toml(
                with_index=self._scope.index is not None, extra_build=self._extra_build
            )
            self._uv_toml.write_text(text, encoding="utf-8")
            run = subprocess.run(
                [find_uv(), *arguments],
                cwd=self._project,
                check=False,
                stdin=subprocess.DEVNULL,
                env=self._scope.environment(self._uv_toml),
                capture_output=True,
                text=True,
            )
            failed = failed_build(run.stderr) if run.returncode else None
            if not failed or not self._build_requires:
                return run
            name = canonical_name(failed)
            if name in self._extra_build:
                return run
            self._extra_build[name] = self._build_requires

    def with_user_files(self, output: str) -> str:
        """Return uv's output with the names of the user's configuration files."""
        return self._settings.with_user_files(output, self._uv_toml)


def _preferences(pinned: Mapping[str, str]) -> str:
    """Return a pylock.toml with these versions."""
    head = 'lock-version = "1.0"\ncreated-by = "vendor_fetch"\n'
    return head + "".join(
        f'[[packages]]\nname = "{name}"\nversion = "{version}"\n'
        for name, version in sorted(pinned.items())
    )


def _packages(pylock: Path) -> list[Package]:
    entries = tomllib.loads(pylock.read_text(encoding="utf-8")).get("packages", [])
    return sorted((_package(entry, pylock.parent) for entry in entries), key=lambda p: p.name)


def _package(entry: dict[str, Any], directory: Path) -> Package:
    """Return one package of a pylock.toml in a directory. Raise InputError for a VCS address."""
    wheels, tarball, archive = entry.get("wheels", []), entry.get("sdist"), entry.get("archive")
    if not archive and not wheels and not tarball:
        raise InputError(
            f"{APPS_IN}: {entry['name']}",
            "is neither from an index nor a file, so it cannot be vendored",
            edit_and_sync(APPS_IN, f"build its wheel into {SOURCE}/, and name that path"),
        )
    path = archive and archive.get("path")
    if archive and not path:
        is_wheel = archive["url"].endswith(".whl")
        wheels, tarball = ([archive], None) if is_wheel else ([], archive)
    return Package(
        name=canonical_name(entry["name"]),
        version=entry.get("version", ""),
        wheels=tuple(_artifact(wheel) for wheel in wheels),
        tarball=_artifact(tarball) if tarball else None,
        path=(directory / path).resolve() if path else None,
    )


def _artifact(entry: dict[str, Any]) -> Artifact:
    url = entry.get("url") or Path(entry["path"]).as_uri()
    return Artifact(
        filename=PurePosixPath(unquote(urlsplit(url).path)).name,
        url=url,
        sha256=entry["hashes"]["sha256"],
        size=entry.get("size"),
    )
