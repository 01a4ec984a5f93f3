"""The project's own tests stand between a change and its visitors."""

import shutil

import pytest

from tests.conftest import Generate
from tests.support.programs import program
from tests.support.recipe_runner import Push
from tests.support.repository import Repository


def test_a_generated_project_is_tested_in_a_ve_of_its_own(
    here: Push, generate: Generate, repository: Repository
) -> None:
    project = generate(project_slug="shop")
    shutil.rmtree(project / ".git", ignore_errors=True)
    shutil.copytree(project, repository.work, dirs_exist_ok=True)
    repository.commit("index.html", "second")
    here.run("git-clone", REPOSITORY=str(repository.bare)).ok()
    ran = here.run("unit-tests").ok()
    assert "\nOK\n" in ran.stdout + ran.stderr
    page = here.checkout / "main/tests/test_pages.py"
    page.write_text(
        "from unittest import TestCase, main\nclass Test(TestCase):\n"
        "    def test_it(self):\n        self.fail('broken on purpose')\n"
    )
    here.run("unit-tests").failed("broken on purpose")


@pytest.mark.parametrize(
    "makefile",
    [
        "test:\n\techo tested >done",
        ".PHONY: x\nall test: x\nx:\n\techo tested >done",
        "test : x ; @echo tested >done\nx:",
    ],
)
def test_make_test_comes_first_where_there_is_one(here: Push, makefile: str) -> None:
    (here.checkout / "Makefile").write_text(f"{makefile}\n")
    program(here.checkout / "manage.py", "exit 1")
    here.run("unit-tests").ok()
    assert (here.checkout / "done").read_text() == "tested\n"


@pytest.mark.parametrize("makefile", ["tests:\n\tfalse", "test = 1\n", "TEST := x\ntest := 2\n"])
def test_manage_py_test_comes_next(here: Push, makefile: str) -> None:
    (here.checkout / "test").mkdir()
    (here.checkout / "Makefile").write_text(makefile)
    program(here.checkout / "manage.py", 'echo "$*" >done')
    here.run("unit-tests").ok()
    assert (here.checkout / "done").read_text() == "test\n"


def test_project_in_a_directory_of_the_checkout_is_tested_there(here: Push) -> None:
    (here.checkout / "api").mkdir()
    program(here.checkout / "api/bootstrap.py", "exit 0")
    program(here.checkout / "api/manage.py", 'echo "$*" >done')
    here.run("unit-tests", RELEASE_SOURCE="api").ok()
    assert (here.checkout / "api/done").read_text() == "test\n"


def test_bootstrap_comes_before_the_tests_and_its_failure_ends_them(here: Push) -> None:
    program(here.checkout / "bootstrap.py", "echo no ve >&2; exit 1")
    program(here.checkout / "manage.py", "touch done")
    here.run("unit-tests").failed("no ve")
    assert not (here.checkout / "done").exists()


def test_tests_that_fail_fail_the_push(here: Push) -> None:
    (here.checkout / "Makefile").write_text("test:\n\t@echo 2 failed; exit 7\n")
    assert "2 failed" in here.run("unit-tests").failed().stdout


def test_a_flag_skips_them_and_says_so(here: Push) -> None:
    (here.checkout / "Makefile").write_text("test:\n\tfalse\n")
    assert "the tests are skipped" in here.run("unit-tests", SKIP_TESTS="1").ok().stdout
    here.run("unit-tests", SKIP_TESTS="").failed()


def test_a_project_without_tests_is_not_taken_for_one_whose_tests_pass(here: Push) -> None:
    here.run("unit-tests").failed(
        "no tests: there is neither a Makefile with the target test nor a manage.py"
    )


def test_leftovers_of_tests_are_not_sent(here: Push, repository: Repository) -> None:
    repository.commit("Makefile", "test:\n\ttouch left.txt ve.txt\n\tmkdir -p ve data\n")
    repository.commit(".gitignore", "/left.txt\n/ve\n")
    here.run("git-clone", REPOSITORY=str(repository.bare)).ok()
    here.run("unit-tests").ok()
    found = sorted(path.name for path in here.checkout.iterdir())
    assert found == [".git", ".gitignore", "Makefile", "index.html", "ve"]


def test_the_tests_may_be_those_of_a_directory(here: Push) -> None:
    program(here.checkout / "src/manage.py", "echo tested by $1 in ${PWD##*/}")
    ran = here.run("unit-tests", MANAGE_DIRECTORY="src").ok()
    assert "tested by test in src" in ran.stdout


def test_tests_have_settings_and_variables_of_their_own(here: Push) -> None:
    program(here.checkout / "manage.py", 'echo "$DJANGO_SETTINGS_MODULE $SECRET_KEY" >done')
    (here.checkout / ".env.test").write_text("SECRET_KEY=for-tests\n")
    settings = {"DJANGO_SETTINGS_MODULE": "site.production", "ENV_FILE": ".env"}
    here.run("unit-tests", **settings, TEST_ENV_FILE=".env").failed("no .env, which TEST_ENV_FILE")
    settings |= {"TEST_SETTINGS_MODULE": "site.test", "TEST_ENV_FILE": ".env.test"}
    here.run("unit-tests", **settings).ok()
    assert (here.checkout / "done").read_text() == "site.test for-tests\n"
