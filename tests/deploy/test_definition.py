"""deployments.toml: what is right is understood, and all that is wrong is told at once."""

from pathlib import Path

import pytest

from bootstrapper.deploy import definition, duration, flag
from bootstrapper.deploy.cookbook import Cookbook
from bootstrapper.deploy.fault import Fault, Faulty
from bootstrapper.deploy.schema import SECTIONS, Share, documentation
from bootstrapper.errors import BootstrapperError, InputError
from tests.deploy.definitions import RIGHT, recipe, write

PRODUCTION = "[deployments.production]\n"
SETTINGS = "[deployments.production.settings]\n"


def faults(project: Path, text: str) -> list[str]:
    write(project, text)
    with pytest.raises(Faulty) as caught:
        definition.read(project)
    return [str(each) for each in caught.value.faults]


def test_all_that_is_right_is_understood(tmp_path: Path) -> None:
    read = definition.read(write(tmp_path))
    assert read.path == tmp_path / "deploy/deployments.toml"
    assert (read.default, list(read.deployments)) == ("production", ["production", "staging"])
    production = read.deployment()
    assert production is read.deployment("production")
    assert production.branch == "main"
    assert [(stage.name, stage.recipe, stage.timeout, stage.idle_timeout, stage.line)
            for stage in production.stages] == [
        ("clear", "clear", 900, None, 9), ("smoke test", "smoke", 120, 30, 10)]
    assert production.on_failure == "rollback"
    assert production.batch.of(7) == 7
    assert production.max_failures == 0
    assert production.settings == {
        "REPOSITORY": "git@git.example.org:mysite.git", "REMOTE_HOST": "deploy@app1.example.org",
        "WORKERS": "4", "DEBUG": "", "MODULES": ("one", "two")}
    assert production.environment["MODULES"] == "one two"
    assert production.secrets == ("SENTRY_DSN",)
    assert production.lines["SENTRY_DSN"] == 20
    assert production.flags["SKIP_TESTS"].description == "push without running the tests"
    assert production.hosts == ("deploy@app1.example.org",)


def test_what_is_left_out_has_its_documented_value(tmp_path: Path) -> None:
    staging = definition.read(write(tmp_path)).deployment("staging")
    assert (staging.branch, staging.timeout, staging.idle_timeout, staging.on_failure) == (
        "main", 1800, None, "halt")
    assert staging.hosts == ()


def test_a_deployments_own_setting_replaces_that_of_all(tmp_path: Path) -> None:
    text = RIGHT.replace("WORKERS = 4", 'REPOSITORY = "other"')
    assert definition.read(write(tmp_path, text)).deployment().settings["REPOSITORY"] == "other"


def test_the_only_deployment_is_the_default(tmp_path: Path) -> None:
    read = definition.read(write(tmp_path, '[deployments.x]\nstages = ["a"]\n'))
    assert read.deployment().name == "x"


def test_several_hosts_are_a_list_and_the_first_is_the_one_for_what_runs_once(
        tmp_path: Path) -> None:
    text = RIGHT.replace('REMOTE_HOST = "deploy@app1.example.org"', 'REMOTE_HOSTS = ["a", "b"]')
    production = definition.read(write(tmp_path, text)).deployment()
    assert production.hosts == ("a", "b")
    assert production.environment["REMOTE_HOSTS"] == "a b"
    assert production.environment["REMOTE_HOST"] == "a"


def test_windows_line_ends_and_a_byte_order_mark_are_tolerated(tmp_path: Path) -> None:
    plain = definition.read(write(tmp_path))
    assert definition.read(write(tmp_path, "\ufeff" + RIGHT.replace("\n", "\r\n"))) == plain


