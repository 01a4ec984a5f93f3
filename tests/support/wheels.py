"""Tiny wheels, made by the tests: right ones, and ones with a fault in them."""

import base64
import hashlib
import stat
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path


def make_wheel(
    directory: Path,
    name: str = "tiny",
    version: str = "1.0",
    *,
    files: Mapping[str, str | bytes] | None = None,
    tag: str = "py3-none-any",
    entry_points: str = "",
    requires: Sequence[str] = (),
    executable: Sequence[str] = (),
    wheel_version: str = "1.0",
    pure: bool = True,
    record: str | None = None,
    members: Sequence[zipfile.ZipInfo] = (),
    headers: Sequence[str] = (),
    without: Sequence[str] = (),
) -> Path:
    """Write NAME-VERSION-TAG.whl; `files` default to one module that knows its version.

    `headers` are further lines of METADATA; a surrogate in one is a byte that is not UTF-8.
    `without` are files of .dist-info to leave out. `record` replaces the RECORD that would be
    right; `members` are added as they are, with their own name for content.
    """
    info = f"{name}-{version}.dist-info"
    content: dict[str, str | bytes] = dict(
        files if files is not None else {f"{name}.py": f"VERSION = {version!r}\n"}
    )
    content[f"{info}/METADATA"] = "\n".join(
        [
            "Metadata-Version: 2.1",
            f"Name: {name}",
            f"Version: {version}",
            *(f"Requires-Dist: {each}" for each in requires),
            *headers,
            "",
            "A tiny one.",
            "",
        ]
    )
    content[f"{info}/WHEEL"] = (
        f"Wheel-Version: {wheel_version}\nGenerator: tests\n"
        f"Root-Is-Purelib: {str(pure).lower()}\nTag: {tag}\n"
    )
    if entry_points:
        content[f"{info}/entry_points.txt"] = entry_points
    encoded = {
        path: text.encode(errors="surrogateescape") if isinstance(text, str) else text
        for path, text in content.items()
        if path not in {f"{info}/{name}" for name in without}
    }
    rows = [f"{path},{_digest(data)},{len(data)}" for path, data in encoded.items()]
    encoded[f"{info}/RECORD"] = (
        record if record is not None else "\n".join([*rows, f"{info}/RECORD,,", ""])
    ).encode()

    path = directory / f"{name}-{version}-{tag}.whl"
    directory.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in encoded.items():
            entry = zipfile.ZipInfo(member, date_time=(2020, 1, 1, 0, 0, 0))
            mode = 0o755 if member in executable else 0o644
            entry.external_attr = (stat.S_IFREG | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
        for extra in members:
            archive.writestr(extra, extra.filename)
    return path


def member(name: str, kind: int = stat.S_IFREG) -> zipfile.ZipInfo:
    """An archive member of any name and any kind of file."""
    entry = zipfile.ZipInfo("replaced", date_time=(2020, 1, 1, 0, 0, 0))
    entry.filename = name  # the constructor would tidy it
    entry.external_attr = (kind | 0o644) << 16
    return entry


def lock_line(path: Path, marker: str = "") -> str:
    """The line of a lock for a file in requirements/src/."""
    condition = f" ; {marker}" if marker else ""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"requirements/src/{path.name}{condition} --hash=sha256:{digest}\n"


def _digest(data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
    return "sha256=" + digest.decode().rstrip("=")
