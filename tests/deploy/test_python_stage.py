"""Python recipes of 2010 find the `self` that they had."""

import subprocess
import sys
from pathlib import Path

import pytest

import bootstrapper.deploy.recipes.python_stage
from bootstrapper.deploy.plan.environment import command
from bootstrapper.deploy.plan.plan import Stage


class Stages:
    """Recipes run as a push runs them: a copy of python_stage.py beside them, and nothing else."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.checkout = directory / "checkout"
        self.output = directory / "output"
        (directory / "stages").mkdir()
        source = Path(bootstrapper.deploy.recipes.python_stage.__file__).read_bytes()
        (directory / "stages/python_stage.py").write_bytes(source)

    def run(self, code: str | bytes, **environment: str) -> "subprocess.CompletedProcess[str]":
        file = self.directory / "stages/03-save_tag.py"
        file.write_bytes(code.encode() if isinstance(code, str) else code)
        stage = Stage(name="save tag", recipe="save tag", language="python", code="", origin="")
        self.checkout.mkdir(exist_ok=True)
        return subprocess.run(
            command(stage, file, python=sys.executable),
            capture_output=True,
            text=True,
            errors="backslashreplace",
            cwd=self.checkout,
            stdin=subprocess.DEVNULL,
            check=False,
            env={
                "PATH": "/usr/bin:/bin",
                "CHECKOUT_DIR": str(self.checkout),
                "ROLF_OUTPUT": str(self.output),
                "ROLF_PUSH_ID": "7",
                "PUSH_UNI": "anna",
                "PUSH_COMMENT": "for the exam",
                "DEPLOYMENT": "production",
                "DEPLOYMENT_ID": "production",
                "ROLLBACK_URL": "",
                **environment,
            },
        )


@pytest.fixture
def stages(tmp_path: Path) -> Stages:
    return Stages(tmp_path)


def test_a_tag_for_the_rollback_is_kept_with_the_push(stages: Stages) -> None:
    done = stages.run(
        'self.push.rollback_url = "ROLF_PUSH_%d" % self.push.id\n'
        'self.push.save()\nself.status = "ok"'
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert stages.output.read_text() == "ROLLBACK_URL=ROLF_PUSH_7\n"


def test_a_command_is_shown_and_handed_back(stages: Stages) -> None:
    done = stages.run("""\
status, out, err = self.execute(["sh", "-c", "echo out; echo err >&2; pwd; exit 3"])
assert (status, err) == (3, "err\\n"), (status, err)
assert out == "out\\n%s\\n" % self.push.checkout_dir(), out
""")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"$ sh -c 'echo out; echo err >&2; pwd; exit 3'\nout\n{stages.checkout}\n"
    assert done.stderr == "err\n"


def test_a_commands_output_is_shown_while_it_runs(stages: Stages) -> None:
    done = stages.run("""\
import threading
def look():
    assert self.execute(["sh", "-c", "until test -e seen; do sleep 0.01; done; echo end"])[0] == 0
print("begin")
thread = threading.Thread(target=look)
thread.start()
open(self.push.checkout_dir() + "/seen", "w").close()
thread.join()
""")
    assert done.stdout.splitlines()[0] == "begin"
    assert done.stdout.splitlines()[-1] == "end"


def test_output_that_is_no_text_passes_through_and_comes_back_as_text(stages: Stages) -> None:
    done = stages.run(r"""
status, out, err = self.execute(["printf", "caf\\351"])
assert out == "caf\ufffd", out
print(repr(self.execute(["head", "-c", "1000000", "/dev/zero"])[1] == "\0" * 1000000))
""")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("$ printf 'caf\\351'\ncaf\\xe9$ head")
    assert done.stdout.endswith("\0True\n")


def test_a_recipe_knows_its_push(stages: Stages) -> None:
    done = stages.run(
        """\
