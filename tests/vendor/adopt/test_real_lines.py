"""Odd lines of real dependency files, rebuilt: what they become, and what the table says of them."""

from pathlib import Path

import pytest

from vendor_fetch.adopt.adoption import Adoption, adopt
from vendor_fetch.adopt.dependency_files import find_files, read_files
from vendor_fetch.adopt.entry import Entry
from vendor_fetch.adopt.requirement_entry import entry_of

GIT = "git+https://git.example.org"
HASH = "0" * 63


def adopted(root: Path, files: dict[str, str]) -> Adoption:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return adopt(read_files(find_files(root).read, root, ()))


def entry(line: str) -> Entry:
    return entry_of("requirements.txt:1", line)


@pytest.mark.parametrize(
    ("line", "requirement"),
    [
        (f"{GIT}/m.git@d92bafe#egg=MongoProxy==0.1.0+shop.2", f"MongoProxy @ {GIT}/m.git@d92bafe"),
        (f"{GIT}/r@v2#egg=django-ratelimit==2.0.1a5", f"django-ratelimit @ {GIT}/r@v2"),
        (
            "https://files.example.org/0.8.zip#egg=zulip_bots==0.8+git&subdirectory=zulip_bots",
            "zulip_bots @ https://files.example.org/0.8.zip#subdirectory=zulip_bots",
        ),
        (
            f"-e {GIT}/t.git@dffebc9#egg=django_translation-master",
            f"django_translation @ {GIT}/t.git@dffebc9",
        ),
        # Names may end with a digit and letters.
        (f"{GIT}/a.git#egg=django-allauth-2fa", f"django-allauth-2fa @ {GIT}/a.git"),
        (f"{GIT}/a.git#egg=forms-1.2", f"forms @ {GIT}/a.git"),
    ],
)
def test_name_alone_is_taken_from_the_fragment(line: str, requirement: str) -> None:
    assert entry(line).requirement == requirement


@pytest.mark.parametrize(
    ("line", "requirement", "change"),
    [
        (
            "git+git://github.com/shop/forms.git@v1#egg=forms",
            "forms @ git+https://github.com/shop/forms.git@v1",
            "https://, because github.com has ended git://",
        ),
        (
            "-e git://github.com/shop/forms@v1#egg=forms",
            "forms @ git+https://github.com/shop/forms@v1",
            "https://, because github.com has ended git://",
        ),
        (
            "git://git.example.org/forms.git#egg=forms",
            "forms @ git+git://git.example.org/forms.git",
            "with git+ before git://",
        ),
        (
            "git+ssh://git@git.example.org:shop/forms.git",
            "git+ssh://git@git.example.org/shop/forms.git",
            "with / after the host",
        ),
        (
            "git+ssh://git@git.example.org:7999/shop/forms.git",
            "git+ssh://git@git.example.org:7999/shop/forms.git",
            "",
        ),
    ],
)
def test_address_of_git_can_be_reached(line: str, requirement: str, change: str) -> None:
    found = entry(line)
    assert found.requirement == requirement
    assert change in found.change


def test_lost_hashes_of_an_address_are_in_the_table() -> None:
    one, two = f" --hash=sha256:{HASH}1", f" --hash=sha256:{HASH}2"
    address = "https://files.example.org/master.zip#egg=nuggets"
    assert entry(address + one).requirement.endswith(f"#sha256={HASH}1")
    assert "without its 2 hashes" in entry(address + one + two).change


@pytest.mark.parametrize("name", ["wsgiref==0.1.2", "argparse", "futures>=3", "distribute==0.6.24"])
def test_part_of_python_is_not_vendored(name: str) -> None:
    assert "nothing to do" in entry(name).refusal


@pytest.mark.parametrize("file", ["requirements.txt", "constraints.txt"])
def test_tools_of_the_rebuild_are_not_pinned(file: str, tmp_path: Path) -> None:
    lines = "pip==19.2.3\nvirtualenv==16.7.5\ndjango==5.2\n"
    found = adopted(tmp_path, {"requirements.txt": "django\n", file: lines})
    assert found.locked == {"django": {"5.2": ("",)}}
    assert [row.outcome for row in found.rows if row.text[0] in "pv"] == ["refused", "refused"]


def test_part_of_python_for_old_pythons_is_kept() -> None:
    assert not entry("enum34==1.1 ; python_version < '3.4'").refusal


@pytest.mark.parametrize("variable", ["extra", "platform_release"])
def test_marker_without_a_value_is_refused(variable: str) -> None:
    found = entry(f"pytest ; {variable} == 'test'")
    assert not found.requirement
    assert found.refusal.startswith(f"{variable} is not known for a target; ")


def test_refused_option_asks_for_no_change_of_the_list() -> None:
    assert entry("--allow-external mongoengine").refusal.endswith("; nothing to do")
    assert entry("--pre").refusal.endswith(
        "; name the pre-release of a package, like Django>=6.1a1"
    )


def test_spaces_and_tabs_are_single() -> None:
    assert entry("lxml   ==\t3.0 ;\tpython_version<'4'").requirement == (
        "lxml == 3.0 ; python_version<'4'"
    )