@pytest.mark.parametrize(("old", "new", "told"), [
    ('default = "p', 'defualt = "p', '1: "defualt" is no key of deployments.toml; did you mean '
     '"default"?'),
    ('default = "production"', 'default = "prodution"',
     '1: no deployment is called "prodution"; did you mean "production"?'),
    ('default = "production"', "default = 1",
     '1: "default" takes the name of a deployment, not 1'),
    ('default = "production"\n', 'branch = "main"\n',
     '1: "branch" is no key of deployments.toml; it stands in [deployments.NAME]'),
    ('branch = "main"', 'brnch = "main"',
     '7: "brnch" is no key of a deployment; did you mean "branch"?'),
    ('branch = "main"', 'branch = ["main"]',
     '7: "branch" takes the name of a branch or tag, not a list'),
    ('branch = "main"', 'branch = "-x"',
     '7: "branch" takes the name of a branch or tag, not "-x"'),
    ('branch = "main"', 'HOST = "main"',
     '7: "HOST" is no key of a deployment; a setting stands in [deployments.NAME.settings]'),
    ('timeout = "15m"', "timeout = 15", '12: "timeout" takes a duration such as "90s", "15m" or '
     '"1h30m", not 15; did you mean "15s"?'),
    ('timeout = "15m"', 'timeout = "15 minutes"', '12: "timeout" takes a duration such as "90s", '
     '"15m" or "1h30m", not "15 minutes"'),
    ('timeout = "15m"', 'timeout = "0s"', '12: "timeout" takes a duration such as "90s", "15m" or '
     '"1h30m", not "0s"'),
    ('timeout = "15m"', "idle_timout = 1",
     '12: "idle_timout" is no key of a deployment; did you mean "idle_timeout"?'),
    ('"rollback"', '"rolback"', '13: "on_failure" takes "halt" or "rollback", not "rolback"; did '
     'you mean "rollback"?'),
    ('"rollback"', "true", '13: "on_failure" takes "halt" or "rollback", not true'),
    ('timeout = "15m"', "batch = 0",
     '12: "batch" takes a whole number from 1 on, or a share such as "25%", not 0'),
    ('timeout = "15m"', 'batch = "25"', '12: "batch" takes a whole number from 1 on, or a share '
     'such as "25%", not "25"; did you mean 25, without quotes?'),
    ('timeout = "15m"', 'batch = "0%"', '12: "batch" takes a whole number from 1 on, or a share '
     'such as "25%", not "0%"'),
    ('timeout = "15m"', "batch = true", '12: "batch" takes a whole number from 1 on, or a share '
     'such as "25%", not true'),
    ('timeout = "15m"', "max_failures = -1",
     '12: "max_failures" takes a whole number from 0 on, not -1'),
    ('timeout = "15m"', 'max_failures = "1"',
     '12: "max_failures" takes a whole number from 0 on, not "1"'),
    ("[deployments.production]", '[deployments."a b"]',
     '6: "a b" can\'t be the name of a deployment: letters, digits, - and _, with dots between '
     "them"),
    ("[deployments.staging]", "[deploymnts.staging]",
     '26: "deploymnts" is no key of deployments.toml; did you mean "deployments"?'),
    ('    "clear",', '    "clear", "clear",', '9: the stage "clear" stands in line 9 already; a '
     'second one needs a name: { recipe = "clear", name = "clear again" }'),
    ('name = "smoke test"', 'name = "clear"', '10: the stage "clear" stands in line 9 already; a '
     'second one needs a name: { recipe = "smoke", name = "clear again" }'),
    ('name = "smoke test"', 'name = "a/b"', '10: "name" takes a name in one line, without / and '
     'not beginning with a dot, not "a/b"'),
    ('timeout = "2m"', 'timeot = "2m"',
     '10: "timeot" is no key of a stage; did you mean "timeout"?'),
    ('timeout = "2m"', "timeout = 2", '10: "timeout" takes a duration such as "90s", "15m" or '
     '"1h30m", not 2; did you mean "2s"?'),
    ('recipe = "smoke", ', "", '10: a stage needs "recipe": the name of a recipe'),
    ('    "clear",', "    3,", '9: a stage takes "recipe", "name", "timeout", "idle_timeout" in a '
     "table, not 3"),
    ('stages = ["clear"]', "stages = []",
     '27: "stages" takes a list of recipes, with one at least, not an empty list'),
    ('stages = ["clear"]', 'stages = "clear"',
     '27: "stages" takes a list of recipes, with one at least, not "clear"'),
    ('stages = ["clear"]\n', "",
     '26: a deployment needs "stages": a list of recipes, with one at least'),
    ("WORKERS = 4", "PATH = 4",
     "17: PATH is set by each push itself, so no setting may have that name"),
    ("WORKERS = 4", "CHECKOUT_DIR = 4",
     "17: CHECKOUT_DIR is set by each push itself, so no setting may have that name"),
    ("WORKERS = 4", "web-workers = 4", '17: "web-workers" can\'t be the name of an environment '
     'variable, so no setting may have it; did you mean "web_workers"?'),
    ("WORKERS = 4", '"" = 4', '17: "" can\'t be the name of an environment variable, so no '
     "setting may have it"),
    ("WORKERS = 4", '"ÄRA" = 4', '17: "ÄRA" can\'t be the name of an environment variable, so no '
     'setting may have it; did you mean "_RA"?'),
    ("WORKERS = 4", "WORKERS = 1979-05-27",
     "17: WORKERS: a date or time is written as text, in quotes"),
    ("WORKERS = 4", "WORKERS = [true]",
     "17: WORKERS: a list in a setting holds text or numbers, nothing else"),
    ("WORKERS = 4", 'WORKERS = "a\\u0000b"',
     "17: WORKERS: it holds a NUL, which no environment variable can"),
    ("WORKERS = 4", f'WORKERS = "{"x" * 140_000}"',
     "17: WORKERS: it is longer than 128 KiB, which is all that an environment variable holds"),
    ('"deploy@app1.example.org"', '"-oProxyCommand=x"',
     '16: REMOTE_HOST: "-oProxyCommand=x" is no host; it is written user@host, or "." for this '
     "machine"),
    ('REMOTE_HOST = "deploy@app1.example.org"', 'REMOTE_HOSTS = "a b"',
     '16: REMOTE_HOSTS takes a list of hosts, with one at least; did you mean ["a", "b"]?'),
    ('REMOTE_HOST = "deploy@app1.example.org"', "REMOTE_HOSTS = []",
     "16: REMOTE_HOSTS takes a list of hosts, with one at least"),
    ('REMOTE_HOST = "deploy@app1.example.org"', 'REMOTE_HOSTS = ["a", "a"]',
     "16: REMOTE_HOSTS names a twice"),
    ("WORKERS = 4", 'REMOTE_HOSTS = ["a"]',
     "17: REMOTE_HOST and REMOTE_HOSTS: a deployment has one or the other"),
    ("WORKERS = 4", "REPOSITORY = { secret = true }",
     "17: REPOSITORY is secret here and plain there: line 4"),
    ("WORKERS = 4", "REMOTE_DIRECTORY = { secret = true }",
     "17: REMOTE_DIRECTORY is shown by the push itself, so it can't be secret"),
    ("{ secret = true }", '{ secret = "swordfish" }',
     "20: SENTRY_DSN: a secret setting is written { secret = true }; its value comes from the "
     "environment or deploy/secrets.env"),
    ("{ secret = true }", "{ secrt = true }",
     '20: SENTRY_DSN: "secrt" is no key of a secret setting, which is written { secret = true }; '
     'did you mean "secret"?'),
    ("description =", "desciption =",
     '23: "desciption" is no key of a flag; did you mean "description"?'),
    ("default = false", "default = 0", '24: "default" takes true, false or text, not 0'),
    ("flags.SKIP_TESTS]", "flags.HOME]",
     "22: HOME is set by each push itself, so no flag may have that name"),
    ("flags.SKIP_TESTS]", "flags.WORKERS]", "22: WORKERS is a setting already, in line 17"),
    ("flags.NOTE.default", "flags.NOTE", '28: a flag takes "description", "default" in a table, '
     'not "none"'),
    ("[settings]", "[[settings]]", '3: "settings" takes a table, not a list'),
])
def test_what_is_wrong_is_told_with_its_line(old: str, new: str, told: str, tmp_path: Path) -> None:
    assert old in RIGHT
    assert f"deploy/deployments.toml:{told}" in faults(tmp_path, RIGHT.replace(old, new, 1))


@pytest.mark.parametrize(("text", "told"), [
    ("[a\n", "1: no TOML: Expected ']' at the end of a table declaration (column 3)"),
    ("a = [1,\n\n\n", "1: no TOML: Invalid value"),
    ("a = 1\nb = \n", "2: no TOML: Invalid value (column 5)"),
    (RIGHT + 'stages = ["x"]\n', '29: "deployments.staging.stages" is given twice; it stands in '
     "line 27 already"),
    (RIGHT + "[settings]\n", '29: "settings" is given twice; it stands in line 3 already'),
    ("", ': deployments.toml needs "deployments": a table'),
    ("[deployments]\n", "1: there is no [deployments.NAME]"),
    ("[deployments]\nx = 1\n", '2: "x" takes a table: [deployments.x]'),
])
def test_what_is_no_definition_at_all_is_told(text: str, told: str, tmp_path: Path) -> None:
    assert faults(tmp_path, text) == [f"deploy/deployments.toml{'' if told[0] == ':' else ':'}"
                                      f"{told}"]


def test_every_fault_is_told_at_once_in_one_message(tmp_path: Path) -> None:
    write(tmp_path, RIGHT.replace("branch =", "brnch =").replace('"15m"', '"15"')
          .replace("WORKERS = 4", "TZ = 4"))
    with pytest.raises(InputError) as caught:
        definition.read(tmp_path)
    assert str(caught.value) == """\
deploy/deployments.toml: 3 faults
  deploy/deployments.toml:7: "brnch" is no key of a deployment; did you mean "branch"?
  deploy/deployments.toml:12: "timeout" takes a duration such as "90s", "15m" or "1h30m", not \
"15"; did you mean "15s"?
  deploy/deployments.toml:17: TZ is set by each push itself, so no setting may have that name
  next: mend them, then the same command"""
    assert caught.value.status == 2


