"""docs/deploying.md says what the code does: nothing that there isn't, and all that there is."""

import ast
import json
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bootstrapper.__main__ import _options as parsed
from bootstrapper.deploy.definition import reader, schema, setting
from bootstrapper.deploy.definition.secret import Secrets
from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.plan import prepare
from bootstrapper.deploy.plan.environment import INHERITED, PROXIES, environment
from bootstrapper.deploy.plan.plan import Plan
from bootstrapper.deploy.recipes.catalog import RecipeCatalog
from bootstrapper.deploy.recipes.recipe import parse
from tests.deploy import documentation
from tests.deploy.documentation import PROGRAM
from tests.support.shop import HERE, Shop, git, open_shop

PAGE = documentation.PAGE.read_text(encoding="utf-8")
PACKAGE = Path(prepare.__file__).parents[2]

EVERY_KEY = """
default = "a"
[settings]
X = "1"
[deployments.a]
branch = "main"
stages = [{ recipe = "r", name = "n", timeout = "1m", idle_timeout = "1s" }]
timeout = "1m"
idle_timeout = "1m"
on_failure = "halt"
batch = 1
max_failures = 0
[deployments.a.settings]
Y = { secret = true }
[deployments.a.flags.F]
description = "d"
default = false
"""


@pytest.mark.parametrize("name", documentation.PARTS)
def test_what_the_code_says_of_itself_is_in_the_page(name: str) -> None:
    assert documentation.part(PAGE, name) == documentation.PARTS[name](), (
        "run: .tools/bin/python -m tests.deploy.documentation")


def test_every_key_of_the_schema_is_one_that_the_reader_takes(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy/deployments.toml").write_text(EVERY_KEY)
    assert reader.read(tmp_path).default == "a"
    told = tomllib.loads(EVERY_KEY)
    deployment = told["deployments"]["a"]
    given = [told, deployment, deployment["stages"][0], deployment["flags"]["F"],
             deployment["settings"]["Y"]]
    assert [set(table) for table in given] == [
        set(schema.names(keys)) for keys in schema.SECTIONS.values()]


def test_the_examples_of_deployments_toml_are_sound(tmp_path: Path) -> None:
    examples = [text for text in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
                if "[deployments." in text]
    assert len(examples) == 4
    (tmp_path / "deploy").mkdir()
    for text in examples:
        (tmp_path / "deploy/deployments.toml").write_text(text)
        for deployment in reader.read(tmp_path).deployments.values():
            secrets = Secrets(dict.fromkeys(deployment.secrets, "x"))
            prepare.prepare(tmp_path, deployment, RecipeCatalog(tmp_path), secrets)


def test_every_command_line_in_the_page_is_one() -> None:
    lines = re.findall(rf"(?:^    (?:\$ )?|`|: ){PROGRAM} ([^`\n;]+)", PAGE, re.MULTILINE)
    tried = set()
    for line in lines:
        words = shlex.split(line.partition("[")[0])
        if words:
            parsed(words + ["-m", "why"] * (words == ["lock"]), PROGRAM)
            tried.add(words[0])
    assert tried == {name for name, _, _ in documentation.deploying()}


def test_no_option_is_named_that_no_command_has() -> None:
    ours = {word for _, _, parser in documentation.deploying() for action in parser._actions
            for word in action.option_strings}
    theirs = {"--bare", "--fail", "--silent", "--show-error"}  # git's and curl's, in examples
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE)) <= ours | theirs


def test_the_variables_of_a_stage_are_those_that_it_gets() -> None:
    plan = Plan(id=1, deployment="a", comment="", user="", machine="", ref="", commit="",
                stages=(), settings={}, flags={}, secret_names=(), secrets={}, hosts=(), release=1)
    given = environment(plan, host="", outputs={}, inherited=dict.fromkeys(INHERITED, ""),
                        checkout=Path(), output_file=Path())
    assert _names("variable", "what it is") - {"NAME"} == set(given)
    assert set(given) == setting.ENGINE | setting.PROCESS | set(PROXIES)


