"""Tiny tarballs, made by the tests: right ones, and ones with a fault in them."""

import gzip
import io
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path


def make_tarball(
    directory: Path,
    name: str = "tiny",
    version: str = "1.0",
    *,
    files: Mapping[str, str],
    build: Sequence[str] | None = None,
    backend: str = "",
    backend_path: str = "",
    members: Sequence[tarfile.TarInfo] = (),
) -> Path:
    """Write NAME-VERSION.tar.gz; with `build` it has a table [build-system].

    `files` are relative to its one directory; `members` are added as they are, without content.
    """
    content = {"PKG-INFO": f"Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n", **files}
    if build is not None:
        requires = ", ".join(f'"{each}"' for each in build)
        table = [f"[build-system]\nrequires = [{requires}]"]
        table += [f'build-backend = "{backend}"'] if backend else []
        table += [f'backend-path = ["{backend_path}"]'] if backend_path else []
        content["pyproject.toml"] = "\n".join([*table, content.get("pyproject.toml", "")]) + "\n"
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, text in content.items():
            entry = tarfile.TarInfo(f"{name}-{version}/{path}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
        for extra in members:
            archive.addfile(extra)
    path = directory / f"{name}-{version}.tar.gz"
    directory.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(buffer.getvalue(), mtime=0))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    """An archive member of any name and any kind."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry
