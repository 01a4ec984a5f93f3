"""`licenses` agrees with pip-licenses about 200 real packages, where pip-licenses is unambiguous.

The packages are the real wheels of tests/parity/wheels.txt and what is installed beside the tests.
pip-licenses prints the words of the classifiers, which often fit several licenses; `licenses` then
has to have one of them, from the field License or the license text, or none.
"""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

import pytest
from license_expression import get_spdx_licensing

from bootstrapper.ve.standards.filename import canonical_name, parse_filename
from tests.support.real_wheels import fetch_into, real_wheels
from vendor_fetch.reports.archive import read_contents
from vendor_fetch.reports.licenses import License, license_of

# What pip-licenses prints, and what it means in SPDX.
MEANINGS = {
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD 2-Clause License": "BSD-2-Clause",
    "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
# What fits several licenses, and how the identifiers of those begin.
AMBIGUOUS = {
    "Apache Software License": "Apache-",
    "BSD": "BSD-",
    "BSD License": "BSD-",
    "GNU General Public License (GPL)": "GPL-",
    "UNKNOWN": "",
}
# Where the two differ, and why ours is right.
EXPLAINED = {
    # "DFSG approved" is no license.
    "pytest-timeout": "MIT",
    # Public domain, BSD, GPL and PSF: each for some of the files. No expression can be derived.
    "docutils": None,
    # Its own license, which has no identifier.
    "supervisor": None,
    "tbb": None,
    # `Dual License`: the classifiers do not say that one of the two is enough.
    "python-dateutil": None,
    # The classifiers name the Artistic License without a version.
    "text-unidecode": None,
}


@pytest.fixture
def wheels(tmp_path: Path) -> list[Path]:
    """Return the real wheels, and the metadata of each installed distribution as a wheel."""
    files = real_wheels()
    (tmp_path / "requirements/src").mkdir(parents=True)
    fetch_into(tmp_path, files)
    return [*(tmp_path / file.path for file in files), *installed(tmp_path / "installed")]


def installed(directory: Path) -> Iterator[Path]:
    directory.mkdir()
    for distribution in distributions():
        info = Path(str(distribution._path))  # type: ignore[attr-defined]
        if info.suffix == ".dist-info":
            wheel = directory / f"{info.stem}-py3-none-any.whl"
            with zipfile.ZipFile(wheel, "w") as archive:
                for path in filter(Path.is_file, info.rglob("*")):
                    archive.write(path, f"{info.name}/{path.relative_to(info)}")
            yield wheel


def pip_licenses(wheels: list[Path], directory: Path) -> dict[tuple[str, str], str]:
    """Return what pip-licenses prints for the metadata of the wheels."""
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.endswith(".dist-info/METADATA") and name.count("/") == 1:
                    archive.extract(name, directory)
    run = subprocess.run(
        [sys.executable, "-m", "piplicenses", "--format", "json", "--with-system"],
        env={**os.environ, "PYTHONPATH": str(directory)},
        capture_output=True,
        text=True,
        check=True,
    )
    return {
        (canonical_name(each["Name"]), each["Version"]): each["License"]
        for each in json.loads(run.stdout)
    }


def disagreement(name: str, ours: License, theirs: str) -> str:
    """Return how the two differ, or an empty string."""
    if name in EXPLAINED and ours.expression == EXPLAINED[name]:
        return ""
    if theirs in AMBIGUOUS:
        fits = ours.expression is None or (
            ours.source in ("field", "text") and ours.expression.startswith(AMBIGUOUS[theirs])
        )
        return "" if fits else f"{name}: {ours} is none of {theirs}"
    if ours.expression is None and any(each in AMBIGUOUS for each in theirs.split("; ")):
        return ""
    meaning = MEANINGS.get(theirs, theirs)
    same = ours.expression is not None and (
        ours.expression == meaning or get_spdx_licensing().is_equivalent(ours.expression, meaning)
    )
    return "" if same else f"{name}: {ours} is not {theirs}"


def test_licenses_agree_with_pip_licenses(wheels: list[Path], tmp_path: Path) -> None:
    ours = {}
    for wheel in wheels:
        parts = parse_filename(wheel.name)
        ours[parts.name, parts.version] = license_of(read_contents(wheel))
    assert len(ours) >= 180
    (tmp_path / "metadata").mkdir()
    theirs = pip_licenses(wheels, tmp_path / "metadata")
    assert ours.keys() <= theirs.keys()
    found = [disagreement(each[0], license_, theirs[each]) for each, license_ in ours.items()]
    assert list(filter(None, found)) == []
    # Most are known, many by more than pip-licenses reads.
    known = [each for each in ours.values() if each.expression]
    assert len(known) > 0.9 * len(ours)
    assert sum(each.source == "text" for each in known) >= 10