def test_the_settings_that_the_engine_knows_are_all_there() -> None:
    assert _names("setting", "what for") >= {*setting.SHOWN, "REPOSITORY"}


def test_no_variable_is_named_that_nobody_knows() -> None:
    known = {*setting.ENGINE, *setting.PROCESS, *PROXIES, *setting.SHOWN, "REPOSITORY", "NO_COLOR"}
    for recipe in documentation.recipes():
        known |= {*recipe.needs, *documentation.optional(recipe)}
    known |= set(re.findall(r"^([A-Z][A-Z_]+) ?=", PAGE, re.MULTILINE))  # an example sets it
    known |= {"SITEMAP_URL", "SITEMAP_SIZE", "DATABASE_PASSWORD", "SENTRY_DSN", "COMMIT_MESSAGE"}
    assert set(re.findall(r"\b[A-Z]+_[A-Z_]*[A-Z]\b", PAGE)) <= known


def test_the_example_of_a_recipe_is_one_and_the_marks_are_those_that_count() -> None:
    code = re.search(r"^    # Tells the search.*?\n\n", PAGE, re.MULTILINE | re.DOTALL)
    assert code
    recipe = parse("x", ".sh", re.sub("^    ", "", code[0], flags=re.MULTILINE).encode(), file="x")
    assert recipe.needs == ("SITEMAP_URL",)
    marks = "".join(f"{mark}\n" for mark, *_ in _rows("mark", "what it means"))
    told = parse("x", ".sh", marks.replace("`", "").encode(), file="x")
    assert (told.needs, told.per_host, told.switches, told.resolves, told.description) == (
        ("NAME",), True, True, "git", "")


def test_what_python_recipes_have_is_what_they_get() -> None:
    """Each name of the table, after `self`, is one of python_stage's own."""
    source = (PACKAGE / "deploy/recipes/python_stage.py").read_text()
    rows = [row for row in _rows("", "") if row[0].startswith("`self.")]
    assert len(rows) == 6
    for row in rows:
        for name in re.findall(r"\.([a-z_]+)", " ".join(re.findall(r"`[^`]*`", " ".join(row)))):
            assert re.search(rf"\b{name}\b", source), name


def test_the_states_are_all_told() -> None:
    table = _names("state", "of a push")
    assert table | {"waiting", "skipped"} == {str(state) for state in State}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """It has pushed once. HOME is empty: what start-up files do is no business of these tests."""
    directory = tmp_path_factory.mktemp("shop")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(directory))
        shop = open_shop(directory)
        shop.define(settings=HERE)
        assert shop.run("deploy").returncode == 0
        yield shop


def test_the_keys_for_scripts_are_those_that_the_commands_print(shop: Shop) -> None:
    *_, push = json.loads(shop.run("pushes", "--json").stdout)
    assert _names("key of a push", "") == set(push)
    switching = push["stages"][-1]
    assert _names("key of a stage", "") == {*switching, "hosts"}
    status = json.loads(shop.run("status", "--json").stdout)
    assert _names("key of the status", "") == set(status)
    assert _said("key of the status", "serving") == set(status["serving"])
    line = json.loads(shop.run("log", "1", "--json", "--tail", "1").stdout)
    assert _names("key of a line", "") == set(line)
    [recipe, *_] = json.loads(shop.run("cookbook", "--json").stdout)
    assert _names("key of a recipe", "") == set(recipe)
    assert json.loads(shop.run("cookbook", "notify", "--json").stdout).keys() - recipe.keys() == {
        "code"}


def test_pushes_log_and_result_json_have_the_keys_of_a_push(shop: Shop) -> None:
    keys = _names("key of a push", "")
    *_, last = (shop.live / "pushes.log").read_text().splitlines()
    assert set(json.loads(last)) == keys == set(shop.record(1))


