"""Versions and specifiers are compared with the packaging library, pair by pair."""

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version as Reference

from bootstrapper.ve.standards.version import InvalidVersion, Version, matches

VERSIONS = [
    "1",
    "1.0",
    "1.0.0",
    "1.0.1",
    "1.1",
    "1.10",
    "1!0.5",
    "1.0.dev1",
    "1.0.dev2",
    "1.0a1",
    "1.0a1.dev2",
    "1.0b2",
    "1.0rc3",
    "2.0rc1",
    "1.0.post1",
    "1.0.post1.dev1",
    "1.0.post2",
    "1.0.1.dev3",
    "1.0+abc",
    "1.0+abc.5",
    "1.0+5",
    "3.12",
    "3.12.1",
    "3.13.0a0",
    "3.14.0rc1",
    "3.14.0",
]


@pytest.mark.parametrize("one", VERSIONS)
@pytest.mark.parametrize("other", VERSIONS)
def test_versions_compare_as_in_pep_440(one: str, other: str) -> None:
    assert (Version(one) < Version(other)) == (Reference(one) < Reference(other))
    assert (Version(one) == Version(other)) == (Reference(one) == Reference(other))
    for operator in ("==", "!=", "<=", ">=", "<", ">", "~="):
        bound = other if operator in ("==", "!=") else other.partition("+")[0]
        if operator == "~=" and len(Reference(bound).release) < 2:
            continue
        expected = SpecifierSet(operator + bound).contains(Reference(one), prereleases=True)
        assert matches(Version(one), operator + bound) == expected, f"{one} {operator}{bound}"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "specifier", ["", "==3.12.*", "!=3.12.*", "==1.*", "~=3.12.0", ">=3.11,<3.14"]
)
def test_specifiers_match_as_in_pep_440(version: str, specifier: str) -> None:
    expected = SpecifierSet(specifier).contains(version, prereleases=True)
    assert matches(Version(version), specifier) == expected


@pytest.mark.parametrize(
    ("spelling", "normal"),
    [
        ("1.0c3", "1.0rc3"),
        ("v1.0.REV5", "1.0.post5"),
        ("1.0-1", "1.0.post1"),
        ("1.0-preview-2", "1.0rc2"),
        (" 1.0_alpha ", "1.0a0"),
    ],
)
def test_spellings_of_a_version_are_equal(spelling: str, normal: str) -> None:
    assert Version(spelling) == Version(normal)


@pytest.mark.parametrize("text", ["", "one", "1..0", "1.0+", "१.0"])
def test_invalid_version_is_refused(text: str) -> None:
    with pytest.raises(InvalidVersion):
        Version(text)


@pytest.mark.parametrize("specifier", ["3.12", "=3.12", ">=3.*", "~=3"])
def test_invalid_specifier_is_refused(specifier: str) -> None:
    with pytest.raises(InvalidVersion):
        matches(Version("3.12"), specifier)
