"""Resolve requirements with uv: which versions satisfy them, and where their files are.

uv writes its answer as a pylock.toml (PEP 751). It lists for each package its tarball and the
wheels that fit, with address, size and sha256. uv computes the sha256 itself if the index has none.
"""

import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from bootstrapper.ve.standards.filename import InvalidFilename, canonical_name, parse_filename
from vendor_fetch.project.project import APPS_IN
from vendor_fetch.project.target import Target
from vendor_fetch.resolve.uv_failure import names_address, uv_error, warnings
from vendor_fetch.resolve.uv_run import SearchScope, Uv

# The minor versions of glibc that uv's `--python-platform` knows.
_GLIBC_MINORS = (17, 28, *range(31, 41))


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A file that can be downloaded.

    `size` is in bytes, and `uploaded` the time when the index got it; None if it does not say.
    """

    filename: str
    url: str
    sha256: str
    size: int | None = None
    uploaded: datetime | None = None


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


def resolve(
    requirements: Iterable[str],
    *,
    project: Path,
    target: Target,
    scope: SearchScope,
    pinned: Mapping[str, str] | None = None,
    constraints: Sequence[str] = (),
    dependencies: bool = True,
    all_platforms: bool = False,
    lowest: bool = False,
    build_requires: Sequence[str] = (),
    warn: Callable[[str], None] = lambda _: None,
    for_apps_in: bool = False,
    requesting_line: Callable[[str], str] = lambda _: str(APPS_IN),
) -> list[Package]:
    """Return the packages that satisfy the requirements, sorted by name.

    Versions in `pinned` (by canonical name) stay as long as the requirements allow them. The
    `constraints` are requirements of packages that need not be in the result. With `all_platforms`,
    the result has the wheels for every platform, in no useful order. With `lowest`, each required
    package gets the lowest version that is allowed. uv builds a tarball whose
    metadata does not list its dependencies; if the tarball's own build requirements are not enough,
    uv gets `build_requires`, too. `warn` is called with each warning of uv. `for_apps_in` says
    whether apps.in has the requirements; `requesting_line` returns, in words, its line that asks for
    the named package.

    Raise WorkFailed with uv's explanation, or InputError for a line that uv cannot parse.
    """
    with tempfile.TemporaryDirectory(prefix="vendor-fetch-") as name:
        scratch = Path(name)
        requirements = list(requirements)
        source = scratch / "requirements.in"
        source.write_text("".join(f"{line}\n" for line in requirements), encoding="utf-8")
        limits = scratch / "constraints.txt"
        limits.write_text("".join(f"{line}\n" for line in constraints), encoding="utf-8")
        uv = Uv(project, scope, scratch, build_requires)
        pylock = scratch / "pylock.toml"
        if pinned:
            # uv prefers the versions in the file that it is about to write.
            pylock.write_text(_preferences(pinned), encoding="utf-8")
        words = [
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
            *(["--refresh"] if scope.must_refresh(target) else []),
            *(["--universal"] if all_platforms else ["--python-platform", uv_platform(target)]),
            *(["--constraint", str(limits)] if constraints else []),
            *([] if dependencies else ["--no-deps"]),
            *(["--resolution", "lowest-direct"] if lowest else []),
        ]
        # uv supposes a later macOS.
        macos = {"MACOSX_DEPLOYMENT_TARGET": ".".join(map(str, target.oldest_system))}
        run = uv.run(*words, **macos)
        if run.returncode and names_address(run.stderr):
            # Metadata names an address of a package. The file that a line has led to replaces it.
            overrides = scratch / "overrides.txt"
            vendored = [line for line in requirements if " @ file:" in line]
            overrides.write_text("".join(f"{line}\n" for line in vendored), encoding="utf-8")
            if vendored:
                run = uv.run(*words, "--override", str(overrides), **macos)
        if run.returncode:
            raise uv_error(
                uv.with_user_files(run.stderr).replace(str(source), str(APPS_IN)),
                run.returncode,
                for_apps_in=for_apps_in,
                build_requires=build_requires,
                requesting_line=requesting_line,
            )
        packages = _packages(pylock)
        uv.refuse_named_files(
            artifact.url for package in packages for artifact in package.artifacts
        )
    for line in warnings(uv.with_user_files(run.stderr).replace(str(source), str(APPS_IN))):
        warn(line)
    return packages


def uv_platform(target: Target) -> str:
    """Return the value of uv's `--python-platform` for a target."""
    if target.sys_platform == "darwin":
        return "aarch64-apple-darwin" if target.machine == "arm64" else "x86_64-apple-darwin"
    # uv knows some versions of glibc; a wheel for an older one fits as well.
    minor = max(each for each in _GLIBC_MINORS if each <= target.oldest_system[1])
    return f"{target.machine}-manylinux_2_{minor}"


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
    """Return one package of a pylock.toml in a directory."""
    path = entry.get("archive", {}).get("path")
    name = canonical_name(entry["name"])
    tarballs = _artifacts([entry["sdist"]] if "sdist" in entry else [], name)
    return Package(
        name=name,
        version=entry.get("version", ""),
        wheels=_artifacts(entry.get("wheels", []), name),
        tarball=tarballs[0] if tarballs else None,
        path=(directory / path).resolve() if path else None,
    )


def _artifacts(entries: Iterable[dict[str, Any]], name: str) -> tuple[Artifact, ...]:
    """Return the files of a package, without those whose names a lock can't have for it.

    An index chooses the address of a file: it must not replace a file of another package.
    """
    found = tuple(map(_artifact, entries))
    return tuple(artifact for artifact in found if _is_name_of(artifact.filename, name))


def _is_name_of(filename: str, name: str) -> bool:
    try:
        return parse_filename(filename).name == name
    except InvalidFilename:
        return False


def _artifact(entry: dict[str, Any]) -> Artifact:
    url = entry.get("url") or Path(entry["path"]).as_uri()
    return Artifact(
        filename=entry.get("name") or PurePosixPath(unquote(urlsplit(url).path)).name,
        url=url,
        sha256=entry["hashes"]["sha256"],
        size=entry.get("size"),
        uploaded=entry.get("upload-time"),
    )
