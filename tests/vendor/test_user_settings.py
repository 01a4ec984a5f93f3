"""The user's settings of uv and pip choose the index; they do not change the lock."""

from pathlib import Path

import pytest

from bootstrapper.ve.project.lockfile import APPS, read
from tests.support.index import Index, make_tarball
from tests.support.wheels import make_wheel
from tests.vendor.conftest import COMPILED, MakeProject, vendor

LOCKED = [
    f"compiled-1.0-{COMPILED}.whl",
    "helper-2.0-py3-none-any.whl",
    "source-1.0.tar.gz",
    "tiny-2.0-py3-none-any.whl",
]
IN_FILES = [
    "[pip]\nuniversal = true\n",
    "[pip]\nno-deps = true\n",
    '[pip]\npython-platform = "macos"\n',
    '[pip]\npython-version = "3.8"\n',
    '[pip]\nresolution = "lowest"\n',
    'resolution = "lowest"\n',
    'prerelease = "allow"\n',
    'exclude-newer = "2001-01-01"\n',
    "[pip]\nno-binary = [':all:']\n",
    "[pip]\nonly-binary = [':all:']\n",
    "no-build = true\n",
    "no-binary = true\n",
    'constraint-dependencies = ["tiny<2"]\n',
    'override-dependencies = ["helper==1.0"]\n',
    '[pip]\ngenerate-hashes = true\nno-emit-package = ["tiny"]\n',
    "[pip]\nall-extras = true\n",
    '[pip]\noutput-file = "elsewhere.txt"\n',
    'required-version = "<0.1"\n',
    "upgrade = true\n",
]
IN_ENVIRONMENT = {
    "UV_RESOLUTION": "lowest",
    "UV_PRERELEASE": "allow",
    "UV_EXCLUDE_NEWER": "2001-01-01",
    "UV_NO_BINARY": "1",
    "UV_NO_BUILD": "1",
    "UV_ONLY_BINARY": ":all:",
    "UV_PYTHON": "2.7",
    "UV_CONSTRAINT": "limits.txt",
    "UV_OVERRIDE": "limits.txt",
    "UV_BUILD_CONSTRAINT": "limits.txt",
    "UV_PROJECT": "/nonexistent",
    "UV_WORKING_DIR": "/nonexistent",
    "UV_PYTHON_PLATFORM": "macos",
    "UV_UPGRADE": "1",
    "UV_REQUIRED_VERSION": "<0.1",
    "UV_CUSTOM_COMPILE_COMMAND": "me",
    "UV_TORCH_BACKEND": "cpu",
    "UV_FORK_STRATEGY": "fewest",
    "PIP_PRE": "1",
    "PIP_NO_DEPS": "1",
    "PIP_NO_BINARY": ":all:",
    "PIP_CONSTRAINT": "limits.txt",
}


@pytest.fixture
def project(index: Index, make_project: MakeProject) -> Path:
    """It asks for what resolves in another way under each of the settings."""
    for version in ("1.0", "2.0", "3.0rc1"):
        make_wheel(index.directory, "tiny", version, requires=["helper"])
    for version in ("1.0", "2.0"):
        make_wheel(index.directory, "helper", version)
    make_wheel(index.directory, "compiled", tag=COMPILED, pure=False)
    make_wheel(index.directory, "compiled", tag="cp39-abi3-macosx_11_0_arm64", pure=False)
    make_tarball(index.directory, "source")
    made = make_project("tiny", "compiled", "source")
    (made / "limits.txt").write_text("tiny<2\nhelper==1.0\n")
    return made


def names(project: Path) -> list[str]:
    return [file.path.name for file in read(project, APPS)]


@pytest.mark.parametrize("text", IN_FILES)
def test_uv_toml_of_the_user_does_not_change_the_lock(
    text: str, project: Path, tmp_path: Path
) -> None:
    path = tmp_path / "home/.config/uv/uv.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert vendor(project) == 0
    assert names(project) == LOCKED
    assert vendor(project, "check") == 0


@pytest.mark.parametrize("name", IN_ENVIRONMENT)
def test_variable_does_not_change_the_lock(
    name: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, IN_ENVIRONMENT[name])
    assert vendor(project) == 0
    assert names(project) == LOCKED


@pytest.mark.parametrize(
    "place",
    [
        "project/uv.toml",
        "uv.toml",
        "pyproject.toml",
        "project/pyproject.toml",
        "named.toml",
        "etc/uv/uv.toml",
    ],
)
def test_uv_file_anywhere_does_not_change_the_lock(
    place: str, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    head = "[tool.uv]\n{}[tool.uv.pip]\n" if path.name == "pyproject.toml" else "{}[pip]\n"
    with path.open("a") as file:
        file.write(head.format('resolution = "lowest"\n') + "universal = true\nno-deps = true\n")
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "etc"))
    if path.name == "named.toml":
        monkeypatch.setenv("UV_CONFIG_FILE", str(path))
    assert vendor(project) == 0
    assert names(project) == LOCKED


@pytest.mark.parametrize(
    "text",
    [
        '[[index]]\nname = "house"\nurl = "{url}"\ndefault = true\n',
        'index-url = "{url}"\n',
        '[pip]\nindex-url = "{url}"\n',
        'no-index = true\nfind-links = ["../../../index"]\n',
        '[pip]\nno-index = true\nfind-links = ["{directory}"]\n',
    ],
    ids=["index", "index-url", "pip.index-url", "relative find-links", "pip.find-links"],
)
def test_uv_toml_of_the_user_names_the_index(
    text: str, project: Path, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    path = tmp_path / "home/.config/uv/uv.toml"
    path.parent.mkdir(parents=True)
    path.write_text(
        "no-cache = false\nconcurrent-downloads = 2\n"
        + text.format(url=index.url, directory=index.directory)
    )
    assert vendor(project) == 0
    assert names(project) == LOCKED


def test_project_uv_toml_comes_before_the_users(
    project: Path, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_INDEX_URL")
    path = tmp_path / "home/.config/uv/uv.toml"
    path.parent.mkdir(parents=True)
    path.write_text('index-url = "http://127.0.0.1:9/simple"\nextra-index-url = ["/nonexistent"]\n')
    (project / "uv.toml").write_text(f'index-url = "{index.url}"\n')
    assert vendor(project) == 0
