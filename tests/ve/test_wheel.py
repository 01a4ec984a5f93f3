"""A wheel is checked before any of its files is written; a refused one is named."""

import stat
from pathlib import Path

import pytest

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.wheel.script import EntryPoint
from bootstrapper.ve.wheel.wheel import WheelFile
from tests.support.wheels import make_wheel, member


def opened(path: Path) -> WheelFile:
    return WheelFile(path, f"requirements/src/{path.name}")


def refusal(path: Path) -> str:
    with pytest.raises(WorkFailed) as error:
        opened(path)
    assert path.name in str(error.value)
    assert "next: " in str(error.value)
    return error.value.fault


@pytest.mark.parametrize(
    "name",
    [
        "../evil.py",
        "tiny/../../evil.py",
        "/etc/evil",
        "tiny//evil.py",
        "./evil.py",
        "tiny/..",
        "tiny-1.0.data/purelib/../../evil.py",
        "tiny.py\0.txt",
    ],
)
def test_escaping_name_is_refused(tmp_path: Path, name: str) -> None:
    assert "leads out" in refusal(make_wheel(tmp_path, members=[member(name)]))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO])
def test_link_or_device_is_refused(tmp_path: Path, kind: int) -> None:
    fault = refusal(make_wheel(tmp_path, members=[member("tiny/link", kind)]))
    assert fault == "its member 'tiny/link' is neither a file nor a directory"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_duplicate_name_is_refused(tmp_path: Path) -> None:
    assert "two members" in refusal(make_wheel(tmp_path, members=[member("tiny.py")]))


def test_unknown_data_directory_is_refused(tmp_path: Path) -> None:
    path = make_wheel(tmp_path, members=[member("tiny-1.0.data/elsewhere/x")])
    assert "purelib, platlib, headers, scripts, data" in refusal(path)


def test_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tiny-1.0-py3-none-any.whl"
    path.write_bytes(b"not a zip")
    assert "zip" in refusal(path)


def test_later_wheel_version_is_refused(tmp_path: Path) -> None:
    assert "Wheel-Version" in refusal(make_wheel(tmp_path, wheel_version="2.0"))


def test_wheel_with_another_name_is_refused(tmp_path: Path) -> None:
    path = make_wheel(tmp_path).rename(tmp_path / "other-1.0-py3-none-any.whl")
    assert "does not belong to other" in refusal(path)


def test_wheel_without_dist_info_is_refused(tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny.py", "")
    assert "0 .dist-info" in refusal(path)


def test_damaged_member_is_reported(tmp_path: Path) -> None:
    path = make_wheel(tmp_path, files={"tiny.py": b"\0" * 5000})
    content = bytearray(path.read_bytes())
    place = content.index(b"tiny.py") + len(b"tiny.py")
    content[place : place + 6] = b"\xff" * 6
    path.write_bytes(content)
    with pytest.raises(WorkFailed, match=r"tiny\.py can't be unpacked"):
        opened(path).read("tiny.py")


def test_entry_points_keep_capitals_and_lose_extras(tmp_path: Path) -> None:
    path = make_wheel(
        tmp_path,
        entry_points=(
            "[console_scripts]\nTiny-Run = tiny.cli:App.main [extra]\n[gui_scripts]\nwin=tiny:gui\n"
            "[other]\nx = y\n"
        ),
    )
    assert opened(path).entry_points == [
        EntryPoint(name="Tiny-Run", module="tiny.cli", attribute="App.main"),
        EntryPoint(name="win", module="tiny", attribute="gui"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "../evil = tiny:main",
        "evil = tiny",
        "evil = a b:c",
        "evil = tiny:os.system('x')",
        ".. = tiny:main",
    ],
)
def test_invalid_entry_point_is_refused(tmp_path: Path, line: str) -> None:
    path = make_wheel(tmp_path, entry_points=f"[console_scripts]\n{line}\n")
    with pytest.raises(WorkFailed, match="entry point"):
        _ = opened(path).entry_points


def test_requirements_come_from_the_metadata(tmp_path: Path) -> None:
    path = make_wheel(tmp_path, requires=["asgiref>=3.8", 'tzdata; sys_platform == "win32"'])
    assert opened(path).requirements == ["asgiref>=3.8", 'tzdata; sys_platform == "win32"']