def test_running_and_closed_have_the_keys_that_are_told(shop: Shop) -> None:
    shop.recipe("wait.sh", "# Waits.\nsleep 60\n")
    shop.define(settings=HERE, stages=["wait"])
    with shop.start("deploy") as push:
        status = _until(shop, "running")
        assert _said("key of the status", "running") == set(status["running"])
        shop.run("cancel")
        push.communicate(timeout=30)
    shop.define(settings=HERE)
    shop.run("lock", "-m", "exam week")
    status = _until(shop, "closed")
    assert _said("key of the status", "closed") == set(status["closed"])
    shop.run("unlock")


def test_the_files_of_a_journal_and_of_a_target_are_those_that_are_there(shop: Shop) -> None:
    told = {name.rstrip("/") for name in _names("file", "what it is")}
    journal = shop.project / ".deploy/pushes/1"
    there = {path.name for path in journal.iterdir()}
    assert there <= told
    assert told - there <= {"cancel", "checkout"}
    drawn = re.search(r"^    /var/www/mysite/\n(.*?)\n\n", PAGE, re.MULTILINE | re.DOTALL)
    assert drawn
    names = {re.split(r"[/ ]", line.strip())[0] for line in drawn[1].splitlines()}
    git(shop.project, "commit", "-q", "--allow-empty", "-m", "two")
    git(shop.project, "push", "-q", "origin", "main")
    assert shop.run("deploy", "--yes").returncode == 0
    assert {path.name for path in shop.live.iterdir()} == names


def test_every_message_of_the_troubleshooting_is_one_that_is_said() -> None:
    said = list(_texts())
    rows = _rows("message", "what to do")
    assert len(rows) > 20
    for message, *_ in rows:
        text = message.strip("`")
        assert any(text in each for each in said), text


def test_every_module_of_deploy_is_in_the_table_of_the_design() -> None:
    page = (documentation.PAGE.parent / "design.md").read_text(encoding="utf-8")
    table = page.partition("## Deploying")[2].partition("\n## ")[0]
    told = {name for row in re.findall(r"^\| [^|]*\| (`.*?) \|", table, re.MULTILINE)
            for name in re.findall(r"`([\w.]+)`", row)}
    modules = {path.name.removesuffix(".py") for path in (PACKAGE / "deploy").rglob("*")
               if path.suffix in (".py", ".sh") and path.name != "__init__.py"}
    assert told == modules


def _rows(*heads: str) -> list[list[str]]:
    """The rows of the page's tables whose heading is that; an empty word is an empty cell."""
    rows: list[list[str]] = []
    head: list[str] = []
    inside = False
    for line in PAGE.splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not inside:
            head, inside = cells, True
        elif head == list(heads) and not set(line) <= set("| -"):
            rows.append(cells)
    assert rows, f"the page has no table {heads}"
    return rows


def _names(*heads: str) -> set[str]:
    """What stands in code in the first column."""
    return {name for first, *_ in _rows(*heads) for name in re.findall(r"`([^`]+)`", first)}


def _said(head: str, key: str) -> set[str]:
    """What stands in code in the row of that key."""
    [row] = [row for row in _rows(head, "") if row[0] == f"`{key}`"]
    return set(re.findall(r"`([^`]+)`", row[1]))


def _until(shop: Shop, key: str) -> Mapping[str, Any]:
    """The status once it has something to say of `key`."""
    for _ in range(50):
        status: Mapping[str, Any] = json.loads(shop.run("status", "--json").stdout)
        if status[key] and (key != "running" or status[key]["stage"]):
            return status
    raise AssertionError(f"{key} did not come")


def _texts() -> Iterator[str]:
    """All text in the code: strings as they are once they are joined, and the recipes."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
    for path in (PACKAGE / "cookbook").iterdir():
        if path.is_file():
            yield path.read_text(encoding="utf-8")
