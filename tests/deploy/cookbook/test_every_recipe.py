"""What holds for every recipe of the cookbook."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from bootstrapper.deploy.recipes.recipe import Recipe
from tests.support.recipe_runner import COOKBOOK

RECIPES = COOKBOOK.all()
WANTED = [
    "activate-release",
    "ansible-rollout",
    "backup-database",
    "bootstrap",
    "build-checkout",
    "clear-checkout",
    "collectstatic",
    "drupal-drush",
    "git-archive",
    "git-clone",
    "git-tag",
    "java-war",
    "maintenance-off",
    "maintenance-on",
    "migrate",
    "notify",
    "perl-carton",
    "php-composer",
    "plone-buildout",
    "prune-releases",
    "purge-cache",
    "restart-supervisor",
    "restart-systemd",
    "rsync-in-place",
    "rsync-release",
    "smoke-test",
    "static-site",
    "svn-export",
    "touch-wsgi",
    "unit-tests",
]

each = pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)


def test_the_cookbook_is_complete() -> None:
    assert [recipe.name for recipe in RECIPES] == WANTED
    assert COOKBOOK.problems() == []


# What a line after "next: " may begin with, as the recipes have it: programs, and variables of them.
_COMMAND = re.compile(
    r"\\?\$\{\{?EDITOR:-vi\}|\$\{ssh\}|\$\{login:-cd |\$(SITE_COMMAND|next|2)\b|\{by_hand\}"
    r"|(ansible|apt-get|carton|cd|composer|curl|git|svn) "
)


@each
def test_each_next_step_is_a_command_to_paste(recipe: Recipe) -> None:
    steps = re.findall(r"next: (.*)", recipe.code)
    assert [step for step in steps if not _COMMAND.match(step)] == []


@each
def test_it_says_in_a_line_what_it_does_and_names_what_it_needs(recipe: Recipe) -> None:
    assert recipe.code.startswith("# ")
    assert 20 < len(recipe.summary) < 100
    assert re.search(r"^# needs:", recipe.code, re.MULTILINE)


@each
def test_it_uses_what_it_says_that_it_needs(recipe: Recipe) -> None:
    code = re.sub(r"^#.*\n", "", recipe.code, flags=re.MULTILINE)
    for name in recipe.needs:
        assert name in code


@each
def test_it_has_no_fault_of_syntax(recipe: Recipe, tmp_path: Path) -> None:
    if recipe.language == "python":
        compile(recipe.code, recipe.name, "exec")
        return
    file = tmp_path / "recipe"
    file.write_text(recipe.code)
    checked = subprocess.run(["bash", "-n", file], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def naming(recipe: Recipe) -> list[str]:
    """The tests that name it."""
    functions = (
        ast.unparse(node)
        for path in Path(__file__).parent.glob("test_*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
    )
    return [text for text in functions if f"'{recipe.name}'" in text]


@each
def test_it_has_a_test_of_its_promise_and_one_of_its_failure(recipe: Recipe) -> None:
    tests = naming(recipe)
    assert any(".ok()" in text for text in tests)
    # These two can't fail but where the disk does.
    if recipe.name not in ("clear-checkout", "maintenance-off"):
        assert any(".failed(" in text for text in tests)
