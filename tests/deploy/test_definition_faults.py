"""Every mistake in deployments.toml, with its message."""

from pathlib import Path

import pytest

from bootstrapper.deploy.definition import reader
from bootstrapper.deploy.definition.known_setting import unfit
from bootstrapper.deploy.definition.problems import DefinitionError
from bootstrapper.deploy.definition.setting import check_host
from bootstrapper.deploy.plan.prepare import prepare_project
from bootstrapper.errors import InputError
from tests.support.definitions import RIGHT, recipe, write


def faults(project: Path, text: str) -> list[str]:
    write(project, text)
    try:
        found = reader.read(project).problems
    except DefinitionError as error:
        found = error.problems
    return [str(each) for each in found]


@pytest.mark.parametrize(
    ("old", "new", "reported"),
    [
        (
            'default = "p',
            'defualt = "p',
            '1: "defualt" is no key of deployments.toml; did you mean "default"?',
        ),
        (
            'default = "production"',
            'default = "prodution"',
            '1: no deployment is called "prodution"; did you mean "production"?',
        ),
        (
            'default = "production"',
            "default = 1",
            '1: "default" takes the name of a deployment, not 1',
        ),
        (
            'default = "production"\n',
            'branch = "main"\n',
            '1: "branch" is no key of deployments.toml; it stands in [deployments.NAME]',
        ),
        (
            'branch = "main"',
            'brnch = "main"',
            '7: "brnch" is no key of a deployment; did you mean "branch"?',
        ),
        (
            'branch = "main"',
            'branch = ["main"]',
            '7: "branch" takes the name of a branch or tag, not a list',
        ),
        (
            'branch = "main"',
            'branch = "-x"',
            '7: "branch" takes the name of a branch or tag, not "-x"',
        ),
        (
            'branch = "main"',
            'HOST = "main"',
            '7: "HOST" is no key of a deployment; a setting stands in [deployments.NAME.settings]',
        ),
        (
            'timeout = "15m"',
            "timeout = 15",
            '12: "timeout" takes a duration such as "90s", "15m" or '
            '"1h30m", not 15; did you mean "15s"?',
        ),
        (
            'timeout = "15m"',
            'timeout = "15 minutes"',
            '12: "timeout" takes a duration such as "90s", "15m" or "1h30m", not "15 minutes"',
        ),
        (
            'timeout = "15m"',
            'timeout = "0s"',
            '12: "timeout" takes a duration such as "90s", "15m" or "1h30m", not "0s"',
        ),
        (
            'timeout = "15m"',
            "idle_timout = 1",
            '12: "idle_timout" is no key of a deployment; did you mean "idle_timeout"?',
        ),
        (
            '"rollback"',
            '"rolback"',
            '13: "on_failure" takes "halt" or "rollback", not "rolback"; did you mean "rollback"?',
        ),
        ('"rollback"', "true", '13: "on_failure" takes "halt" or "rollback", not true'),
        (
            'timeout = "15m"',
            "batch = 0",
            '12: "batch" takes a whole number from 1 on, or a share such as "25%", not 0',
        ),
        (
            'timeout = "15m"',
            'batch = "25"',
            '12: "batch" takes a whole number from 1 on, or a share '
            'such as "25%", not "25"; did you mean 25, without quotes?',
        ),
        (
            'timeout = "15m"',
            'batch = "0%"',
            '12: "batch" takes a whole number from 1 on, or a share such as "25%", not "0%"',
        ),
        (
            'timeout = "15m"',
            "batch = true",
            '12: "batch" takes a whole number from 1 on, or a share such as "25%", not true',
        ),
        (
            'timeout = "15m"',
            "max_failures = -1",
            '12: "max_failures" takes a whole number from 0 on, not -1',
        ),
        (
            'timeout = "15m"',
            'max_failures = "1"',
            '12: "max_failures" takes a whole number from 0 on, not "1"',
        ),
        (
            "[deployments.production]",
            '[deployments."a b"]',
            '6: "a b" can\'t be the name of a deployment: letters, digits, - and _, with dots between '
            "them",
        ),
        (
            "[deployments.staging]",
            "[deploymnts.staging]",
            '26: "deploymnts" is no key of deployments.toml; did you mean "deployments"?',
        ),
        (
            '    "clear",',
            '    "clear", "clear",',
            '9: the stage "clear" stands in line 9 already; a '
            'second one needs a name: { recipe = "clear", name = "clear again" }',
        ),
        (
            'name = "smoke test"',
            'name = "clear"',
            '10: the stage "clear" stands in line 9 already; a '
            'second one needs a name: { recipe = "smoke", name = "clear again" }',
        ),
        (
            'name = "smoke test"',
            'name = "a/b"',
            '10: "name" takes a name in one line, without / and '
            'not beginning with a dot, not "a/b"',
        ),
        (
            'timeout = "2m"',
            'timeot = "2m"',
            '10: "timeot" is no key of a stage; did you mean "timeout"?',
        ),
        (
            'timeout = "2m"',
            "timeout = 2",
            '10: "timeout" takes a duration such as "90s", "15m" or '
            '"1h30m", not 2; did you mean "2s"?',
        ),
        ('recipe = "smoke", ', "", '10: a stage needs "recipe": the name of a recipe'),
        (
            '    "clear",',
            "    3,",
            '9: a stage takes "recipe", "name", "timeout", "idle_timeout" in a table, not 3',
        ),
        (
            'stages = ["clear"]',
            "stages = []",
            '27: "stages" takes a list of recipes, with one at least, not an empty list',
        ),
        (
            'stages = ["clear"]',
            'stages = "clear"',
            '27: "stages" takes a list of recipes, with one at least, not "clear"',
        ),
        (
            'stages = ["clear"]\n',
            "",
            '26: a deployment needs "stages": a list of recipes, with one at least',
        ),
        (
            "WORKERS = 4",
            "PATH = 4",
            "17: PATH is set by each push itself, so no setting may have that name",
        ),
        (
            "WORKERS = 4",
            "CHECKOUT_DIR = 4",
            "17: CHECKOUT_DIR is set by each push itself, so no setting may have that name",
        ),
        (
            "WORKERS = 4",
            "web-workers = 4",
            '17: "web-workers" can\'t be the name of an environment '
            'variable, so no setting may have it; did you mean "web_workers"?',
        ),
        (
            "WORKERS = 4",
            '"" = 4',
            '17: "" can\'t be the name of an environment variable, so no setting may have it',
        ),
        (
            "WORKERS = 4",
            '"ÄRA" = 4',
            '17: "ÄRA" can\'t be the name of an environment variable, so no '
            'setting may have it; did you mean "_RA"?',
        ),
        (
            "WORKERS = 4",
            "WORKERS = 1979-05-27",
            "17: WORKERS: a date or time is written as text, in quotes",
        ),
        (
            "WORKERS = 4",
            "WORKERS = [true]",
            "17: WORKERS: a list in a setting holds text or numbers, nothing else",
        ),
        (
            "WORKERS = 4",
            'WORKERS = "a\\u0000b"',
            "17: WORKERS: it holds a NUL, which no environment variable can",
        ),
        (
            "WORKERS = 4",
            f'WORKERS = "{"x" * 140_000}"',
            "17: WORKERS: it is longer than 128 KiB, which is all that an environment variable holds",
        ),
        (
            '"deploy@app1.example.org"',
            '"-oProxyCommand=x"',
            '16: REMOTE_HOST: "-oProxyCommand=x" is no host; it is written user@host, or "." for this '
            "machine",
        ),
        (
            'REMOTE_HOST = "deploy@app1.example.org"',
            'REMOTE_HOSTS = "a b"',
            '16: REMOTE_HOSTS takes a list of hosts, with one at least; did you mean ["a", "b"]?',
        ),
        (
            'REMOTE_HOST = "deploy@app1.example.org"',
            "REMOTE_HOSTS = []",
            "16: REMOTE_HOSTS takes a list of hosts, with one at least",
        ),
        (
            'REMOTE_HOST = "deploy@app1.example.org"',
            'REMOTE_HOSTS = ["a", "a"]',
            "16: REMOTE_HOSTS names a twice",
        ),
        (
            "WORKERS = 4",
            'REMOTE_HOSTS = ["a"]',
            "17: REMOTE_HOST and REMOTE_HOSTS: a deployment has one or the other",
        ),
        (
            "WORKERS = 4",
            'REPOSITORY = "https://anna:sesame@git.example.org/site.git"',
            "17: REPOSITORY: https://…@git.example.org/site.git has a password in it, which every push "
            "would show: leave the password to git itself (git help credentials), or push by ssh",
        ),
        (
            "WORKERS = 4",
            'REPOSITORY = "--upload-pack=evil"',
            '17: REPOSITORY: "--upload-pack=evil" is no address of a repository: git would take it for '
            "an option",
        ),
        (
            "WORKERS = 4",
            "REPOSITORY = { secret = true }",
            "17: REPOSITORY can't be secret, as git shows it in ps: leave the password to git itself "
            "(git help credentials), or push by ssh",
        ),
        (
            "[settings]",
            "[settings]\nSENTRY_DSN = 'plain'",
            "21: SENTRY_DSN is secret here and plain there: line 4",
        ),
        (
            "WORKERS = 4",
            "REMOTE_DIRECTORY = { secret = true }",
            "17: REMOTE_DIRECTORY is shown by the push itself, so it can't be secret",
        ),
        (
            "{ secret = true }",
            '{ secret = "swordfish" }',
            "20: SENTRY_DSN: a secret setting is written { secret = true }; its value comes from the "
            "environment or deploy/secrets.env",
        ),
        (
            "{ secret = true }",
            "{ secrt = true }",
            '20: SENTRY_DSN: "secrt" is no key of a secret setting, which is written { secret = true }; '
            'did you mean "secret"?',
        ),
        (
            "description =",
            "desciption =",
            '23: "desciption" is no key of a flag; did you mean "description"?',
        ),
        ("default = false", "default = 0", '24: "default" takes true, false or text, not 0'),
        (
            "flags.SKIP_TESTS]",
            "flags.HOME]",
            "22: HOME is set by each push itself, so no flag may have that name",
        ),
        ("flags.SKIP_TESTS]", "flags.WORKERS]", "22: WORKERS is a setting already, in line 17"),
        (
            "flags.NOTE.default",
            "flags.NOTE",
            '28: a flag takes "description", "default" in a table, not "none"',
        ),
        ("[settings]", "[[settings]]", '3: "settings" takes a table, not a list'),
    ],
)
def test_what_is_wrong_is_reported_with_its_line(
    old: str, new: str, reported: str, tmp_path: Path
) -> None:
    assert old in RIGHT
    assert f"deploy/deployments.toml:{reported}" in faults(tmp_path, RIGHT.replace(old, new, 1))


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("[a\n", "1: not valid TOML: Expected ']' at the end of a table declaration"),
        ("a = [1,\n\n\n", "1: not valid TOML: Invalid value"),
        ("a = 1\nb = \n", "2: not valid TOML: Invalid value"),
        (
            RIGHT + 'stages = ["x"]\n',
            '29: "deployments.staging.stages" is given twice; it stands in line 27 already',
        ),
        (RIGHT + "[settings]\n", '29: "settings" is given twice; it stands in line 3 already'),
        ("", ': deployments.toml needs "deployments": a table'),
        ("[deployments]\n", "1: there is no [deployments.NAME]"),
        ("[deployments]\nx = 1\n", '2: "x" takes a table: [deployments.x]'),
    ],
)
def test_what_is_no_definition_at_all_is_reported(text: str, reported: str, tmp_path: Path) -> None:
    assert faults(tmp_path, text) == [
        f"deploy/deployments.toml{'' if reported[0] == ':' else ':'}{reported}"
    ]


