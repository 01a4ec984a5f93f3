"""Find the undeclared build requirement that a failed build has missed."""

import json
import re
from collections.abc import Sequence

from bootstrapper.ve.standards.filename import canonical_name
from bootstrapper.ve.standards.requirement import InvalidRequirement, parse_requirement

# The errors of Python, setuptools and pkg_resources for something that is missing.
_MISSING = re.compile(
    r"(?:ModuleNotFoundError|ImportError): No module named '?(?P<module>[\w.]+)"
    r"|DistributionNotFound: The '(?P<distribution>[\w.-]+)[^']*' distribution was not found"
    r"|PackageNotFoundError: (?:No package metadata was found for )?'?(?P<package>[\w.-]+)"
)
# Modules that later versions of setuptools lack; the limit is the first version without it.
_REMOVED = {
    "pkg_resources": "setuptools<81",
    "setuptools.command.test": "setuptools<72",
    "distutils": "setuptools<81",
}
# Modules that only Python 2 has. A package of that name in the index is another one.
_PYTHON_2 = frozenset(
    {
        *("BaseHTTPServer", "CGIHTTPServer", "ConfigParser", "Cookie", "HTMLParser", "Queue"),
        *("SimpleHTTPServer", "SocketServer", "StringIO", "Tkinter", "UserDict", "UserList"),
        *("UserString", "__builtin__", "cPickle", "cStringIO", "commands", "compiler", "cookielib"),
        *("copy_reg", "dummy_thread", "exceptions", "htmlentitydefs", "httplib", "md5", "new"),
        *("popen2", "sets", "sha", "thread", "urllib2", "urlparse", "xmlrpclib"),
    }
)
# error in NAME setup command: use_2to3 is invalid.
_TWO_TO_THREE = re.compile(r"use_2to3 is invalid")
# Before setuptools 70.1, the package `wheel` provided this command.
_BDIST_WHEEL = re.compile(r"invalid command '?bdist_wheel")
# Modules whose distribution has another name.
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


def requirement(log: str) -> str | None:
    """Return the requirement that a failed build has missed.

    Return None if the log names none, or a module of Python 2: no package can bring that.
    """
    if _TWO_TO_THREE.search(log):
        return "setuptools<58"
    if _BDIST_WHEEL.search(log):
        return "wheel"
    found = list(_MISSING.finditer(log))
    if not found:
        return None
    name = next(filter(None, found[-1].groups()))
    if found[-1]["module"] is None:
        return canonical_name(name)
    if name.partition(".")[0] in _PYTHON_2:
        return None
    for module, wanted in _REMOVED.items():
        if f"{name}.".startswith(f"{module}."):
            return wanted
    for module, distribution in _DISTRIBUTIONS.items():
        if f"{name}.".startswith(f"{module}."):
            return distribution
    return canonical_name(name.partition(".")[0])


def setting(log: str, configured: Sequence[str]) -> str | None:
    """Return `build-requires = […]`: the configured requirements and the missed one.

    Return None if the log names no missing requirement, or if it is configured already.
    """
    missed = requirement(log)
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
