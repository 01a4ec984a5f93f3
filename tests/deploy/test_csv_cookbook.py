"""The cookbook of 2010 is imported whole and runs unchanged."""

import os
import subprocess
from pathlib import Path

import pytest

from bootstrapper.__main__ import main
from bootstrapper.deploy.definition.problems import DefinitionError
from bootstrapper.deploy.recipes import csv_cookbook
from bootstrapper.deploy.recipes.catalog import RecipeCatalog
from bootstrapper.deploy.recipes.csv_cookbook import used_variables
from tests.support.definitions import recipe

# Of the same kind as that Rolf's: names with spaces, code of several lines in quotes, a recipe
# without a description, and the empty line that its dump ends with; some of another shop's.
COOKBOOK = '''\
clear checkout directory,shell,"if [ ""$CHECKOUT_DIR"" = """" ]; then
   echo ""no directory is named""
else
   rm -rf $CHECKOUT_DIR
fi",so that the next step begins with nothing
git archive,shell,"cd $CHECKOUT_DIR; cd ..
rmdir $CHECKOUT_DIR
git clone -q --depth=1 $GIT_REMOTE $CHECKOUT_DIR","the code, without its whole history"
rsync --delete,shell,rsync -a --delete $CHECKOUT_DIR/ $REMOTE_HOST:$REMOTE_DIRECTORY,"Careful! What
the application writes is lost."
virtualenv bootstrap,shell,"ssh $REMOTE_HOST ""cd ${REMOTE_DIRECTORY}; ./bootstrap.py""",
touch wsgi,shell,ssh $REMOTE_HOST touch ${REMOTE_DIRECTORY}/apache/django.wsgi ,reload
git tag,shell,"if [ ""$ROLLBACK_URL"" = """" ]; then
  cd $CWD; git tag ROLF_PUSH_${ROLF_PUSH_ID} -m ""by ${PUSH_UNI}: ${PUSH_COMMENT}""
fi",
save git rollback_url,python,"# a step of its own
self.push.rollback_url = ""ROLF_PUSH_%d"" % self.push.id
self.push.save()
self.status = ""ok""",
cache/purge,python,"self.execute([""varnishadm"", self.setting('CACHE_HOST')])",needs: a cache
perl cron,shell,"#!/usr/bin/perl
print ""$x\\n"";",

'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cookbook.csv"
    path.write_text(COOKBOOK, newline="")
    return path


def run_import(project: Path, file: Path, *words: str) -> int:
    return main(["cookbook", "import", str(file), "--project", str(project), *words])


def tree(project: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in (project / "deploy/recipes").iterdir()
    }


def faults(tmp_path: Path, data: str | bytes) -> list[str]:
    path = tmp_path / "c.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    with pytest.raises(DefinitionError) as caught:
        csv_cookbook.read(path)
    return [str(fault).removeprefix(f"{path}:") for fault in caught.value.problems]


def test_every_recipe_is_there_with_what_it_needs(tmp_path: Path, file: Path) -> None:
    assert run_import(tmp_path, file) == 0
    found = {
        each.name: (each.needs, each.language, each.summary)
        for each in RecipeCatalog(tmp_path).all()
        if each.path
    }
    remark = (
        "Imported from cookbook.csv: plain bash, which goes on after a command that fails, "
        "as it did there."
    )
    host = ("REMOTE_HOST", "REMOTE_DIRECTORY")
    assert found == {
        "clear checkout directory": ((), "program", "so that the next step begins with nothing"),
        "git archive": (("GIT_REMOTE",), "program", "the code, without its whole history"),
        "rsync --delete": (host, "program", "Careful!"),
        "virtualenv bootstrap": (host, "program", remark),
        "touch wsgi": (host, "program", "reload"),
        "git tag": ((), "program", remark),
        "save git rollback_url": ((), "python", "Imported from cookbook.csv."),
        "cache-purge": (("CACHE_HOST",), "python", "(needs: a cache)"),
        "perl cron": ((), "program", "Imported from cookbook.csv."),
    }


def test_the_file_is_what_a_person_would_have_written(tmp_path: Path, file: Path) -> None:
    run_import(tmp_path, file)
    assert (
        (tmp_path / "deploy/recipes/rsync --delete.sh").read_text()
        == """\
#!/bin/bash
# Careful! What
# the application writes is lost.
#
# Imported from cookbook.csv: plain bash, which goes on after a command that fails, as it did there.
#
# needs: REMOTE_HOST REMOTE_DIRECTORY

rsync -a --delete $CHECKOUT_DIR/ $REMOTE_HOST:$REMOTE_DIRECTORY
"""
    )
    assert (tmp_path / "deploy/recipes/perl cron.sh").read_text() == (
        '#!/usr/bin/perl\n# Imported from cookbook.csv.\n\nprint "$x\\n";\n'
    )
    assert os.access(tmp_path / "deploy/recipes/perl cron.sh", os.X_OK)


def test_imported_recipes_run_as_they_did(tmp_path: Path, file: Path) -> None:
    run_import(tmp_path, file)
    origin, checkout = tmp_path / "origin.git", tmp_path / "push" / "checkout"
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run([*git, "init", "-q", str(origin)], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], cwd=origin, check=True)
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "CHECKOUT_DIR": str(checkout),
        "GIT_REMOTE": f"file://{origin}",
        "ROLLBACK_URL": "",
        "ROLF_PUSH_ID": "7",
        "PUSH_UNI": "anna",
        "PUSH_COMMENT": "for the exam",
        **{
            f"GIT_{who}_{what}": "x@example.org"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        },
    }
    for name in ("clear checkout directory", "git archive", "git tag"):
        checkout.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [str(tmp_path / f"deploy/recipes/{name}.sh")],
            cwd=checkout,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    tag = subprocess.run(
        ["git", "tag", "-n"], cwd=checkout, capture_output=True, text=True, check=True
    ).stdout
    assert tag.split(maxsplit=1) == ["ROLF_PUSH_7", "by anna: for the exam\n"]


def test_a_failing_command_alone_does_not_end_an_imported_recipe(tmp_path: Path) -> None:
    file = tmp_path / "c.csv"
    file.write_text('go on,shell,"false\nfalse | true\necho here",\n')
    run_import(tmp_path, file)
    done = subprocess.run(
        [str(tmp_path / "deploy/recipes/go on.sh")], capture_output=True, text=True, check=True
    )
    assert done.stdout == "here\n"


def test_importing_twice_changes_nothing(
    tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_import(tmp_path, file)
    before = tree(tmp_path)
    assert "9 of 9 recipes written" in capsys.readouterr().out
    assert run_import(tmp_path, file) == 0
    assert tree(tmp_path) == before
    assert "nothing to do: all 9 recipes are there" in capsys.readouterr().out


def test_a_different_file_stops_the_whole_import(
    tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe(tmp_path, "git tag.sh", "# Mine.\n")
    recipe(tmp_path, "touch wsgi.sh", "# Mine, too.\n")
    before = tree(tmp_path)
    assert run_import(tmp_path, file) == 2
    assert tree(tmp_path) == before
    reported = capsys.readouterr().err
    assert "deploy/recipes/git tag.sh: is there already, and differs" in reported
    assert "deploy/recipes/touch wsgi.sh: is there already, and differs" in reported
    assert "--force" in reported
    assert run_import(tmp_path, file, "--force") == 0
    assert "PUSH_UNI" in (tmp_path / "deploy/recipes/git tag.sh").read_text()


def test_a_recipe_of_the_same_name_in_another_language_is_never_replaced(
    tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe(tmp_path, "git tag.py", "pass\n")
    assert run_import(tmp_path, file, "--force") == 2
    assert "rm 'deploy/recipes/git tag.py'" in capsys.readouterr().err
    assert list(tree(tmp_path)) == ["git tag.py"]


def test_an_import_that_fails_half_way_leaves_what_was_there(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe(tmp_path, "git tag.sh", "# Mine.\n")
    before = tree(tmp_path)
    rename = os.rename

    def full(source: Path, target: Path) -> None:
        if target.name == "touch wsgi.sh":
            raise OSError(28, "No space left on device", str(target))
        rename(source, target)

    monkeypatch.setattr(os, "rename", full)
    assert run_import(tmp_path, file, "--force") == 1
    assert "the disk is full" in capsys.readouterr().err
    assert tree(tmp_path) == before


def test_a_name_that_no_file_can_have_is_changed_and_it_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "c.csv"
    file.write_text(f"a/b,shell,true,\n ../../etc/x ,shell,true,\n{'ä' * 200},shell,true,\n")
    assert run_import(tmp_path, file) == 0
    assert sorted(tree(tmp_path)) == sorted(["a-b.sh", "-..-etc-x.sh", "ä" * 100 + ".sh"])
    assert 'deploy/recipes/a-b.sh (its name was "a/b")' in capsys.readouterr().out


def test_names_stay_as_they_are_where_somebody_else_looks_after_them(tmp_path: Path) -> None:
    file = tmp_path / "c.csv"
    file.write_text("a/b,shell,true,\na-b,shell,true,\n c ,shell,true,\nc,shell,true,\n")
    with pytest.raises(DefinitionError) as caught:
        csv_cookbook.read(file, check_name=lambda name: "it is odd" if name == "a-b" else "")
    assert [str(fault) for fault in caught.value.problems] == [
        f'{file}:2: row 2 ("a-b"): it is odd',
        f'{file}:4: row 4 ("c"): row 3 has the same name',
    ]
    file.write_text("a/b,shell,true,\na-b,shell,true,\n")
    assert [
        (each.name, each.file, each.line)
        for each in csv_cookbook.read(file, check_name=lambda _: "")
    ] == [("a/b", "a/b.sh", 1), ("a-b", "a-b.sh", 2)]


def test_code_longer_than_csv_usually_takes_is_read(tmp_path: Path) -> None:
    file = tmp_path / "c.csv"
    file.write_text(f"a,shell,{'x' * 200_000},\n")
    assert len(csv_cookbook.read(file)[0].code) == 200_000


def test_python_2_is_brought_in_and_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "c.csv"
    file.write_text('old,python,"x = 1\nprint x",\nnew,python,print(1),\n')
    assert run_import(tmp_path, file) == 0
    assert sorted(tree(tmp_path)) == ["new.py", "old.py"]
    reported = capsys.readouterr().err
    assert "note: deploy/recipes/old.py:4: this is Python 2" in reported
    assert "new.py" not in reported


def test_a_tag_that_is_saved_but_never_made_is_reported(
    tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_import(tmp_path, file) == 0
    assert "note:" not in capsys.readouterr().err
    file.write_text(COOKBOOK.replace('""ROLF_PUSH_%d""', '""OTHER_%d""'), newline="")
    assert run_import(tmp_path, file, "--force") == 0
    assert "keeps the tag OTHER_… for a rollback, which no other" in capsys.readouterr().err


@pytest.mark.parametrize(
    "data",
    [
        COOKBOOK.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + COOKBOOK.encode(),
        b"Name, Language,code,description\n" + COOKBOOK.encode(),
        COOKBOOK.encode() + b",,,\n\n,,,\n",
        COOKBOOK.rstrip("\n").encode(),
    ],
)
def test_however_the_file_was_saved_the_recipes_are_the_same(
    tmp_path: Path, file: Path, data: bytes
) -> None:
    usual = {each.file: each.text for each in csv_cookbook.read(file)}
    file.write_bytes(data)
    assert {each.file: each.text for each in csv_cookbook.read(file)} == usual


def test_latin_1_is_read_and_utf_8_is_written(tmp_path: Path) -> None:
    file = tmp_path / "c.csv"
    file.write_bytes("café,shell,echo é,où\n".encode("latin-1"))
    assert run_import(tmp_path, file) == 0
    assert "echo é" in (tmp_path / "deploy/recipes/café.sh").read_text("utf-8")


@pytest.mark.parametrize(
    ("data", "reported"),
    [
        (
            "a,shell,true,\nb,shel,true,\n",
            [
                '2: row 2 ("b"): the language "shel" is neither shell nor python; did you mean "shell"?'
            ],
        ),
        (
            "a,shell,true,\nb,python,pass,\na,python,pass,\n",
            ['3: row 3 ("a"): row 1 has the same name'],
        ),
        ("a/b,shell,true,\na-b,shell,true,\n", ['2: row 2 ("a-b"): row 1 has the same name']),
        (
            'a,shell,"1\n2",\nb,perl,x,\n',
            ['3: row 2 ("b"): the language "perl" is neither shell nor python'],
        ),
        (
            "a,shell,true\nb\n,shell,true,\n",
            [
                "1: row 1 has 3 columns, not name, language, code and description",
                "2: row 2 has 1 column, not name, language, code and description",
                "3: row 3 has no name",
            ],
        ),
        (
            'a,python,"# resolves: svn\n",\n',
            ['1: row 1 ("a"): resolves: "svn" is unknown; it may be "git"'],
        ),
    ],
)
def test_rows_that_cannot_be_recipes_are_reported_all_at_once(
    tmp_path: Path, data: str, reported: list[str]
) -> None:
    assert faults(tmp_path, data) == reported


def test_a_quote_that_does_not_end_is_reported_with_its_line(tmp_path: Path) -> None:
    [reported] = faults(tmp_path, 'a,shell,true,\nb,shell,"true\n\n')
    assert "3: row 2 is no CSV: unexpected end of data" in reported


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ('ssh $HOST "cd ${DIR}/x; ls"', ["HOST", "DIR"]),
        ("ssh $HOST 'echo $REMOTE'", ["HOST"]),
        ('echo "it\'s $HERE"', ["HERE"]),
        ("echo \\$PLAIN \"\\$PLAIN\" '\\' $USED '", ["USED"]),
        ("# $COMMENT\necho a#$WORD ${#LENGTH}", ["WORD"]),
        ("X=1; echo $X; for y in $LIST; do echo $y; done; read -r a b; echo $a $b", ["LIST"]),
        ("export X=$Y; local z; Z+=1 echo $Z", ["Y"]),
        ("echo ${X:-x} ${Y-} ${Z:=1} ${V:?needed} ${W%.*} ${A/b/c}", ["V", "W", "A"]),
        ('[ -z "$A" ] || [ -n "${B}" ] || [ "$C" = "" ] || [ "$D" ] && echo $A', []),
        ('[ "$FLAG" = 1 ] && [ x$OLD = x ] && [ "$HOST" = web1 ]', ["HOST"]),
        ("echo $? $$ $1 $@ $PWD $RANDOM $HOSTNAME", []),
    ],
)
def test_what_shell_code_needs_is_read_from_it(code: str, names: list[str]) -> None:
    assert used_variables(code) == names