@pytest.mark.parametrize(
    ("setting", "reported"),
    [
        ('SHARED_PATHS = "public public/uploads"', 'of "public/uploads" and "public", one lies in'),
        ('SHARED_PATHS = ["a/b", "a/"]', 'of "a" and "a/b", one lies in the other'),
        ('SHARED_PATHS = "a/../b"', '"a/../b" is not inside of a release'),
        ('SHARED_PATHS = "/srv"', '"/srv" is not inside of a release'),
        ('SHARED_PATHS = "."', '"." is not inside of a release'),
        ('SHARED_PATHS = "data -x"', '"-x" begins with -'),
        ('SHARED_PATHS = "backups"', "shared/backups belongs to backup-database"),
        ('SHARED_PATHS = ["web files"]', "without spaces"),
        ('KEEP_BACKUPS = "0"', '"0" is not a number from 1 on, nor "all"'),
        ("KEEP_BACKUPS = -1", '"-1" is not a number from 1 on, nor "all"'),
        ('KEEP_BACKUPS = "many"', '"many" is not a number'),
        ('KEEP_RELEASES = "all"', '"all" is not a number from 1 on'),
    ],
)
def test_a_setting_that_a_recipe_cannot_take_is_refused(
    tmp_path: Path, setting: str, reported: str
) -> None:
    write(
        tmp_path,
        f"""
[deployments.production]
stages = ["rsync-release", "backup-database", "prune-releases"]
[deployments.production.settings]
REMOTE_HOST = "."
REMOTE_DIRECTORY = "/srv/site"
{setting}
""",
    )
    with pytest.raises(InputError) as caught:
        prepare_project(tmp_path, "production", {})
    assert reported in str(caught.value)
    assert "deploy/deployments.toml:7" in str(caught.value)


