from pathlib import Path

import pytest

from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import COMPILED, TAG, MakeProject, files, vendor
from vendor_fetch.index.index import configured_index

NOWHERE = Path("/nonexistent")


def test_index_of_pip_conf_is_used(
    index: Index, make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(index.directory, "tiny")
    monkeypatch.delenv("PIP_INDEX_URL")
    monkeypatch.delenv("PIP_CONFIG_FILE")
    home = tmp_path / "home/.config/pip"
    home.mkdir(parents=True)
    (home / "pip.conf").write_text(f"[global]\nindex-url = {index.url}\n")
    project = make_project("tiny")
    assert vendor(project) == 0
    assert files(project) == ["tiny-1.0-py3-none-any.whl"]


def make_tools(directory: Path, version: str = "80.0") -> None:
    for name in ("virtualenv", "pip"):
        make_wheel(directory, name, version)


def test_index_without_the_tools_of_the_rebuild_is_named(
    make_project: MakeProject,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_tools(tmp_path / "wheels", "1.0")
    make_wheel(tmp_path / "wheels")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    assert vendor(make_project("tiny")) == 1
    printed = capsys.readouterr().err
    assert "you require virtualenv>=20.8" in printed
    assert "apps.in" not in printed
    assert "  # with an index that has it, in the settings of pip or uv" in printed


def test_find_links_work_without_index(
    make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_tools(tmp_path / "wheels")
    make_wheel(tmp_path / "wheels")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", f"/nonexistent {tmp_path / 'wheels'}")
    project = make_project("tiny")
    assert vendor(project) == 0
    assert files(project) == ["tiny-1.0-py3-none-any.whl"]


def test_uv_find_links_may_have_white_space(
    make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_tools(tmp_path / "my wheels")
    make_wheel(tmp_path / "my wheels")
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("UV_DEFAULT_INDEX", str(tmp_path / "empty"))
    monkeypatch.setenv("UV_FIND_LINKS", f"{tmp_path / 'my wheels'},{tmp_path}")
    project = make_project("tiny")
    assert vendor(project) == 0
    assert files(project) == ["tiny-1.0-py3-none-any.whl"]


def test_extra_index_may_be_a_directory(
    index: Index, make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(index.directory, "tiny")
    wheel = make_wheel(tmp_path / "simple/private", "private")
    (wheel.parent / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", (tmp_path / "simple").as_uri())
    project = make_project("tiny", "private")
    assert vendor(project) == 0
    assert files(project) == ["private-1.0-py3-none-any.whl", "tiny-1.0-py3-none-any.whl"]


def test_uv_configuration_comes_before_pip(
    index: Index, make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(index.directory, "tiny")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
    assert vendor(make_project("tiny")) == 0


def test_pip_files_are_read_in_the_order_of_pip(tmp_path: Path) -> None:
    for place, name in ((".pip", "older"), (".config/pip", "newer")):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "pip.conf").write_text(
            f"[global]\nindex_url = https://{name}.example.org/simple\ncert = /{name}.pem\n"
        )
    first = tmp_path / "first.pem"
    first.touch()
    environ = {"HOME": str(tmp_path), "PIP_CERT": str(first)}
    index = configured_index(NOWHERE, environ)
    assert index.environment["UV_DEFAULT_INDEX"] == "https://newer.example.org/simple"
    assert index.environment["SSL_CERT_FILE"] == index.certificates == str(first)


def test_credentials_are_by_origin() -> None:
    index = configured_index(
        NOWHERE,
        {
            "PIP_CONFIG_FILE": "/dev/null",
            "HOME": "/nonexistent",
            "PIP_INDEX_URL": "https://me:p%40ss@index.example.org/simple",
            "PIP_EXTRA_INDEX_URL": "https://other.example.org/simple",
        },
    )
    assert index.credentials == {"https://index.example.org:443": ("me", "p@ss")}


def test_credentials_of_a_named_uv_index() -> None:
    index = configured_index(
        NOWHERE,
        {
            "PIP_CONFIG_FILE": "/dev/null",
            "HOME": "/nonexistent",
            "UV_INDEX": "house=https://me:secret@index.example.org/simple",
        },
    )
    assert index.credentials == {"https://index.example.org:443": ("me", "secret")}
    assert not index.has_extras


def test_extra_index_with_other_files_changes_nothing(
    index: Index, make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(index.directory, "compiled", "1.0", tag=COMPILED)
    make_wheel(index.directory, "compiled", "1.1", tag=COMPILED)
    make_wheel(index.directory, "other")
    assert vendor(make_project("compiled")) == 0
    wheel = make_wheel(
        tmp_path / "simple/compiled", "compiled", "1.1", tag=COMPILED.replace(TAG, "cp27")
    )
    (wheel.parent / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", (tmp_path / "simple").as_uri())
    project = make_project("compiled", "other")
    assert vendor(project) == 0
    assert files(project) == [f"compiled-1.1-{COMPILED}.whl", "other-1.0-py3-none-any.whl"]


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        (
            "PIP_INDEX_URL",
            "nonsense",
            "'nonsense' is neither an address like "
            "https://index.example.org/simple nor a directory that exists",
        ),
        (
            "PIP_INDEX_URL",
            "htp://x/simple",
            "'htp://x/simple' is not an address like https://index.example.org/simple",
        ),
        (
            "PIP_INDEX_URL",
            "http://me:secret@127.0.0.1:99999/",
            "'http://…@127.0.0.1:99999/' is not ",
        ),
        (
            "PIP_INDEX_URL",
            "/nonexistent/simple",
            "'/nonexistent/simple' is a directory that does not exist",
        ),
        ("PIP_EXTRA_INDEX_URL", "http://[::1", "'http://[::1' is not an address like "),
        ("PIP_FIND_LINKS", "wheels", "'wheels' is neither an address like "),
        ("PIP_NO_INDEX", "maybe", "'maybe' is neither true nor false"),
        ("PIP_CERT", "/nonexistent.pem", "'/nonexistent.pem' is a file of certificates that does "),
        ("SSL_CERT_FILE", "/nonexistent.pem", "'/nonexistent.pem' is a file of certificates that "),
        ("PIP_PROXY", "http://:x", "'http://:x' is not the address of a proxy, like "),
        ("UV_DEFAULT_INDEX", "nonsense", "'nonsense' is neither an address like "),
        ("UV_INDEX", "house=htp://x", "'house=htp://x' is not an address like "),
    ],
)
def test_wrong_variable_is_named(
    name: str,
    value: str,
    fault: str,
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(name, value)
    assert vendor(make_project("tiny")) == 2
    printed = capsys.readouterr().err
    assert printed.startswith(f"{name} in the environment: {fault}")
    assert printed.endswith(f"\n  next: printenv {name}  # correct {name}, then: make vendor\n")
    assert "secret" not in printed


@pytest.mark.parametrize(
    ("path", "text", "printed"),
    [
        (
            ".config/pip/pip.conf",
            "[global]\nindex_url = nonsense\n",
            "index_url in {path}: 'nonsense' is neither an address like ",
        ),
        (".config/pip/pip.conf", "[global\n", "{path}: File contains no section headers. "),
        (
            ".config/uv/uv.toml",
            'index-url = "nonsense"\n',
            "index-url in {path}: 'nonsense' is neither an address like ",
        ),
        (
            ".config/uv/uv.toml",
            '[[index]]\nname = "house"\nurl = "htp://x"\n',
            "index in {path}: 'htp://x' is not an address like ",
        ),
        (
            ".config/uv/uv.toml",
            "index-url = 3\n",
            "uv's settings (UV_… in the environment, uv.toml, "
            "[tool.uv]): error: Failed to parse: {path}\n",
        ),
    ],
)
def test_wrong_configuration_file_is_named(
    path: str,
    text: str,
    printed: str,
    make_project: MakeProject,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("PIP_CONFIG_FILE")
    file = tmp_path / "home" / path
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert vendor(make_project("tiny")) == 2
    assert capsys.readouterr().err.startswith(printed.format(path=file))


def test_missing_extra_location_is_ignored() -> None:
    environ = {"PIP_CONFIG_FILE": "/dev/null", "HOME": "/nonexistent"}
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "UV_EXTRA_INDEX_URL"):
        assert (
            "UV_INDEX"
            not in configured_index(
                NOWHERE, {**environ, name: "file:///mnt/elsewhere/simple"}
            ).environment
        )


def test_variable_that_uv_refuses_is_named(
    index: Index,
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("UV_INDEX_STRATEGY", "any")
    assert vendor(make_project("tiny")) == 2
    printed = capsys.readouterr().err
    assert printed.startswith(
        "uv's settings (UV_… in the environment, uv.toml, [tool.uv]): error: "
        "invalid value 'any' for '--index-strategy"
    )
    assert "--help" not in printed
