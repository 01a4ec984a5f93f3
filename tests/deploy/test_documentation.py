"""The pages about deploying agree with the code: the reference is written from it."""

import ast
import json
import re
import shlex
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bootstrapper.__main__ import COMMANDS
from bootstrapper.__main__ import _options as parsed
from bootstrapper.commands import cookbook, log, status
from bootstrapper.deploy.definition import reader, schema, setting
from bootstrapper.deploy.definition.secret import Secrets
from bootstrapper.deploy.events.event import STATES, State
from bootstrapper.deploy.events.record import PUSH_KEYS, STAGE_KEYS
from bootstrapper.deploy.journal import event_line, journal
from bootstrapper.deploy.plan import prepare
from bootstrapper.deploy.plan.environment import INHERITED, PROXIES, environment
from bootstrapper.deploy.recipes.catalog import RecipeCatalog
from bootstrapper.deploy.recipes.recipe import MARKS, parse
from bootstrapper.deploy.remote import host
from bootstrapper.ve.store.built_wheels import BUILD_VARIABLES
from tests.support.markdown import blocks
from tests.support.pushes import plan
from tests.support.shop import HERE, Shop, git, open_shop
from tools import command_lines, reference
from tools.command_lines import PROGRAM, VENDOR
from tools.recipe_comments import optional, recipes

TUTORIAL, HOW_TO, REFERENCE = (
    (reference.DOCS / f"{name}.md").read_text(encoding="utf-8")
    for name in ("tutorial", "how-to", "reference")
)
PAGES = f"{TUTORIAL}\n{HOW_TO}\n{REFERENCE}"
PACKAGE = Path(prepare.__file__).parents[2]
TEMPLATE = PACKAGE.parent / "<<cookiecutter.project_slug>>"

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


def test_the_reference_is_what_the_code_says() -> None:
    assert reference.page() == REFERENCE, "run: .tools/bin/python -m tools.reference"


def test_every_key_of_the_schema_is_one_that_the_reader_takes(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy/deployments.toml").write_text(EVERY_KEY)
    assert reader.read(tmp_path).default == "a"
    reported = tomllib.loads(EVERY_KEY)
    deployment = reported["deployments"]["a"]
    given = [
        reported,
        deployment,
        deployment["stages"][0],
        deployment["flags"]["F"],
        deployment["settings"]["Y"],
    ]
    assert [set(table) for table in given] == [
        set(schema.names(keys)) for keys in schema.SECTIONS.values()
    ]


def test_the_examples_of_deployments_toml_are_sound(tmp_path: Path) -> None:
    examples = [
        text
        for text in re.findall(r"```toml\n(.*?)```", PAGES, re.DOTALL)
        if "[deployments." in text
    ]
    assert len(examples) >= 4
    shutil.copytree(TEMPLATE / "deploy/recipes", tmp_path / "deploy/recipes")
    for text in examples:
        (tmp_path / "deploy/deployments.toml").write_text(text)
        for deployment in reader.read(tmp_path).deployments.values():
            secrets = Secrets(dict.fromkeys(deployment.secrets, "x"))
            prepare.prepare(tmp_path, deployment, RecipeCatalog(tmp_path), secrets)


def test_the_stages_for_other_languages_are_recipes() -> None:
    table = HOW_TO.partition("| for | stages after ")[2].partition("\n\n")[0]
    stages = set(re.findall(r'"([a-z-]+)"', table))
    assert {"php-composer", "java-war"} < stages <= {recipe.name for recipe in recipes()}


def test_every_command_line_in_the_pages_is_one() -> None:
    lines = re.findall(
        rf"(?:^    (?:\$ )?|`|: )(?:ve/bin/)?{PROGRAM} ([^`\n;]+)",
        f"{TUTORIAL}\n{HOW_TO}",
        re.MULTILINE,
    )
    tried = set()
    for line in lines:
        words = shlex.split(line.partition("[")[0], comments=True)
        parsed(words + ["-m", "why"] * (words == ["lock"]), PROGRAM)
        tried.add(words[0])
    assert tried >= {
        words.split()[3] for words, _, _ in command_lines.commands() if words.startswith(PROGRAM)
    } - {"rebuild", "check", "store"}


def test_every_command_is_in_the_reference() -> None:
    heads = set(
        re.findall(
            r"^### ((?:bootstrapper|vendor_fetch) [a-z]+(?:[ -][a-z]+)?)$", REFERENCE, re.MULTILINE
        )
    )
    assert heads == {words.removeprefix("python -m ") for words, _, _ in command_lines.commands()}
    assert {head.split()[1] for head in heads if head.startswith("bootstrapper")} == set(COMMANDS)
    assert f"`{VENDOR} sync [options]`" in REFERENCE


def test_no_option_is_named_that_no_command_has() -> None:
    ours = {
        word
        for _, _, parser in command_lines.commands()
        for action in parser._actions
        for word in action.option_strings
    }
    theirs = {
        "--bare",
        "--fail",
        "--silent",
        "--show-error",  # git's and curl's, in examples
        "--continue",
        "--abort",
        "--keep",  # git's, after template-update
        "--remote",
        "--output-dir",
        "--user",
        "--version",  # git-archive's, cookiecutter's, …
        "--no-index",
        "--no-deps",
        "--require-hashes",
        "--find-links",
        "--hash",
    }  # pip's
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGES)) <= ours | theirs


