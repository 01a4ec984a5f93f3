"""The cookbook: the project's recipes come before ours; lists, prints and reports errors."""

import json
import os
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bootstrapper.__main__ import main
from bootstrapper.commands.cookbook import table
from bootstrapper.deploy.definition.problems import DefinitionError
from bootstrapper.deploy.recipes.catalog import RecipeCatalog
from bootstrapper.errors import InputError
from tests.conftest import REPOSITORY
from tests.support.definitions import recipe

OURS = sorted(
    path.stem
    for path in (REPOSITORY / "bootstrapper/cookbook").iterdir()
    if path.suffix in (".sh", ".py")
)


def test_ours_are_there_in_a_project_without_recipes(tmp_path: Path) -> None:
    assert [each.name for each in RecipeCatalog(tmp_path).all()] == OURS
    assert all(each.path is None for each in RecipeCatalog(tmp_path).all())
    assert OURS


def test_pieces_stand_in_the_recipes_that_name_them(tmp_path: Path) -> None:
    named = [each.name for each in RecipeCatalog(tmp_path).all() if "# piece: " in each.code]
    assert named == []
    recipe(tmp_path, "mine.sh", "# Mine.\nif true; then\n    # piece: umask\nfi\n")
    mine = RecipeCatalog(tmp_path).get("mine")
    assert mine
    assert "\n    umask 022\n" in mine.code