def test_a_recipe_of_the_project_takes_what_it_likes(tmp_path: Path) -> None:
    recipe(tmp_path, "backup-database.sh", "# Mine.\necho $KEEP_BACKUPS\n")
    write(
        tmp_path,
        """
[deployments.production]
stages = ["backup-database"]
settings.KEEP_BACKUPS = "30 days"
""",
    )
    assert prepare_project(tmp_path, "production", {}).settings["KEEP_BACKUPS"] == "30 days"


@pytest.mark.parametrize("paths", ["./web//files/ web/files", "data media .env db.sqlite3"])
def test_shared_paths_may_be_written_in_several_ways(paths: str) -> None:
    assert unfit(["$SHARED_PATHS"], {"SHARED_PATHS": paths}) == {}


@pytest.mark.parametrize(
    ("host", "reported"),
    [
        (
            "ssh://deploy@app1:2222",
            'write "deploy@app1", and in ~/.ssh/config, or in the file that '
            'SSH_CONFIG names: "Host app1", "Port 2222"',
        ),
        ("ssh://app1", 'write "app1"'),
        ("app1:2222", 'write "app1", and in ~/.ssh/config'),
        ("deploy@app1:22", 'write "deploy@app1", and in'),
        ("app1:/srv/site", "is no host"),
        ("fe80::1", '"HostName fe80::1"'),
        ("deploy@[::1]", '"HostName ::1"'),
        ("deploy@", "is no host"),
        ("@app1", "is no host"),
        ("-x@app1", "is no host"),
        ("deploy@-x", "is no host"),
        (" app1", "is no host"),
        ("app1;ls", "is no host"),
        ("$(ls)", "is no host"),
        ("app1\\u0007", "is no host"),
        ("a/b", "is no host"),
        ("..", "is no host"),
        ("deploy@.", "is no host"),
    ],
)
@pytest.mark.parametrize("name", ["REMOTE_HOST", "REMOTE_HOSTS"])
def test_what_is_no_host_is_refused(tmp_path: Path, name: str, host: str, reported: str) -> None:
    value = f'"{host}"' if name == "REMOTE_HOST" else f'["{host}"]'
    (fault,) = faults(
        tmp_path, RIGHT.replace('REMOTE_HOST = "deploy@app1.example.org"', f"{name} = {value}")
    )
    assert reported in fault
    assert fault.startswith("deploy/deployments.toml:16: ")


@pytest.mark.parametrize(
    "host",
    [
        ".",
        "app1",
        "deploy@app1.example.org",
        "10.0.0.7",
        "anna@corp.example@app1",
        "bücher_1",
        "web-1@app-1",
    ],
)
def test_a_host_is_written_as_ssh_takes_it(host: str) -> None:
    check_host(host)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (f"timeout = {'9' * 5000}", "deployments.toml:3: a number has too many digits"),
        (f"max_failures = 0x{'f' * 40}", "an integer has more than 64 bits"),
        (f"x = {'[' * 5000}", "nested too deeply"),
        (f'timeout = "{"9" * 5000}h"', "takes a duration"),
        (f'batch = "{"9" * 5000}%"', "batch"),
    ],
)
def test_a_huge_value_is_a_fault(tmp_path: Path, line: str, fault: str) -> None:
    file = tmp_path / "deploy/deployments.toml"
    file.parent.mkdir()
    file.write_text(f'[deployments.production]\nstages = ["git-clone"]\n{line}\n')
    with pytest.raises(DefinitionError) as error:
        reader.read(tmp_path).deployment()
    assert fault in str(error.value)