print(self.push.id, self.push.comment, self.push.user.username, self.push.status)
print(self.deployment.name, self.push.deployment.id, self.stage.name, self.status)
print(self.setting("SETTING"), repr(self.setting("NOTHING")), self.push.env()["SETTING"])
print(self.setting("CWD") == self.push.checkout_dir() == os.getcwd())
print(repr(self.push.rollback_url), self.rollback, rollback, repr(self.setting("ROLLBACK_URL")))
self.save()
""",
        SETTING="its value",
        DEPLOYMENT_ID="12",
    )
    assert done.stdout.splitlines() == [
        "7 for the exam anna inprogress",
        "production 12 save_tag ok",
        "its value '' its value",
        "True",
        "'' None None ''",
    ]


def test_a_rollback_has_the_tag_to_return_to(stages: Stages) -> None:
    done = stages.run(
        "print(self.rollback.rollback_url, self.push.rollback_url, self.setting('ROLLBACK_URL'))",
        ROLLBACK_URL="tag-5",
    )
    assert done.stdout == "tag-5 tag-5 tag-5\n"


def test_what_the_code_of_2010_did_not_import_is_there(stages: Stages) -> None:
    done = stages.run(
        "def f():\n    return datetime.now(), Popen(['true']).wait(), stat.S_IRWXU\n"
        "print(os.sep, f()[1:])"
    )
    assert done.stdout == "/ (0, 448)\n", done.stderr


def test_the_recipe_is_the_main_program(stages: Stages) -> None:
    done = stages.run(
        "import sys, pickle\nclass X: pass\nif __name__ == '__main__':\n"
        "    print(type(pickle.loads(pickle.dumps(X()))).__name__, len(sys.argv))"
    )
    assert done.stdout == "X 1\n", done.stderr


def test_a_failed_status_fails_the_stage(stages: Stages) -> None:
    done = stages.run('self.status = "failed"')
    assert done.returncode == 1
    assert done.stderr == 'save_tag: the recipe ended with self.status = "failed"\n'


@pytest.mark.parametrize(
    ("code", "status", "reported"),
    [
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit()", 0, ""),
        ("raise SystemExit('no more')", 1, "no more\n"),
    ],
)
def test_a_recipe_may_exit(stages: Stages, code: str, status: int, reported: str) -> None:
    done = stages.run(code)
    assert (done.returncode, done.stderr) == (status, reported)


def test_an_exception_is_reported_by_the_recipes_own_lines(stages: Stages) -> None:
    done = stages.run('def f():\n    self.execute(["nonesuch"])\n\nf()\n')
    file = stages.directory / "stages/03-save_tag.py"
    assert done.returncode == 1
    assert done.stdout == "$ nonesuch\n"
    lines = [line for line in done.stderr.splitlines() if "^" not in line]
    assert lines == [
        "Traceback (most recent call last):",
        f'  File "{file}", line 4, in <module>',
        "    f()",
        f'  File "{file}", line 2, in f',
        '    self.execute(["nonesuch"])',
        "FileNotFoundError: [Errno 2] No such file or directory: 'nonesuch'",
    ]


@pytest.mark.parametrize("line", ["print 'x'", "exec 'x'", "raise X, 'y'", "x = 0755"])
def test_python_2_is_recognised(stages: Stages, line: str) -> None:
    done = stages.run(f"x = 1\n{line}\n")
    assert done.returncode == 1
    assert "03-save_tag.py:2: " in done.stderr
    assert line in done.stderr
    assert "this is Python 2" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("line", ["if x", "except X"])
def test_another_syntax_error_is_not_taken_for_python_2(stages: Stages, line: str) -> None:
    done = stages.run(
        f"try: pass\n{line}\n    pass\n" if "except" in line else f"x = 1\n{line}\n    pass\n"
    )
    assert done.returncode == 1
    assert f"03-save_tag.py:2: expected ':'\n    {line}" in done.stderr
    assert "Python 2" not in done.stderr


def test_a_tag_of_two_lines_does_not_forge_a_variable(stages: Stages) -> None:
    done = stages.run("self.push.rollback_url = 'a\\nPUSH_COMMIT=b'\nself.push.save()")
    assert done.returncode == 1
    assert not stages.output.exists()


def test_a_removed_checkout_is_made_again(stages: Stages) -> None:
    done = stages.run(
        "import shutil\nshutil.rmtree(self.push.checkout_dir())\nprint(self.execute(['pwd'])[0])"
    )
    assert done.stdout.splitlines()[-1] == "0", done.stderr


def test_text_that_the_locale_lacks_does_not_fail_a_stage(stages: Stages) -> None:
    assert stages.run("print('caffè → ok')", PYTHONIOENCODING="ascii").returncode == 0
