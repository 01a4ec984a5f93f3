"""Build the wheel of bootstrapper and vendor_fetch from a checkout, without a build tool.

The same checkout gives the same bytes on every machine. The members are sorted, dated 1980 and have
mode 0644. They are stored and not deflated: versions of zlib compress differently, and Python
imports faster from stored members. All metadata comes from setup.cfg, as it does for setuptools.
"""

import configparser
import fnmatch
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from bootstrapper.errors import InputError
from bootstrapper.quoting import quoted
from bootstrapper.ve.wheel.record import format_record, record_row
from vendor_fetch.atomic_file import write_file

# The oldest date that a zip file can hold.
DATE = (1980, 1, 1, 0, 0, 0)
REGULAR_0644 = 0o100644


def build_wheel(checkout: Path, directory: Path) -> Path:
    """Write the wheel of `checkout` into `directory` and return its path. Raise InputError."""
    setup = _setup(checkout)
    version, stem = setup["metadata"]["version"], _stem(setup)
    members = {
        path.relative_to(checkout).as_posix(): path.read_bytes()
        for path in _package_files(checkout, setup)
    }
    info = f"{stem}.dist-info"
    for pattern in setup["metadata"].get("license_files", "").split():
        for path in checkout.glob(pattern):
            members[f"{info}/licenses/{path.relative_to(checkout).as_posix()}"] = path.read_bytes()
    members[f"{info}/METADATA"] = _metadata(checkout, setup).encode()
    members[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: vendor_fetch ({version})\n"
        "Root-Is-Purelib: true\nTag: py3-none-any\n"
    ).encode()
    # PEP 427 wants dist-info at the end.
    ordered = sorted(members, key=lambda member: (member.startswith(info), member))
    rows = [(member, *record_row(members[member])) for member in ordered]
    members[f"{info}/RECORD"] = format_record([*rows, (f"{info}/RECORD", "", "")])

    directory.mkdir(parents=True, exist_ok=True)
    wheel = directory / wheel_name(checkout)
    write_file(wheel, _archive({name: members[name] for name in [*ordered, f"{info}/RECORD"]}))
    return wheel


def wheel_name(checkout: Path) -> str:
    """Return the name of the wheel of `checkout`. Raise InputError."""
    return f"{_stem(_setup(checkout))}-py3-none-any.whl"


def _setup(checkout: Path) -> configparser.ConfigParser:
    setup = configparser.ConfigParser()
    if not setup.read(checkout / "setup.cfg", encoding="utf-8"):
        raise InputError(
            str(checkout),
            "has no setup.cfg, so it is no complete checkout of the template",
            f"git -C {quoted(str(checkout))} checkout -- setup.cfg",
        )
    return setup


def _stem(setup: configparser.ConfigParser) -> str:
    """Return the distribution's name and version, as file names have them."""
    return f"{setup['metadata']['name'].replace('-', '_')}-{setup['metadata']['version']}"


def _package_files(checkout: Path, setup: configparser.ConfigParser) -> Iterator[Path]:
    include = setup["options.packages.find"]["include"].split()
    data = setup["options.package_data"] if setup.has_section("options.package_data") else {}
    found: set[Path] = set()
    for marker in checkout.rglob("__init__.py"):
        package = marker.parent.relative_to(checkout)
        parents = [package, *package.parents][:-1]
        dotted = ".".join(package.parts)
        if not all((checkout / each / "__init__.py").is_file() for each in parents):
            continue
        if not any(fnmatch.fnmatchcase(dotted, pattern) for pattern in include):
            continue
        patterns = ["*.py", *data.get(dotted, "").split(), *data.get("*", "").split()]
        found.update(
            path for pattern in patterns for path in marker.parent.glob(pattern) if path.is_file()
        )
    yield from found


def _metadata(checkout: Path, setup: configparser.ConfigParser) -> str:
    """Return the core metadata 2.4 (PEP 639) of the fields in setup.cfg."""
    given = setup["metadata"]
    fields = [
        ("Metadata-Version", "2.4"),
        ("Name", given["name"]),
        ("Version", given["version"]),
        ("Summary", given["description"]),
        ("Author", given["author"]),
        ("License-Expression", given["license"]),
        ("Requires-Python", setup["options"]["python_requires"]),
        ("Description-Content-Type", given["long_description_content_type"]),
    ]
    for pattern in given.get("license_files", "").split():
        fields += [
            ("License-File", path.relative_to(checkout).as_posix())
            for path in sorted(checkout.glob(pattern))
        ]
    for extra, requirements in setup.items("options.extras_require"):
        fields.append(("Provides-Extra", extra))
        fields += [
            ("Requires-Dist", f'{requirement}; extra == "{extra}"')
            for requirement in requirements.splitlines()
            if requirement.strip()
        ]
    readme = checkout / given["long_description"].removeprefix("file:").strip()
    body = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    return "".join(f"{key}: {value}\n" for key, value in fields) + f"\n{body}"


def _archive(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, DATE)
            entry.create_system = 3  # Unix, wherever it is built
            entry.external_attr = REGULAR_0644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()