def test_ours_are_there_in_a_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "wheel.zip", "w") as archive:
        for path in sorted((REPOSITORY / "bootstrapper").rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                archive.write(path, path.relative_to(REPOSITORY))
    listed = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            "import sys; sys.path.insert(0, 'wheel.zip')\n"
            "from pathlib import Path; from bootstrapper.deploy.recipes.catalog import RecipeCatalog\n"
            "assert 'wheel.zip' in sys.modules['bootstrapper'].__file__\n"
            "print(*[each.name for each in RecipeCatalog(Path()).all()])",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert listed.split() == OURS


def test_the_projects_recipe_hides_ours(tmp_path: Path) -> None:
    name = OURS[0]
    ours = RecipeCatalog(tmp_path).get(name)
    path = recipe(tmp_path, f"{name}.sh", "# Mine.\ntrue\n")
    cookbook = RecipeCatalog(tmp_path)
    found = cookbook.get(name)
    assert ours and found
    assert (found.path, found.description) == (path, "Mine.")
    assert cookbook.shadows(name)
    assert not cookbook.shadows(OURS[1])


def test_a_name_may_hold_spaces(tmp_path: Path) -> None:
    recipe(tmp_path, "clear checkout directory.sh", "true\n")
    found = RecipeCatalog(tmp_path).get("clear checkout directory")
    assert found and found.name == "clear checkout directory"


def test_an_executable_with_a_shebang_is_a_recipe_whatever_its_extension(tmp_path: Path) -> None:
    recipe(tmp_path, "one.pl", "#!/usr/bin/perl\n# Does it.\n").chmod(0o755)
    recipe(tmp_path, "two", "#!/bin/sh\n").chmod(0o755)
    recipe(tmp_path, "README.md", "# These are recipes\n")
    recipe(tmp_path, "notes.txt", "#!/bin/sh but not executable\n")
    recipe(tmp_path, ".hidden.sh", "true\n")
    recipe(tmp_path, "sub/x.sh", "true\n")
    cookbook = RecipeCatalog(tmp_path)
    assert [each.name for each in cookbook.all() if each.path] == ["one", "two"]
    assert cookbook.problems() == []


def test_one_faulty_recipe_does_not_keep_the_others_from_their_work(tmp_path: Path) -> None:
    recipe(tmp_path, "good.sh", "true\n")
    recipe(tmp_path, "bad.sh", "true\r\n")
    cookbook = RecipeCatalog(tmp_path)
    assert cookbook.get("good")
    assert "bad" not in [each.name for each in cookbook.all()]
    with pytest.raises(DefinitionError, match="Windows"):
        cookbook.get("bad")
    assert [each.where for each in cookbook.problems()] == ["deploy/recipes/bad.sh:1"]


def test_what_is_no_readable_file_is_reported(tmp_path: Path) -> None:
    recipes = tmp_path / "deploy/recipes"
    (recipes / "directory.sh").mkdir(parents=True)
    (recipes / "link.sh").symlink_to("nowhere")
    (recipes / "loop.py").symlink_to("loop.py")
    os.mkfifo(recipes / "pipe.sh")
    assert sorted(map(str, RecipeCatalog(tmp_path).problems())) == [
        "deploy/recipes/directory.sh: is a directory; a recipe is one file",
        "deploy/recipes/link.sh: is a broken link, to nowhere",
        "deploy/recipes/loop.py: can't be read (Too many levels of symbolic links)",
        "deploy/recipes/pipe.sh: is no file that can be read, such as a pipe",
    ]


def test_a_recipe_that_only_another_user_can_read_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recipe(tmp_path, "x.sh", "true\n")
    read_bytes = Path.read_bytes

    def refuse(self: Path) -> bytes:  # root, who runs some of these tests, may read everything
        if self == path:
            raise PermissionError(13, "Permission denied", str(self))
        return read_bytes(self)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(InputError, match=r"x.sh: can't be read \(Permission denied\)"):
        RecipeCatalog(tmp_path).get("x")


def test_two_files_of_one_name_are_reported(tmp_path: Path) -> None:
    recipe(tmp_path, "x.sh", "true\n")
    recipe(tmp_path, "x.py", "pass\n")
    with pytest.raises(InputError, match=r"x\.sh: x\.py has the same name; one name is"):
        RecipeCatalog(tmp_path).get("x")


def test_a_file_where_the_directory_of_recipes_should_be_is_reported(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy/recipes").write_text("")
    with pytest.raises(InputError, match="deploy/recipes: is no directory"):
        RecipeCatalog(tmp_path)


def test_the_command_lists_recipes_with_origin_and_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    recipe(tmp_path, f"{OURS[0]}.sh", "# Mine. With more to say.\n# needs: SOMETHING ELSE\ntrue\n")
    assert main(["cookbook", "--project", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("  ")[0] == OURS[0]
    assert lines[0].endswith("  project, hides ours  Mine.")
    assert lines[1].strip() == "needs SOMETHING ELSE"
    assert all(len(line) <= 100 for line in lines)
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == OURS


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_the_list_fits_the_terminal(width: int) -> None:
    rows = [
        ("name", "ours", "It does " + "this and that " * 9, ["REMOTE_HOST", "X"] * 5),
        ("a-longer-name", "project", "", []),
    ]
    lines = table(rows, width)
    assert max(map(len, lines)) <= max(width, 23)
    assert "a-longer-name" in "\n".join(lines)
    assert table([], width) == []


def test_the_command_prints_a_recipe_exactly(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    text = "# Caffè\n\techo 'x'  \n\n# no newline at the end"
    recipe(tmp_path, "mine.sh", text)
    assert main(["cookbook", "mine", "--project", str(tmp_path)]) == 0
    assert capfdbinary.readouterr().out == text.encode()


def test_the_command_speaks_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe(tmp_path, "mine.sh", "# Does it. Well.\n# needs: X\n# per-host\ntrue\n")
    assert main(["cookbook", "--json", "--project", str(tmp_path)]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert sorted([*OURS, "mine"]) == [each["name"] for each in listed]
    mine = {
        "name": "mine",
        "language": "shell",
        "description": "Does it. Well.",
        "needs": ["X"],
        "summary": "Does it.",
        "per_host": True,
        "switches": False,
        "from_release": False,
        "resolves": "",
        "origin": "project",
        "shadows": False,
        "file": "deploy/recipes/mine.sh",
    }
    assert mine in listed
    assert main(["cookbook", "mine", "--json", "--project", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out) == {
        **mine,
        "code": "# Does it. Well.\n# needs: X\n# per-host\ntrue\n",
    }


@pytest.mark.parametrize(
    ("words", "reported"),
    [
        (["mien"], 'cookbook: no recipe is called "mien"; did you mean "mine"?'),
        (
            ["two", "words"],
            "cookbook: takes one recipe; a name with spaces is one in quotes\n"
            "  next: python -m bootstrapper cookbook 'two words'",
        ),
        (["import"], "cookbook import: takes one file"),
        (
            ["import", "our recipes.csv", "more.csv"],
            "  next: python -m bootstrapper cookbook import 'our recipes.csv'  # then the next one",
        ),
        (["import", "nowhere.csv"], "nowhere.csv: can't be read (No such file or directory)"),
    ],
)
def test_a_wrong_command_says_which_is_right(
    words: list[str], reported: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe(tmp_path, "mine.sh", "true\n")
    assert main(["cookbook", *words, "--project", str(tmp_path)]) == 2
    assert reported in capsys.readouterr().err


def test_a_shipped_recipe_is_copied_by_a_redirect(tmp_path: Path) -> None:
    ours = RecipeCatalog(tmp_path).get("migrate")
    assert ours and ours.code
    (tmp_path / "deploy/recipes").mkdir(parents=True)
    command = shlex.join([sys.executable, "-m", "bootstrapper", "cookbook", "migrate"])
    copy = tmp_path / "deploy/recipes/migrate.sh"
    for _ in range(2):  # the second redirect empties a file that has the recipe
        subprocess.run(f"{command} > {copy}", shell=True, check=True, cwd=tmp_path)
        assert copy.read_text() == ours.code


def test_an_empty_recipe_of_the_project_still_hides_ours(tmp_path: Path) -> None:
    recipe(tmp_path, "migrate.sh", "")
    found = RecipeCatalog(tmp_path).get("migrate")
    assert found and (found.code, found.origin) == ("", "deploy/recipes/migrate.sh")


def test_the_command_lists_what_it_can_and_tells_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe(tmp_path, "good.sh", "true\n")
    recipe(tmp_path, "bad.sh", "true\r\n")
    assert main(["cookbook", "--project", str(tmp_path)]) == 2
    reported = capsys.readouterr()
    assert "good  " in reported.out
    assert "deploy/recipes/bad.sh:1: ends its lines as Windows does" in reported.err


def test_a_reader_that_has_seen_enough_is_no_failure(tmp_path: Path) -> None:
    for words in ([], ["--json"], [OURS[0]]):
        with subprocess.Popen(
            [sys.executable, "-m", "bootstrapper", "cookbook", *words],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as one:
            assert one.stdout and one.stderr
            one.stdout.close()
            assert (one.stderr.read(), one.wait()) == (b"", 0)
