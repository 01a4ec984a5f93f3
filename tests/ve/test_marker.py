"""Markers are compared with the packaging library."""

import pytest
from packaging.markers import Marker as Reference

from bootstrapper.ve.standards.marker import InvalidMarker, Marker

LINUX = {
    "os_name": "posix",
    "sys_platform": "linux",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "6.1.0-18-amd64",
    "platform_system": "Linux",
    "platform_version": "#1 SMP Debian",
    "python_version": "3.12",
    "python_full_version": "3.12.1",
    "implementation_name": "cpython",
    "implementation_version": "3.12.1",
    "extra": "",
}
PRERELEASE = LINUX | {
    "python_version": "3.14",
    "python_full_version": "3.14.0rc1",
    "implementation_version": "3.14.0rc1",
}
WINDOWS = LINUX | {
    "os_name": "nt",
    "sys_platform": "win32",
    "platform_machine": "AMD64",
    "platform_system": "Windows",
    "python_version": "3.9",
    "python_full_version": "3.9.13",
}
MARKERS = [
    'python_version == "3.12"',
    "python_version >= '3.9' and python_version < '3.13'",
    'python_version < "3.10"',
    '"3.11" <= python_version',
    'python_version in "3.11 3.12"',
    'python_version not in "3.11 3.12"',
    'python_full_version >= "3.14.0"',
    'python_full_version < "3.14"',
    'python_version ~= "3.8"',
    'python_version == "3.*"',
    'sys_platform == "linux" and platform_machine == "x86_64"',
    'sys_platform != "win32" or (os_name == "nt" and python_version > "3.8")',
    'sys_platform == "win32" or os_name == "posix" and python_version == "2.7"',
    '(sys_platform == "win32" or os_name == "posix") and python_version == "2.7"',
    'implementation_name != "pypy"',
    'platform_python_implementation == "CPython"',
    'platform_release >= "5"',
    'platform_system > "Lin"',
    'extra == "binary"',
    'extra == "Foo_Bar" or python_version == "3.12"',
]


@pytest.mark.parametrize("environment", [LINUX, PRERELEASE, WINDOWS, LINUX | {"extra": "foo-bar"}])
@pytest.mark.parametrize("text", MARKERS)
def test_marker_holds_as_in_pep_508(text: str, environment: dict[str, str]) -> None:
    assert Marker(text).holds(environment) == Reference(text).evaluate(environment)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('python_implementation == "CPython"', 'platform_python_implementation == "CPython"'),
        ('os.name == "posix"', 'os_name == "posix"'),
        ('platform.python_implementation == "x"', 'platform_python_implementation == "x"'),
    ],
)
def test_old_variable_names_work(old: str, new: str) -> None:
    assert Marker(old).holds(LINUX) == Marker(new).holds(LINUX)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "python_version",
        'python_version == 3.12"',
        'python_version = "3.12"',
        'pyton_version == "3.12"',
        '(os_name == "posix"',
        'os_name == "posix")',
        'os_name == "posix" and',
        "os_name == sys_platform",
        '"a" == "b"',
        'os_name == "posix" os_name == "nt"',
    ],
)
def test_invalid_marker_is_refused(text: str) -> None:
    with pytest.raises(InvalidMarker):
        Marker(text)