def test_all_that_is_given_twice_is_told_at_once(tmp_path: Path) -> None:
    assert len(faults(tmp_path, "a = 1\na = 1\nb = 1\nb = 1\n[c]\n[c]\n")) == 3


def test_a_single_fault_is_told_as_any_error_is(tmp_path: Path) -> None:
    write(tmp_path, RIGHT.replace("branch =", "brnch ="))
    with pytest.raises(InputError) as caught:
        definition.read(tmp_path)
    assert str(caught.value) == """\
deploy/deployments.toml:7: "brnch" is no key of a deployment; did you mean "branch"?
  next: mend that, then the same command"""


def test_a_missing_file_says_where_to_run_the_command(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the file is missing\n  next: run this in the project"):
        definition.read(tmp_path)
    write(tmp_path)
    (tmp_path / "deploy/deployments.toml").unlink()
    (tmp_path / "deploy/deployments.toml").mkdir()
    with pytest.raises(InputError, match="is a directory, not a file"):
        definition.read(tmp_path)


def test_latin_1_is_told_with_its_line(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "deploy/deployments.toml").write_bytes(b"a = 1\n# caf\xe9\n")
    with pytest.raises(InputError, match=r":2: not UTF-8 at byte 11\n  next: iconv"):
        definition.read(tmp_path)


def test_a_secret_written_into_the_file_is_not_repeated_by_the_message(tmp_path: Path) -> None:
    text = RIGHT.replace("{ secret = true }", '{ secret = "swordfish" }')
    assert not any("swordfish" in each for each in faults(tmp_path, text))


def test_an_unknown_deployment_has_a_suggestion(tmp_path: Path) -> None:
    read = definition.read(write(tmp_path))
    with pytest.raises(InputError) as caught:
        read.deployment("prodcution")
    assert str(caught.value) == (
        'deploy/deployments.toml: has no deployment "prodcution"; did you mean "production"?\n'
        "  next: name one of production, staging")


def test_without_a_default_the_command_must_name_one(tmp_path: Path) -> None:
    text = RIGHT.replace('default = "production"', "")
    with pytest.raises(InputError, match="names no default deployment"):
        definition.read(write(tmp_path, text)).deployment()


def test_all_that_a_push_lacks_is_found_before_its_first_stage(tmp_path: Path) -> None:
    project = write(tmp_path, """\
[deployments.production]
stages = [
    "claer",
    "smoke",
    "upload",
    "sync",
    "broken",
]
[deployments.production.settings]
REMOTE_HSOT = "x"
REMOTE_DIRECTORY = ""
[deployments.production.flags.NOTE]
default = ""
[deployments.production.flags.FAST]
""")
    recipe(project, "clear.sh", "rm -rf x\n")
    recipe(project, "smoke.sh", "# needs: SMOKE_URL FAST CHECKOUT_DIR\n")
    recipe(project, "upload.sh", "# needs: REMOTE_HOST REMOTE_DIRECTORY NOTE\n")
    recipe(project, "sync.sh", "# needs: REMOTE_HOST\n")
    recipe(project, "broken.sh", "echo\r\n")
    deployment = definition.read(project).deployment()
    values = {**deployment.environment, **flag.values(deployment.flags, [], deployment.name)}
    secret = Fault(file="deploy/deployments.toml", line=1, text="a secret's fault")
    with pytest.raises(Faulty) as caught:
        definition.check(deployment, Cookbook(project), values, faults=[secret])
    assert str(caught.value) == """\
deploy/deployments.toml: 7 faults
  deploy/deployments.toml:1: a secret's fault
  deploy/deployments.toml:3: no recipe is called "claer"; did you mean "clear"?
  deploy/deployments.toml:4: the recipe "smoke" needs the setting SMOKE_URL, which \
[deployments.production.settings] doesn't have
  deploy/deployments.toml:5: the recipes "upload" and "sync" need the setting REMOTE_HOST, which \
[deployments.production.settings] doesn't have; did you mean "REMOTE_HSOT"?
  deploy/deployments.toml:5: the recipe "upload" needs the setting REMOTE_DIRECTORY, which is \
empty (line 11)
  deploy/deployments.toml:5: the recipe "upload" needs the flag NOTE, which is empty
  deploy/recipes/broken.sh:1: ends its lines as Windows does (CR LF)
  next: `python -m bootstrapper cookbook` lists the recipes, deploy/recipes/ takes more; add \
--flag NOTE=TEXT; sed -i 's/\\r$//' 'deploy/recipes/broken.sh'; mend them, then the same command"""


def test_a_skipped_stage_must_exist_but_needs_nothing(tmp_path: Path) -> None:
    project = write(tmp_path, '[deployments.x]\nstages = ["a", "b"]\n')
    recipe(project, "a.sh", "true\n")
    recipe(project, "b.sh", "# needs: NOTHING_GIVEN\n")
    deployment = definition.read(project).deployment()
    found = definition.check(deployment, Cookbook(project), {}, skip=["b"])
    assert [each.name for each in found] == ["a", "b"]
    with pytest.raises(InputError, match="NOTHING_GIVEN"):
        definition.check(deployment, Cookbook(project), {})


@pytest.mark.parametrize(("words", "value"), [
    ([], ("", "none")), (["FAST"], ("1", "none")), (["FAST=yes"], ("1", "none")),
    (["FAST=TRUE"], ("1", "none")), (["FAST=0"], ("", "none")), (["FAST", "FAST=no"], ("", "none")),
    (["NOTE=a=b"], ("", "a=b")), (["NOTE="], ("", "")),
])
def test_flags_are_as_the_command_line_says(words: list[str], value: tuple[str, str]) -> None:
    flags = {"FAST": flag.Flag(name="FAST"), "NOTE": flag.Flag(name="NOTE", default="none")}
    assert tuple(flag.values(flags, words, "production").values()) == value


@pytest.mark.parametrize(("word", "told"), [
    ("FSAT", '--flag FSAT: production has no such flag; did you mean "FAST"?\n'
     "  next: one of --flag FAST, --flag NOTE=TEXT"),
    ("NOTE", "--flag NOTE: takes text, and there is none\n  next: --flag NOTE=TEXT"),
    ("FAST=maybe", '--flag FAST: is on or off, which "maybe" doesn\'t say\n'
     "  next: --flag FAST for on, --flag FAST=0 for off"),
    ("FAST=", '--flag FAST: is on or off, which "" doesn\'t say\n'
     "  next: --flag FAST for on, --flag FAST=0 for off"),
])
def test_a_wrong_flag_says_which_are_right(word: str, told: str) -> None:
    flags = {"FAST": flag.Flag(name="FAST"), "NOTE": flag.Flag(name="NOTE", default="none")}
    with pytest.raises(BootstrapperError) as caught:
        flag.values(flags, [word], "production")
    assert str(caught.value) == told


def test_a_flag_where_there_are_none_says_where_one_is_written() -> None:
    with pytest.raises(InputError, match=r"\[deployments.production.flags.NAME\]"):
        flag.values({}, ["FAST"], "production")


def test_a_share_of_the_hosts_is_one_at_least_and_all_at_most() -> None:
    assert [Share(25, percent=True).of(hosts) for hosts in (1, 4, 10, 50)] == [1, 1, 2, 12]
    assert [Share(3).of(hosts) for hosts in (1, 3, 10)] == [1, 3, 3]


@pytest.mark.parametrize(("text", "seconds"), [
    ("90s", 90), ("15m", 900), ("1h30m", 5400), ("2h", 7200), ("1h 5s", 3605),
    ("", None), ("15", None), ("m", None), ("1.5h", None), ("-1s", None), ("0m", None),
    ("5s1m", None), ("1d", None), ("１s", None),
])
def test_durations_are_read(text: str, seconds: float | None) -> None:
    assert duration.parse(text) == seconds
    if seconds:
        assert duration.parse(duration.render(seconds)) == seconds


def test_every_key_says_what_it_is_for_and_its_default_is_one_that_it_takes() -> None:
    for keys in SECTIONS.values():
        for key in keys:
            assert key.doc and key.takes
            assert key.fallback is not None or key.default is None


def test_the_documentation_is_printed_from_what_validates() -> None:
    text = documentation()
    assert "**[deployments.NAME]**" in text
    assert ('| `batch` | a whole number from 1 on, or a share such as "25%" | `"100%"` | how many '
            "of REMOTE_HOSTS at a time |") in text
    assert text.count("\n| `") == sum(map(len, SECTIONS.values()))
