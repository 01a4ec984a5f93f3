"""Old metadata is read as uv reads it; unreadable metadata is named with its fault."""

import zipfile
from pathlib import Path

import pytest

from bootstrapper.ve.standards.requirement import InvalidRequirement, parse_metadata_requirement
from tests.support import tarballs
from tests.support.index import Index
from tests.support.wheels import lock_line, make_wheel
from tests.vendor.conftest import MakeProject, files, vendor

SRC = "requirements/src"


@pytest.fixture(autouse=True)
def packages(index: Index) -> None:
    make_wheel(index.directory, "idna", "3.0")


@pytest.mark.parametrize(
    "requirement",
    [
        "idna>=2.0,<4.0.*",
        "idna (>=2.0,<4.0.*)",
        "idna>=2.5.*",
        "idna>=2.0<4.0",
        "idna>dev",
        "idna!=~2.0",
        "idna>=2.0'",
        "idna>=2.0,",
        "idna ; python_version >= '2.7.*'",
        "idna ; python_version < '2.7.*'",
        "idna ; python_version >= 'two'",
        "idna (<4.0.*) ; python_version > '2'",
    ],
)
@pytest.mark.parametrize("kind", ["wheel", "tarball"])
def test_legacy_requirement_is_read_like_uv(
    requirement: str, kind: str, index: Index, make_project: MakeProject
) -> None:
    if kind == "wheel":
        make_wheel(index.directory, "legacy", requires=[requirement])
    else:
        tarballs.make_tarball(
            index.directory,
            "legacy",
            build=["flit_core"],
            files={
                "PKG-INFO": "Metadata-Version: 2.2\nName: legacy\nVersion: 1.0\n"
                f"Requires-Dist: {requirement}\n"
            },
        )
    project = make_project("legacy")
    assert vendor(project) == 0
    assert "idna-3.0-py3-none-any.whl" in files(project)
    assert vendor(project, "check") == 0
    assert vendor(project) == 0


@pytest.mark.parametrize(
    "requirement",
    [
        "idna is nice",
        "idna ; nonsense == 'x'",
        "idna==2004d",
        "idna ; os_name ~= 'x'",
        "-idna",
        "idna[a",
    ],
)
def test_unreadable_metadata_is_named(
    requirement: str, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project("idna")
    assert vendor(project) == 0
    wheel = make_wheel(project / SRC, "legacy", requires=[requirement])
    make_project("idna", f"./{SRC}/{wheel.name}")
    with (project / "requirements/apps.txt").open("a") as lock:
        lock.write(lock_line(wheel))
    capsys.readouterr()
    assert vendor(project, "check") == 1
    assert (
        f"{SRC}/{wheel.name}: its metadata has Requires-Dist: {requirement}, which can't be read: "
    ) in capsys.readouterr().out
    assert vendor(project) == 1
    printed = "".join(capsys.readouterr())
    assert wheel.name in printed
    assert "as a bug" not in printed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Metadata-Version: 2.1\n", b""),
        (b"Metadata-Version: 2.1", b"Metadata-Version: new"),
        (b"A tiny one.", b"Ein kleines, gepr\xfcftes."),
        (b"Name:", b"Author: J\xfcrgen\nName:"),
        (b"Name:", b"Requires-Python: >=2.7.*\nName:"),
        (b"Name:", b"Requires-Python: nonsense\nName:"),
        (b"Name:", b"Provides-Extra: a b\nName:"),
    ],
    ids=[
        "no version",
        "bad version",
        "Latin-1 text",
        "Latin-1 field",
        "legacy Python",
        "bad Python",
        "bad extra",
    ],
)
def test_odd_metadata_causes_no_unexpected_error(
    old: bytes,
    new: bytes,
    make_project: MakeProject,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wheel = make_wheel(tmp_path, "odd", requires=["idna"])
    project = make_project(f"./{SRC}/{wheel.name}")
    (project / SRC).mkdir()
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(project / SRC / wheel.name, "w") as out:
        for entry in source.infolist():
            content = source.read(entry)
            out.writestr(
                entry, content.replace(old, new) if "METADATA" in entry.filename else content
            )
    status = vendor(project)
    printed = "".join(capsys.readouterr())
    assert "as a bug" not in printed
    assert status == 0 or wheel.name in printed
    if status == 0:
        assert vendor(project, "check") == 0


@pytest.mark.parametrize("requirement", ["pytz", "pytz===2004d"])
def test_legacy_version_is_compared_as_text(
    requirement: str, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project("idna")
    assert vendor(project) == 0
    wheel = make_wheel(project / SRC, "pytz", "2004d")
    (project / "requirements/apps.in").write_text(f"idna\n{requirement}\n")
    with (project / "requirements/apps.txt").open("a") as lock:
        lock.write(lock_line(wheel))
    assert vendor(project, "check") == 0
    (project / "requirements/apps.in").write_text("idna\npytz>=2000\n")
    assert vendor(project, "check") == 1
    assert "has pytz 2004d, requirements/apps.in asks for pytz>=2000" in capsys.readouterr().out


def test_legacy_build_requirement_is_read(index: Index, make_project: MakeProject) -> None:
    tarballs.make_tarball(
        index.directory,
        "old",
        build=["setuptools>=40.*"],
        files={"PKG-INFO": "Metadata-Version: 2.2\nName: old\nVersion: 1.0\n"},
    )
    project = make_project("old")
    assert vendor(project) == 0
    assert "setuptools-80.0-py3-none-any.whl" in files(project)
    assert vendor(project, "check") == 0


def test_wrong_build_requirement_is_named(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    tarballs.make_tarball(
        index.directory,
        "old",
        build=["setuptools is nice"],
        files={"PKG-INFO": "Metadata-Version: 2.2\nName: old\nVersion: 1.0\n"},
    )
    assert vendor(make_project("old")) == 1
    assert capsys.readouterr().err.startswith(
        f"{SRC}/old-1.0.tar.gz: its metadata has build-system.requires: setuptools is nice, "
    )


@pytest.mark.parametrize("text", ["a>=1.0,nonsense", "a<1,<4.0.*", "a>=99,~=1"])
def test_every_part_of_a_specifier_is_checked(text: str) -> None:
    from bootstrapper.ve.standards.requirement import parse_requirement

    with pytest.raises(InvalidRequirement):
        parse_requirement(text)


@pytest.mark.parametrize(
    ("text", "allowed", "refused"),
    [
        ("a>=2.0,<4.0.*", "3.9", "4.0"),
        ("a>=2.7.*", "2.7", "2.6"),
        ("a!=~5.0", "4.0", "5.0"),
        ("a>=1.0 <2", "1.5", "2.0"),
        ("a1 >=1.0.*<2", "1.5", "2.0"),
        ("a=1.0", "1.0", "1.1"),
        ("a~=2.7.*", "2.7.5", "2.8"),
    ],
)
def test_legacy_specifier_keeps_its_meaning(text: str, allowed: str, refused: str) -> None:
    requirement = parse_metadata_requirement(text)
    assert requirement.allows(allowed)
    assert not requirement.allows(refused)
