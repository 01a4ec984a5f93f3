"""The lock is a pip requirements file; a faulty line is reported with its number."""

from pathlib import Path, PurePosixPath

import pytest

from bootstrapper.errors import InputError
from bootstrapper.ve.project.lockfile import APPS, read, render

A, B = "a" * 64, "b" * 64
LINE = f"requirements/src/tiny-1.0-py3-none-any.whl --hash=sha256:{A}"


def written(project: Path, text: str) -> Path:
    path = project / APPS
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return project


def test_read_returns_files_markers_and_hashes(tmp_path: Path) -> None:
    files = read(
        written(
            tmp_path,
            f"""# written by vendor_fetch
{LINE}

requirements/src/pillow-13.0.0-cp311-cp311-manylinux_2_28_x86_64.whl ; python_version == "3.11" \
--hash=sha256:{A} --hash=sha256:{B}  # two of them
requirements/src/feedparser-6.0.11.tar.gz \\
    --hash=sha256:{B}
""",
        ),
        APPS,
    )
    assert [str(file.path) for file in files] == [
        "requirements/src/tiny-1.0-py3-none-any.whl",
        "requirements/src/pillow-13.0.0-cp311-cp311-manylinux_2_28_x86_64.whl",
        "requirements/src/feedparser-6.0.11.tar.gz",
    ]
    assert [file.line for file in files] == [2, 4, 5]
    assert [file.sha256 for file in files] == [(A,), (A, B), (B,)]
    assert [str(file.marker) for file in files] == ["None", 'python_version == "3.11"', "None"]


def test_rendered_lock_is_read_back(tmp_path: Path) -> None:
    text = f'{LINE}\nrequirements/src/x-1.tar.gz ; os_name == "posix" --hash=sha256:{B}\n'
    assert (
        render(read(written(tmp_path, "# note\n#\n" + text), APPS), ["note", ""])
        == "# note\n#\n" + text
    )


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("Django==5.2", "is not the path of a file in requirements/src/"),
        (f"requirements/other/tiny-1.0-py3-none-any.whl --hash=sha256:{A}", "is not the path"),
        (f"requirements/src/../tiny-1.0-py3-none-any.whl --hash=sha256:{A}", "is not the path"),
        (f"/requirements/src/tiny-1.0-py3-none-any.whl --hash=sha256:{A}", "is not the path"),
        ("requirements/src/tiny-1.0-py3-none-any.whl", "has no --hash"),
        ("requirements/src/tiny-1.0-py3-none-any.whl --hash=sha256:123", "64 hexadecimal digits"),
        (f"requirements/src/tiny-1.0-py3-none-any.whl --hash=md5:{A[:32]}", "a hash must be"),
        (f"requirements/src/tiny.whl --hash=sha256:{A}", "PEP 427"),
        (f"requirements/src/tiny.txt --hash=sha256:{A}", "is not the name"),
        (f'requirements/src/tiny-1.0-py3-none-any.whl ; snake == "3" --hash=sha256:{A}', "snake"),
        ("--index-url somewhere", "'--index-url'"),
        ("-r other.txt", "'-r'"),
        (LINE, "line 1 already has"),
    ],
)
def test_bad_line_is_reported_with_its_number(tmp_path: Path, line: str, fault: str) -> None:
    with pytest.raises(InputError) as error:
        read(written(tmp_path, f"{LINE}\n{line}\n"), APPS)
    assert error.value.where == "requirements/apps.txt:2"
    assert fault in error.value.fault
    assert error.value.status == 2


def test_missing_lock_is_reported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"requirements/apps\.txt: the file is missing"):
        read(tmp_path, PurePosixPath("requirements/apps.txt"))


def test_lock_not_in_utf_8_is_refused(tmp_path: Path) -> None:
    written(tmp_path, "").joinpath(APPS).write_bytes(b"# caf\xe9\n")
    with pytest.raises(InputError, match="byte 5 is not UTF-8"):
        read(tmp_path, APPS)
