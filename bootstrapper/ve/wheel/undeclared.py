"""What a tarball's build imports without declaring it, and the setting that provides it."""

import json
import re
from collections.abc import Sequence

from bootstrapper.ve.standards.filename import canonical_name
from bootstrapper.ve.standards.requirement import InvalidRequirement, parse_requirement

# How Python, setuptools and pkg_resources name what they do not find.
_MISSING = re.compile(
    r"(?:ModuleNotFoundError|ImportError): No module named '?(?P<module>[\w.]+)"
    r"|DistributionNotFound: The '(?P<distribution>[\w.-]+)[^']*' distribution was not found"
    r"|PackageNotFoundError: (?:No package metadata was found for )?'?(?P<package>[\w.-]+)"
)
# Modules that a later setuptools no longer has; the first without it is the limit.
_REMOVED = {
    "pkg_resources": "setuptools<81",
    "setuptools.command.test": "setuptools<72",
    "distutils": "setuptools<81",
}
# error in NAME setup command: use_2to3 is invalid.
_TWO_TO_THREE = re.compile(r"use_2to3 is invalid")
# setuptools before 70.1 takes the command from the package `wheel`.
_BDIST_WHEEL = re.compile(r"invalid command '?bdist_wheel")
# Modules that come in a distribution of another name.
_DISTRIBUTIONS = {
    "Crypto": "pycryptodome",
    "OpenSSL": "pyopenssl",
    "PIL": "pillow",
    "_cffi_backend": "cffi",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "git": "gitpython",
    "google.protobuf": "protobuf",
    "mesonpy": "meson-python",
    "pdm": "pdm-backend",
    "pkg_resources": "setuptools",
    "poetry": "poetry-core",
    "skbuild": "scikit-build",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}


def requirement(said: str) -> str | None:
    """The requirement that provides what a failed build has missed; None if that is not why."""
    if _TWO_TO_THREE.search(said):
        return "setuptools<58"
    if _BDIST_WHEEL.search(said):
        return "wheel"
    found = list(_MISSING.finditer(said))
    if not found:
        return None
    name = next(filter(None, found[-1].groups()))
    if found[-1]["module"] is None:
        return canonical_name(name)
    for module, wanted in _REMOVED.items():
        if f"{name}.".startswith(f"{module}."):
            return wanted
    for module, distribution in _DISTRIBUTIONS.items():
        if f"{name}.".startswith(f"{module}."):
            return distribution
    return canonical_name(name.partition(".")[0])


def setting(said: str, configured: Sequence[str]) -> str | None:
    """`build-requires = […]` with what a failed build has missed added to what is `configured`.

    None if that is not why the build failed, or if it is configured already.
    """
    missed = requirement(said)
    if missed is None or missed in configured:
        return None
    name = parse_requirement(missed).name
    others = [each for each in configured if _name(each) != name]
    if len(others) < len(configured) and name == missed:
        return None
    return f"build-requires = {json.dumps([*others, missed])}"


def _name(text: str) -> str:
    try:
        return parse_requirement(text).name
    except InvalidRequirement:
        return ""