def test_mark_and_an_old_encoding_are_read(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes(
        b"\xef\xbb\xbfDjango==1.11\r\n# caf\xe9\r\nsix==1.10\r\n"
    )
    assert adopted(tmp_path, {}).lines == ("Django==1.11", "six==1.10")


def test_indexes_of_one_option_have_one_command(tmp_path: Path) -> None:
    lines = [f"--extra-index-url=https://{name}.example.org/" for name in ("alpha", "beta")]
    (tmp_path / "wheels").mkdir()
    lines += ["-f wheels/", "--find-links wheels", "-f https://links.example.org/"]
    found = adopted(tmp_path, {"requirements.txt": "".join(f"{line}\n" for line in lines)})
    commands = {
        row.text.split("=")[0].split()[0]: row.detail.partition(": ")[2] for row in found.rows
    }
    assert commands == {
        "--extra-index-url": "pip config set global.extra-index-url "
        "'https://alpha.example.org/ https://beta.example.org/'",
        "-f": "pip config set global.find-links \"$PWD\"/wheels' 'https://links.example.org/",
        "--find-links": "pip config set global.find-links \"$PWD\"/wheels' 'https://links.example.org/",
    }


@pytest.mark.parametrize(
    ("files", "commands"),
    [
        (
            {
                "Pipfile": '[[source]]\nname = "main"\nurl = "https://a.example.org"\n'
                '[[source]]\nname = "more"\nurl = "https://b.example.org"\n[packages]\n'
            },
            ["index-url https://a.example.org", "extra-index-url https://b.example.org"],
        ),
        (
            {
                "pyproject.toml": "[tool.poetry.dependencies]\n"
                '[[tool.poetry.source]]\nname = "PyPI"\npriority = "primary"\n'
                '[[tool.poetry.source]]\nname = "own"\nurl = "https://a.example.org"\n'
                'priority = "explicit"\n[[tool.poetry.source]]\nname = "main"\n'
                'url = "https://b.example.org"\n'
            },
            ["", "extra-index-url https://a.example.org", "index-url https://b.example.org"],
        ),
        (
            {
                "uv.lock": "",
                "pyproject.toml": '[[tool.uv.index]]\nurl = "https://a.example.org"\n'
                '[[tool.uv.index]]\nurl = "https://b.example.org"\ndefault = true\n',
            },
            ["extra-index-url https://a.example.org", "index-url https://b.example.org"],
        ),
        (
            {
                "pdm.lock": "",
                "pyproject.toml": '[[tool.pdm.source]]\nname = "own"\nurl = "https://a.example.org"\n'
                '[[tool.pdm.source]]\nname = "pypi"\nurl = "https://b.example.org"\n',
            },
            ["extra-index-url https://a.example.org", "index-url https://b.example.org"],
        ),
    ],
)
def test_default_index_is_no_extra_one(
    files: dict[str, str], commands: list[str], tmp_path: Path
) -> None:
    rows = [row for row in adopted(tmp_path, files).rows if "python" not in row.text]
    assert [row.detail.partition("global.")[2] for row in rows] == commands


def test_package_without_a_version_in_a_pipfile_lock_is_no_pin(tmp_path: Path) -> None:
    found = adopted(
        tmp_path,
        {
            "Pipfile": '[packages]\ncolorama = {version = "*", sys_platform = "== \'win32\'"}\n',
            "Pipfile.lock": '{"_meta": {}, "default": {"colorama": {"version": "*"}}, "develop": {}}',
        },
    )
    assert (found.locked, found.rows[0].detail) == ({}, "the lock has no version of it")


def test_hashes_of_an_old_poetry_lock_are_kept(tmp_path: Path) -> None:
    found = adopted(
        tmp_path,
        {
            "pyproject.toml": '[tool.poetry.dependencies]\ndjango = "^1.11"\n',
            "poetry.lock": '[[package]]\nname = "django"\nversion = "1.11.29"\n'
            f'[metadata.hashes]\ndjango = ["{HASH}1", "{HASH}2"]\n',
        },
    )
    assert found.hashes == {"django": frozenset({f"{HASH}1", f"{HASH}2"})}


def test_member_of_a_workspace_leads_to_its_requirements(tmp_path: Path) -> None:
    found = adopted(
        tmp_path,
        {
            "pyproject.toml": '[project]\nname = "root"\ndependencies = ["backend"]\n'
            "[tool.uv.sources]\nbackend = {workspace = true}\nlib = {path = 'lib'}\n",
            "uv.lock": '[manifest]\nmembers = ["backend", "root"]\n'
            '[[package]]\nname = "backend"\nversion = "0.1"\nsource = {editable = "backend"}\n'
            '[[package]]\nname = "lib"\nversion = "0.1"\nsource = {editable = "lib"}\n',
        },
    )
    assert [row.outcome for row in found.rows] == ["refused", "taken", "refused"]
    assert found.rows[0].detail.endswith("--from backend/pyproject.toml --from uv.lock")


def test_excludes_of_pdm_are_accounted_for(tmp_path: Path) -> None:
    found = adopted(
        tmp_path,
        {
            "pyproject.toml": '[project]\ndependencies = ["django"]\n'
            '[tool.pdm.resolution]\nexcludes = ["tzdata"]\n'
        },
    )
    assert [(row.text, row.outcome) for row in found.rows] == [
        ("django", "taken"),
        ("tzdata", "refused"),
    ]


def test_computed_requirements_of_setup_py_are_refused(tmp_path: Path) -> None:
    text = "from setuptools import setup\noptions = {'install_requires': ['django']}\nsetup(**options)\n"
    assert [row.outcome for row in adopted(tmp_path, {"setup.py": text}).rows] == ["refused"]
