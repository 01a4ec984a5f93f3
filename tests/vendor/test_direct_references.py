"""Lines of apps.in that name an address: repositories, archives, local files and projects."""

import hashlib
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from bootstrapper.ve.project.lockfile import APPS
from tests.support.index import Index, make_tarball
from tests.support.repository import git
from tests.support.source_projects import commit_project, write_project
from tests.support.wheels import make_wheel
from tests.vendor.conftest import MakeProject, files, snapshot, vendor
from vendor_fetch.index.uv import find_uv

TARBALL = "mylib-1.0.tar.gz"


@pytest.fixture
def repository(tmp_path: Path, index: Index) -> Path:
    """A repository with the project mylib 1.0 on the branch main, with the tag v1.0."""
    directory = tmp_path / "mylib"
    make_wheel(index.directory, "helper")
    commit_project(directory, requires=["helper"])
    git(directory, "tag", "v1.0")
    return directory


def comes_from(project: Path) -> str:
    """The record of the origin in the lock."""
    [line] = [row for row in (project / APPS).read_text().splitlines() if " comes from: " in row]
    return line.partition(" comes from: ")[2]


def content(project: Path, name: str) -> str:
    """The module in the vendored tarball of mylib."""
    with tarfile.open(project / "requirements/src" / name) as archive:
        stream = archive.extractfile(f"{name.removesuffix('.tar.gz')}/module.py")
        assert stream
        return stream.read().decode()


@pytest.mark.parametrize("ref", ["", "@main", "@v1.0", "@{commit}", "@{short}"])
@pytest.mark.parametrize(
    "form", ["mylib @ git+file://{}", "git+file://{}", "git+file://{}#egg=mylib"]
)
def test_repository_is_vendored_at_its_commit(
    form: str, ref: str, repository: Path, make_project: MakeProject
) -> None:
    commit = git(repository, "rev-parse", "HEAD").strip()
    address = f"{repository}{ref.format(commit=commit, short=commit[:9])}"
    project = make_project(form.format(address))
    assert vendor(project) == 0
    assert files(project) == ["helper-1.0-py3-none-any.whl", TARBALL]
    assert comes_from(project).endswith(f" | {commit}")
    assert vendor(project, "check") == 0
    before = snapshot(project)
    shutil.move(repository, repository.with_name("gone"))
    assert vendor(project) == 0
    assert snapshot(project) == before


def test_branch_is_followed_by_upgrade_only(repository: Path, make_project: MakeProject) -> None:
    project = make_project(f"mylib @ git+file://{repository}@main", "helper")
    assert vendor(project) == 0
    commit = commit_project(repository, version="2.0", requires=["helper"])
    make_project(f"mylib @ git+file://{repository}@main", "helper", "pip")
    assert vendor(project) == 0
    assert TARBALL in files(project)
    assert vendor(project, "upgrade", "mylib") == 0
    assert files(project) == ["helper-1.0-py3-none-any.whl", "mylib-2.0.tar.gz"]
    assert comes_from(project) == f"git+file://{repository}@main | {commit}"
    commit = commit_project(repository, version="3.0", requires=["helper"])
    assert vendor(project, "upgrade") == 0
    assert comes_from(project).endswith(commit)


def test_commit_of_the_same_version_replaces_the_file(
    repository: Path, make_project: MakeProject
) -> None:
    project = make_project(f"mylib @ git+file://{repository}@main")
    assert vendor(project) == 0
    (repository / "module.py").write_text("VERSION = 'changed'\n")
    git(repository, "commit", "--quiet", "--all", "-m", "changed")
    assert vendor(project, "upgrade", "mylib") == 0
    assert content(project, TARBALL) == "VERSION = 'changed'\n"
    assert vendor(project, "check") == 0