def test_the_variables_of_a_stage_are_those_that_it_gets() -> None:
    given = environment(
        plan(),
        host="",
        outputs={},
        inherited=dict.fromkeys(INHERITED, ""),
        checkout=Path(),
        output_file=Path(),
    )
    assert set(given) == {*setting.ENGINE_VARIABLES, *setting.PROCESS_VARIABLES, *PROXIES}


def test_no_variable_is_named_that_nobody_knows() -> None:
    known = {
        *setting.ENGINE,
        *setting.PROCESS,
        *PROXIES,
        *setting.ENGINE_SETTINGS,
        *reference.VARIABLES,
        *BUILD_VARIABLES,
    }
    for recipe in recipes():
        known |= {*recipe.needs, *optional(recipe)}
    known |= set(re.findall(r"^([A-Z][A-Z_]+) ?=", PAGES, re.MULTILINE))  # an example sets it
    known |= {"SITEMAP_URL", "SITEMAP_SIZE", "DATABASE_PASSWORD", "SENTRY_DSN", "COMMIT_MESSAGE"}
    known |= {"UV_INDEX_NAME_PASSWORD"}  # of uv, for an index with the name NAME
    assert set(re.findall(r"\b[A-Z]+_[A-Z_]*[A-Z]\b", PAGES)) <= known


def test_every_variable_of_a_command_is_read_somewhere() -> None:
    packages = (PACKAGE, PACKAGE.parent / "vendor_fetch")
    code = [
        path.read_text(encoding="utf-8") for package in packages for path in package.rglob("*.py")
    ]
    for name in reference.VARIABLES:
        assert any(name in text for text in code), name


def test_the_example_of_a_recipe_is_one() -> None:
    code = re.search(r"^    # Tells the search.*?\n\n", HOW_TO, re.MULTILINE | re.DOTALL)
    assert code
    recipe = parse("x", ".sh", re.sub("^    ", "", code[0], flags=re.MULTILINE).encode(), file="x")
    assert recipe.needs == ("SITEMAP_URL",)


def test_every_mark_of_the_reference_counts() -> None:
    marks = "".join(f"# {mark}\n" for mark in MARKS)
    read = parse("x", ".sh", marks.encode(), file="x")
    assert (
        read.needs,
        read.per_host,
        read.switches,
        read.from_release,
        read.hides,
        read.shows,
        read.resolves,
        read.description,
    ) == (("NAME",), True, True, True, True, True, "git", "")


def test_what_python_recipes_have_is_what_they_get() -> None:
    """Each name of the table, after `self`, is one of python_stage's own."""
    source = (PACKAGE / "deploy/recipes/python_stage.py").read_text().split('"""', 2)[2]
    rows = re.findall(r"^\| `(self\..*?)` \| (.*) \|$", REFERENCE, re.MULTILINE)
    assert len(rows) == 7
    for attributes, _ in rows:
        for name in re.findall(r"\.([a-z_]+)", attributes):
            assert re.search(rf"\b{name}\b", source), name


def test_every_state_has_a_meaning() -> None:
    assert set(STATES) == set(State)


def test_every_event_has_a_meaning_and_so_have_its_values() -> None:
    assert set(event_line.DOCS) == set(event_line.KINDS)
    assert {"event"} | {
        name for kind in event_line.KINDS.values() for name in kind.__dataclass_fields__
    } == set(event_line.FIELDS)


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
    assert set(PUSH_KEYS) == set(push)
    switching = push["stages"][-1]
    assert set(STAGE_KEYS) == {*switching, "hosts"}
    seen = json.loads(shop.run("status", "--json").stdout)
    assert set(status.KEYS) == set(seen)
    assert _within("serving") == set(seen["serving"])
    line = json.loads(shop.run("log", "1", "--json", "--tail", "1").stdout)
    assert set(log.KEYS) == set(line)
    listed = json.loads(shop.run("cookbook", "--json").stdout)
    assert set(cookbook.KEYS) == set().union(*listed)
    assert set(cookbook.KEYS) - {"hides", "shows"} == set.intersection(*map(set, listed))
    [recipe] = [each for each in listed if each["name"] == "notify"]
    assert json.loads(shop.run("cookbook", "notify", "--json").stdout).keys() - recipe.keys() == {
        "code"
    }


def test_pushes_log_and_result_json_have_the_keys_of_a_push(shop: Shop) -> None:
    *_, last = (shop.live / "pushes.log").read_text().splitlines()
    assert set(json.loads(last)) == set(PUSH_KEYS) == set(shop.record(1))