def test_changed_address_is_followed(
    repository: Path, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project(f"mylib @ git+file://{repository}@v1.0")
    assert vendor(project) == 0
    commit_project(repository, version="2.0")
    make_project(f"mylib @ git+file://{repository}@main")
    capsys.readouterr()
    assert vendor(project, "check") == 1
    assert "lacks mylib @ git+file://" in capsys.readouterr().out
    assert vendor(project) == 0
    assert files(project) == ["mylib-2.0.tar.gz"]
    make_project("helper")
    assert vendor(project) == 0
    assert files(project) == ["helper-1.0-py3-none-any.whl"]
    assert "comes from" not in (project / APPS).read_text()


def test_two_machines_make_the_same_lock(
    repository: Path, make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(f"mylib @ git+file://{repository}")
    assert vendor(project) == 0
    first = (project / APPS).read_bytes()
    shutil.rmtree(project)
    monkeypatch.setenv("VENDOR_FETCH_CACHE", str(tmp_path / "other cache"))
    project = make_project(f"mylib @ git+file://{repository}")
    umask = os.umask(0o077)
    try:
        assert vendor(project) == 0
    finally:
        os.umask(umask)
    assert (project / APPS).read_bytes() == first


def test_lost_file_comes_back_from_the_cache(
    repository: Path, make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(f"mylib @ git+file://{repository}@main")
    assert vendor(project) == 0
    before = (project / "requirements/src" / TARBALL).read_bytes()
    commit_project(repository, version="2.0")
    (project / "requirements/src" / TARBALL).unlink()
    monkeypatch.setenv("VENDOR_FETCH_OFFLINE", "1")
    assert vendor(project) == 0
    assert (project / "requirements/src" / TARBALL).read_bytes() == before


def test_insteadof_of_the_user_is_followed(
    repository: Path, make_project: MakeProject, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    (home / ".gitconfig").write_text(
        f'[url "file://{tmp_path}/"]\n\tinsteadOf = ssh://git@git.example.org/\n'
        f"\tinsteadOf = https://git.example.org/\n"
    )
    project = make_project(
        "mylib @ git+ssh://git@git.example.org/mylib@v1.0",
    )
    assert vendor(project) == 0
    assert comes_from(project).startswith("git+ssh://git@git.example.org/mylib@v1.0 | ")
    make_project("mylib @ git+https://git.example.org/mylib@v1.0")
    assert vendor(project) == 0
    assert files(project) == ["helper-1.0-py3-none-any.whl", TARBALL]


def test_project_in_a_subdirectory_is_vendored(
    index: Index, tmp_path: Path, make_project: MakeProject
) -> None:
    repository = tmp_path / "many"
    commit_project(repository, "outer")
    write_project(repository / "packages/inner", "inner")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "-m", "inner")
    project = make_project(f"git+file://{repository}#subdirectory=packages/inner")
    assert vendor(project) == 0
    assert files(project) == ["inner-1.0.tar.gz"]
    make_project(f"git+file://{repository}#subdirectory=nowhere")
    assert vendor(project) == 2


def test_submodule_is_part_of_the_tarball(
    repository: Path, tmp_path: Path, make_project: MakeProject
) -> None:
    part = tmp_path / "part"
    commit_project(part, "part")
    git(
        repository,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        "../part",
        "part",
    )
    git(repository, "commit", "--quiet", "-m", "part")
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "home/.gitconfig").write_text('[protocol "file"]\n\tallow = always\n')
    project = make_project(f"mylib @ git+file://{repository}")
    assert vendor(project) == 0
    with tarfile.open(project / "requirements/src" / TARBALL) as archive:
        assert "mylib-1.0/part/module.py" in archive.getnames()


@pytest.mark.parametrize("name", ["nowhere", "v9", "0123456789abcdef0123456789abcdef01234567"])
def test_missing_commit_changes_nothing(
    name: str, repository: Path, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project("helper")
    assert vendor(project) == 0
    before = snapshot(project / "requirements/src")
    make_project("helper", f"mylib @ git+file://{repository}@{name}")
    capsys.readouterr()
    assert vendor(project) == 1
    printed = capsys.readouterr().err
    assert printed.startswith(f"requirements/apps.in:2: file://{repository}: ")
    assert f"  next: git ls-remote -- file://{repository}  # " in printed
    assert snapshot(project / "requirements/src") == before


def test_archive_is_vendored_by_its_address(
    index: Index, make_project: MakeProject, tmp_path: Path
) -> None:
    wheel = make_wheel(tmp_path / "files", "own", requires=["helper"])
    make_wheel(index.directory, "helper")
    with Index(tmp_path / "files") as other:
        address = other.url.replace("simple/", f"files/{wheel.name}")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        project = make_project(f"own @ {address}#sha256={digest}")
        assert vendor(project) == 0
        assert files(project) == ["helper-1.0-py3-none-any.whl", wheel.name]
        assert vendor(project, "check") == 0
        asked = list(other.asked)
        assert vendor(project) == 0
        assert other.asked == asked
        make_project(address)
        assert vendor(project) == 0
        make_wheel(
            tmp_path / "files", "own", requires=["helper"], files={"own/new.py": "changed = 1"}
        )
        make_project(address, "helper")
        assert vendor(project) == 0
        assert (project / "requirements/src" / wheel.name).read_bytes() != wheel.read_bytes()
        assert vendor(project, "upgrade", "own") == 0
        assert (project / "requirements/src" / wheel.name).read_bytes() == wheel.read_bytes()
        make_project(f"own @ {address}#sha256={'0' * 64}")
        assert vendor(project) == 1
        make_project(f"own @ {address}", "helper")
        assert vendor(project) == 0


def test_archive_without_a_version_in_its_name_is_built(
    index: Index, make_project: MakeProject, tmp_path: Path
) -> None:
    source = write_project(tmp_path / "v1/packages/mylib")
    (tmp_path / "files").mkdir()
    for name, mode in (("v1.tar.gz", "w:gz"), ("mylib-1.0.tar.gz", "w:gz")):
        with tarfile.open(tmp_path / "files" / name, mode) as archive:
            archive.add(source.parents[1], "mylib-v1")
    project = make_project(f"file://{tmp_path}/files/v1.tar.gz#subdirectory=packages/mylib")
    assert vendor(project) == 0
    assert files(project) == [TARBALL]
    make_project(f"mylib @ file://{tmp_path}/files/mylib-1.0.tar.gz#subdirectory=packages/mylib")
    assert vendor(project) == 0
    assert files(project) == [TARBALL]


@pytest.mark.parametrize(
    "line", ["../mylib", "mylib @ ../mylib", "file:../mylib", "file://{}", "{}", "../mylib/"]
)
def test_local_project_is_vendored_and_followed(
    line: str,
    index: Index,
    tmp_path: Path,
    make_project: MakeProject,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = write_project(tmp_path / "mylib")
    before = snapshot(source)
    project = make_project(line.format(source))
    assert vendor(project) == 0
    assert files(project) == [TARBALL]
    assert vendor(project, "check") == 0
    (source / "__pycache__").mkdir(exist_ok=True)
    (source / "__pycache__/made.pyc").write_text("made")
    capsys.readouterr()
    assert vendor(project) == 0
    assert capsys.readouterr().out.startswith("Nothing to do")
    (source / "module.py").write_text("VERSION = 'changed'\n")
    assert vendor(project, "check") == 1
    assert "has changed since it was vendored" in capsys.readouterr().out
    assert vendor(project) == 0
    assert content(project, TARBALL) == "VERSION = 'changed'\n"
    shutil.rmtree(source)
    assert vendor(project, "check") == 0
    assert vendor(project) == 0
    assert set(before) == {"backend.py", "module.py", "project.py", "pyproject.toml"}


def test_local_wheel_is_copied(index: Index, tmp_path: Path, make_project: MakeProject) -> None:
    wheel = make_wheel(tmp_path / "dist", "own")
    project = make_project("../dist/own-1.0-py3-none-any.whl")
    assert vendor(project) == 0
    assert files(project) == [wheel.name]
    assert vendor(project, "check") == 0


@pytest.mark.parametrize("line", [".", "./", "file:.", "..", "../project"])
def test_project_cannot_vendor_itself(
    line: str, index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vendor(make_project(line)) == 2
    assert "the project would be vendored in itself" in capsys.readouterr().err


def test_extras_and_markers_of_an_address_hold(
    index: Index, tmp_path: Path, make_project: MakeProject
) -> None:
    make_wheel(index.directory, "helper")
    make_wheel(tmp_path / "dist", "own", requires=["helper; extra == 'more'"])
    project = make_project("own[more] @ ../dist/own-1.0-py3-none-any.whl ; python_version > '3'")
    assert vendor(project) == 0
    assert files(project) == ["helper-1.0-py3-none-any.whl", "own-1.0-py3-none-any.whl"]
    make_project("own @ ../dist/gone-1.0-py3-none-any.whl ; python_version < '3'")
    assert vendor(project) == 0
    assert files(project) == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("-e ../mylib", "-e: what a project vendors is a copy"),
        ("--editable=git+https://git.example.org/x.git#egg=x", "write git+https://git.example.org"),
        ("-e .", "delete the line: manage.py finds the project's own packages"),
        ("https://user:secret@example.org/x-1.0.tar.gz", "the address has a user or a password"),
        ("x @ git+https://${TOKEN}@example.org/x.git", "${TOKEN}: the line would ask for"),
        ("Django==${VERSION}", "${VERSION}: the line would ask for different files"),
        ("hg+https://example.org/x", "only git repositories can be vendored"),
        ("git+git@example.org:x.git", "write git+ssh://git@example.org/x.git"),
        ("x @ ftp://example.org/x-1.0.tar.gz", "ftp: is not a kind of address"),
        ("x @ git+https://example.org/x.git@--upload-pack=sh", "is not the name of a branch"),
        ("git+https://example.org/x.git#subdirectory=../..", "leads out of the archive"),
        ("git+https://example.org/x.git#egg=x==1.0", "egg=x==1.0 is not a name"),
        ("../nowhere", "there is no such file or directory"),
        ("--pre", "like Django>=6.1a1"),
        ("--no-binary :all:", "format in [tool.vendor_fetch]"),
        ("--require-hashes", "delete the line"),
        ("Django --config-settings=a=b", "passes no options to a build backend"),
        ("Django --hash=md5:00", "a hash must be sha256:"),
        ("-r https://example.org/requirements.txt", "a file of the project must have these lines"),
        ("-c ../../limits.txt", "the file is not in the project"),
    ],
)
def test_line_that_cannot_be_vendored_is_refused(
    line: str,
    fault: str,
    index: Index,
    make_project: MakeProject,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert vendor(make_project("# comment", line)) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("requirements/apps.in:2: ")
    assert fault in printed
    assert "secret" not in printed
    assert printed.count("\n  next: ") == 1


def test_password_of_git_is_never_printed(
    index: Index, tmp_path: Path, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.gitconfig").write_text(
        '[url "http://user:secret@127.0.0.1:9/"]\n\tinsteadOf = https://git.example.org/\n'
    )
    assert vendor(make_project("mylib @ git+https://git.example.org/mylib.git")) == 1
    assert "secret" not in "".join(capsys.readouterr())


def test_name_must_be_that_of_the_address(
    repository: Path, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vendor(make_project(f"other @ git+file://{repository}")) == 1
    printed = capsys.readouterr().err
    assert "the address has mylib, the line asks for other" in printed


def test_add_and_remove_take_addresses(
    repository: Path, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project("helper  # as it is")
    address = f"git+file://{repository}@v1.0"
    assert vendor(project, "add", f"mylib @ {address}") == 0
    assert (project / "requirements/apps.in").read_text().endswith(f"\nmylib @ {address}\n")
    assert vendor(project, "add", f"mylib @ git+file://{repository}@main") == 0
    assert (project / "requirements/apps.in").read_text().count("mylib @") == 1
    assert vendor(project, "why", "mylib") == 0
    assert vendor(project, "remove", "mylib") == 0
    assert (project / "requirements/apps.in").read_text() == "helper  # as it is\n"
    assert vendor(project, "add", address) == 0
    assert vendor(project, "remove", "mylib") == 0
    assert files(project) == ["helper-1.0-py3-none-any.whl"]


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_added_address_replaces_the_line_of_its_package(
    version: str, repository: Path, make_project: MakeProject
) -> None:
    project = make_project(f"mylib @ git+file://{repository}@v1.0  # a comment")
    assert vendor(project) == 0
    commit_project(repository, version=version, requires=["helper"])
    address = f"git+file://{repository}@main"
    assert vendor(project, "add", address) == 0
    assert (project / "requirements/apps.in").read_text() == f"{address}  # a comment\n"
    assert files(project) == ["helper-1.0-py3-none-any.whl", f"mylib-{version}.tar.gz"]
    assert vendor(project, "add", "../mylib") == 0
    assert (project / "requirements/apps.in").read_text() == "../mylib  # a comment\n"


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_second_address_of_a_package_changes_nothing(
    version: str,
    repository: Path,
    make_project: MakeProject,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = f"mylib @ git+file://{repository}@v1.0", f"mylib @ git+file://{repository}@main"
    project = make_project(lines[0])
    assert vendor(project) == 0
    commit_project(repository, version=version)
    for some in (lines, lines[::-1]):
        make_project(*some)
        before = snapshot(project)
        assert vendor(project) == 1
        assert capsys.readouterr().err.startswith("requirements/apps.in:2: leads to mylib-")
        assert snapshot(project) == before


def test_rebuild_installs_what_addresses_lead_to(
    repository: Path, make_project: MakeProject
) -> None:
    """pip installs the lock, as it would on a server without git and without a network."""
    project = make_project(f"mylib @ git+file://{repository}@main")
    assert vendor(project) == 0
    target = project / "installed"
    subprocess.run(
        [find_uv(), "pip", "install", "--quiet", "--offline", "--no-index", "--no-deps",
         "--require-hashes", "--target", str(target), "-r", "requirements/apps.txt"],
        cwd=project, check=True,
    )  # fmt: skip
    assert (target / "mylib.py").read_text() == "VERSION = '1.0'\n"


def test_lost_archive_must_have_its_old_content(
    index: Index,
    make_project: MakeProject,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wheel = make_wheel(tmp_path / "files", "own")
    with Index(tmp_path / "files") as other:
        project = make_project(other.url.replace("simple/", f"files/{wheel.name}"))
        assert vendor(project) == 0
        make_wheel(tmp_path / "files", "own", files={"own/new.py": "changed = 1"})
        (project / "requirements/src" / wheel.name).unlink()
        shutil.rmtree(tmp_path / "cache")
        assert vendor(project) == 1
        printed = capsys.readouterr().err
        assert printed.startswith(f"requirements/apps.in:1: the sha256 of {wheel.name} is ")
        assert vendor(project, "upgrade", "own") == 0
        assert vendor(project, "check") == 0


@pytest.mark.parametrize(
    ("wheel", "fault"),
    [
        ({"headers": ["Wheel-Version: 9"], "wheel_version": "2.0"}, "only 1.x can be installed"),
        ({"record": "own.py,sha256=wrong,1\n"}, "differs from its RECORD"),
        ({"renamed": "own-2.0-py3-none-any.whl"}, "its METADATA has the version '1.0'"),
        ({"renamed": "other-1.0-py3-none-any.whl"}, "does not belong to other"),
        ({"truncated": True}, "can't be read as a zip archive"),
    ],
)
@pytest.mark.parametrize("directory", ["dist", "project/requirements/src"])
def test_unusable_wheel_by_path_is_refused(
    directory: str,
    wheel: dict[str, Any],
    fault: str,
    index: Index,
    make_project: MakeProject,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    renamed, truncated = wheel.pop("renamed", ""), wheel.pop("truncated", False)
    make_project("placeholder")
    path = make_wheel(tmp_path / directory, "own", **wheel)
    wheel |= {"renamed": renamed, "truncated": truncated}
    if renamed:
        path = path.rename(path.with_name(renamed))
    if truncated:
        path.write_bytes(path.read_bytes()[:-30])
    project = make_project(os.path.relpath(path, tmp_path / "project"))
    before = snapshot(project)
    assert vendor(project) == 1
    printed = capsys.readouterr().err
    assert fault in printed
    assert path.name in printed
    assert snapshot(project) == before


def test_hash_of_a_line_chooses_the_file(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel, tarball = make_wheel(index.directory, "tiny"), make_tarball(index.directory, "tiny")
    digest = hashlib.sha256(tarball.read_bytes()).hexdigest()
    project = make_project(f"tiny==1.0 \\\n    --hash=sha256:{digest}")
    assert vendor(project) == 0
    assert tarball.name in files(project)
    assert wheel.name not in files(project)
    assert vendor(project, "check") == 0
    make_project(f"tiny==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}")
    capsys.readouterr()
    assert vendor(project, "check") == 1
    assert "has none of the hashes that requirements/apps.in has" in capsys.readouterr().out
    assert vendor(project) == 0
    assert files(project) == [wheel.name]
    make_project(f"tiny==1.0 --hash=sha256:{'0' * 64}")
    before = snapshot(project)
    assert vendor(project) == 1
    assert "requirements/apps.in: tiny: no file of 1.0" in capsys.readouterr().err
    assert snapshot(project) == before


def test_constraints_limit_and_ask_for_nothing(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    for version in ("1.0", "2.0", "3.0"):
        make_wheel(index.directory, "helper", version)
    make_wheel(index.directory, "tiny", requires=["helper"])
    project = make_project("-c limits.txt", "tiny")
    limits = project / "requirements/limits.txt"
    limits.write_text("helper<3\nunused==1.0\n")
    assert vendor(project) == 0
    assert files(project) == ["helper-2.0-py3-none-any.whl", "tiny-1.0-py3-none-any.whl"]
    assert vendor(project, "check") == 0
    limits.write_text("helper<2\n")
    capsys.readouterr()
    assert vendor(project, "check") == 1
    found = capsys.readouterr().out
    assert "has helper-2.0-py3-none-any.whl, requirements/limits.txt:1 allows helper<2\n" in found
    assert vendor(project) == 0
    assert "helper-1.0-py3-none-any.whl" in files(project)
    limits.write_text("helper @ https://example.org/helper-1.0.tar.gz\n")
    assert vendor(project) == 2


def test_rows_of_every_editor_are_read(index: Index, make_project: MakeProject) -> None:
    for name in ("tiny", "helper", "idna"):
        make_wheel(index.directory, name)
    project = make_project()
    text = "\ufefftiny \\\r\n    >=1.0  # a comment\r\n\r\nhelper\\\r\n\r\n# idna\r\n"
    (project / "requirements/apps.in").write_bytes(text.encode())
    assert vendor(project) == 0
    assert files(project) == ["helper-1.0-py3-none-any.whl", "tiny-1.0-py3-none-any.whl"]
    assert vendor(project, "add", "tiny==1.0", "idna") == 0
    edited = (project / "requirements/apps.in").read_bytes().decode()
    assert edited == "tiny==1.0\r\n\r\nhelper\\\r\n\r\nidna\r\n# idna\r\n"


def test_address_in_metadata_needs_a_line_of_its_own(
    repository: Path,
    index: Index,
    make_project: MakeProject,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_wheel(index.directory, "app", requires=[f"mylib @ git+file://{repository}@main"])
    project = make_project("app")
    assert vendor(project) == 1
    printed = capsys.readouterr().err
    assert f"add the line: mylib @ git+file://{repository}@main" in printed
    make_project("app", f"mylib @ git+file://{repository}@main")
    assert vendor(project) == 0
    assert TARBALL in files(project)
    assert vendor(project, "check") == 0