def test_running_and_closed_have_the_keys_that_are_reported(shop: Shop) -> None:
    shop.recipe("wait.sh", "# Waits.\nsleep 60\n")
    shop.define(settings=HERE, stages=["wait"])
    with shop.start("deploy") as push:
        seen = _until(shop, "running")
        assert _within("running") == set(seen["running"])
        shop.run("cancel")
        push.communicate(timeout=30)
    shop.define(settings=HERE)
    shop.run("lock", "-m", "exam week")
    seen = _until(shop, "closed")
    assert _within("closed") == set(seen["closed"])
    shop.run("unlock")


def test_the_commands_about_the_lock_print_what_the_how_to_shows(shop: Shop) -> None:
    example = _block("Lock a deployment")
    shop.define(settings=HERE)
    shown = ""
    for command in re.findall(r"^\$ (.*)$", example, re.MULTILINE):
        ran = shop.run(*shlex.split(command)[3:])
        shown += f"$ {command}\n{ran.stdout}{ran.stderr}"
    shown = shown.replace(shop.program, "python -m bootstrapper")
    assert re.sub(r"\S+@\S+ since \d\d:\d\d", "anna@laptop since 10:00", shown) == example


def test_faults_are_printed_as_the_how_to_shows(shop: Shop) -> None:
    (shop.project / "deploy/deployments.toml").write_text("""\
defualt = "production"

[deployments.production]
brnch = "main"
stages = ["clear-checkout"]
timeout = "15"
""")
    ran = shop.run("deploy")
    shop.define(settings=HERE)
    assert ran.stderr == _block("See what a push would do", "no key of")


def test_an_import_prints_what_the_how_to_shows(shop: Shop) -> None:
    (shop.project / "cookbook.csv").write_text("""\
clear checkout directory,shell,rm -rf $CHECKOUT_DIR/*,Empties the checkout.
git/clone,shell,git clone $REPOSITORY $CHECKOUT_DIR,Clones.
touch wsgi,shell,ssh $REMOTE_HOST touch $REMOTE_DIRECTORY/$WSGI_FILE,Touches.
save git rollback_url,python,self.push.save(),Saves the tag.
""")
    ran = shop.run("cookbook", "import", "cookbook.csv")
    shutil.rmtree(shop.project / "deploy/recipes")
    assert ran.stdout == _block("Import a cookbook of 2010", "new  ")


def test_the_files_of_a_journal_and_of_a_target_are_those_that_are_there(shop: Shop) -> None:
    shop.define(settings=HERE)
    documented = {name.rstrip("/") for name in journal.FILES}
    there = {path.name for path in (shop.project / ".deploy/pushes/1").iterdir()}
    assert there <= documented
    assert documented - there <= {"cancel", "checkout"}
    git(shop.project, "commit", "-q", "--allow-empty", "-m", "two")
    git(shop.project, "push", "-q", "origin", "main")
    assert shop.run("deploy", "--yes").returncode == 0
    assert {path.name for path in shop.live.iterdir()} == {name.rstrip("/") for name in host.FILES}


def test_every_message_of_the_troubleshooting_is_one_that_is_printed() -> None:
    printed = list(_texts())
    table = HOW_TO.partition("| message | what to do |")[2].partition("\n\n")[0]
    messages = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert len(messages) > 20
    for message in messages:
        assert any(message in each for each in printed), message


@pytest.mark.parametrize("engine", ["ve", "deploy"])
def test_every_package_of_the_engine_is_in_a_table_of_the_design(engine: str) -> None:
    page = (reference.DOCS / "design.md").read_text(encoding="utf-8")
    table = page.partition(f"| package of `bootstrapper/{engine}/` |")[2].partition("\n\n")[0]
    packages = {path.parent.name for path in (PACKAGE / engine).glob("*/__init__.py")}
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == packages


def test_every_link_in_the_docs_leads_somewhere() -> None:
    root = reference.DOCS.parent
    for path in [*reference.DOCS.glob("*.md"), *root.glob("*.md"), root / "rolf/README.md"]:
        for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
            file, _, anchor = link.partition("#")
            if "://" in link or (path.name == "CHANGELOG.md" and "deploying" in file):
                continue
            there = path.parent / file if file else path
            assert there.exists(), f"{path}: {link}"
            if anchor:
                heads = re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), re.MULTILINE)
                assert anchor in {reference.anchor(head) for head in heads}, f"{path}: {link}"


def _block(heading: str, containing: str = "") -> str:
    """Return an indented block of a how-to guide: the first one, or the one with that text."""
    section = HOW_TO.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return next(block.text for block in blocks(section) if containing in block.text)


def _within(key: str) -> set[str]:
    """The names in code in the meaning of that key of `status --json`."""
    return set(re.findall(r"`([^`]+)`", status.KEYS[key]))


def _until(shop: Shop, key: str) -> Mapping[str, Any]:
    """The status once it has something to say of `key`."""
    for _ in range(50):
        seen: Mapping[str, Any] = json.loads(shop.run("status", "--json").stdout)
        if seen[key] and (key != "running" or seen[key]["stage"]):
            return seen
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
