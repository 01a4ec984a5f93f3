"""deployments.toml: correct files are read, and all problems are reported at once."""

from pathlib import Path

import pytest

from bootstrapper.deploy.definition import reader
from bootstrapper.deploy.definition.problems import DefinitionError, Problem
from bootstrapper.deploy.definition.secret import Secrets
from bootstrapper.deploy.plan.prepare import prepare, prepare_project
from bootstrapper.deploy.recipes.catalog import RecipeCatalog
from bootstrapper.errors import InputError
from tests.support.definitions import RIGHT, recipe, write


def test_all_that_is_right_is_understood(tmp_path: Path) -> None:
    read = reader.read(write(tmp_path))
    assert read.path == tmp_path / "deploy/deployments.toml"
    assert (read.default, list(read.deployments)) == ("production", ["production", "staging"])
    production = read.deployment()
    assert production is read.deployment("production")
    assert production.branch == "main"
    assert [
        (stage.name, stage.recipe, stage.timeout, stage.idle_timeout, stage.line)
        for stage in production.stages
    ] == [("clear", "clear", None, None, 9), ("smoke test", "smoke", 120, 30, 10)]
    assert (production.timeout, production.idle_timeout) == (900, None)
    assert production.on_failure == "rollback"
    assert production.batch.of(7) == 7
    assert production.max_failures == 0
    assert production.settings == {
        "REPOSITORY": "git@git.example.org:mysite.git",
        "REMOTE_HOST": "deploy@app1.example.org",
        "WORKERS": "4",
        "DEBUG": "",
        "MODULES": ("one", "two"),
    }
    assert production.environment["MODULES"] == "one two"
    assert production.secrets == ("SENTRY_DSN",)
    assert production.lines["SENTRY_DSN"] == 20
    assert production.flags["SKIP_TESTS"].description == "push without running the tests"
    assert production.hosts == ("deploy@app1.example.org",)


def test_what_is_left_out_has_its_documented_value(tmp_path: Path) -> None:
    staging = reader.read(write(tmp_path)).deployment("staging")
    assert (staging.branch, staging.timeout, staging.idle_timeout, staging.on_failure) == (
        "main",
        1800,
        None,
        "halt",
    )
    assert staging.hosts == ()


def test_a_deployments_own_setting_replaces_that_of_all(tmp_path: Path) -> None:
    text = RIGHT.replace("WORKERS = 4", 'REPOSITORY = "other"')
    assert reader.read(write(tmp_path, text)).deployment().settings["REPOSITORY"] == "other"


def test_the_only_deployment_is_the_default(tmp_path: Path) -> None:
    read = reader.read(write(tmp_path, '[deployments.x]\nstages = ["a"]\n'))
    assert read.deployment().name == "x"


def test_several_hosts_are_a_list_and_the_first_is_the_one_for_what_runs_once(
    tmp_path: Path,
) -> None:
    text = RIGHT.replace('REMOTE_HOST = "deploy@app1.example.org"', 'REMOTE_HOSTS = ["a", "b"]')
    production = reader.read(write(tmp_path, text)).deployment()
    assert production.hosts == ("a", "b")
    assert production.environment["REMOTE_HOSTS"] == "a b"
    assert production.environment["REMOTE_HOST"] == "a"


def test_windows_line_ends_and_a_byte_order_mark_are_tolerated(tmp_path: Path) -> None:
    plain = reader.read(write(tmp_path))
    assert reader.read(write(tmp_path, "\ufeff" + RIGHT.replace("\n", "\r\n"))) == plain


def test_every_fault_is_reported_at_once_in_one_message(tmp_path: Path) -> None:
    write(
        tmp_path,
        RIGHT.replace("branch =", "brnch =")
        .replace('"15m"', '"15"')
        .replace("WORKERS = 4", "TZ = 4"),
    )
    with pytest.raises(InputError) as caught:
        reader.read(tmp_path).deployment()
    assert (
        str(caught.value)
        == """\
deploy/deployments.toml: 3 problems
  deploy/deployments.toml:7: "brnch" is no key of a deployment; did you mean "branch"?
    brnch = "main"
    ^
  deploy/deployments.toml:12: "timeout" takes a duration such as "90s", "15m" or "1h30m", not \
"15"; did you mean "15s"?
    timeout = "15"
    ^
  deploy/deployments.toml:17: TZ is set by each push itself, so no setting may have that name
  next: ${EDITOR:-vi} +7 deploy/deployments.toml"""
    )
    assert caught.value.status == 2


def test_all_that_is_given_twice_is_reported_at_once(tmp_path: Path) -> None:
    write(tmp_path, "a = 1\na = 1\nb = 1\nb = 1\n[c]\n[c]\n")
    with pytest.raises(DefinitionError) as caught:
        reader.read(tmp_path)
    assert [problem.line for problem in caught.value.problems] == [2, 4, 6]


def test_a_single_fault_is_reported_as_any_error_is(tmp_path: Path) -> None:
    write(tmp_path, RIGHT.replace("branch =", "brnch ="))
    with pytest.raises(InputError) as caught:
        reader.read(tmp_path).deployment()
    assert (
        str(caught.value)
        == """\
deploy/deployments.toml:7: "brnch" is no key of a deployment; did you mean "branch"?
    brnch = "main"
    ^
  next: ${EDITOR:-vi} +7 deploy/deployments.toml"""
    )


def test_a_syntax_error_is_shown_with_its_line_and_a_caret(tmp_path: Path) -> None:
    write(tmp_path, RIGHT.replace('branch = "main"', "branch = main"))
    with pytest.raises(InputError) as caught:
        reader.read(tmp_path)
    assert (
        str(caught.value)
        == """\
deploy/deployments.toml:7: not valid TOML: Invalid value
    branch = main
             ^
  next: ${EDITOR:-vi} +7 deploy/deployments.toml"""
    )


def test_a_missing_file_says_where_to_run_the_command(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"the file is missing\n  next: ls .*  # is it the project"
    ):
        reader.read(tmp_path)
    write(tmp_path)
    (tmp_path / "deploy/deployments.toml").unlink()
    (tmp_path / "deploy/deployments.toml").mkdir()
    with pytest.raises(InputError, match="is a directory, not a file"):
        reader.read(tmp_path)


def test_latin_1_is_reported_with_its_line(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "deploy/deployments.toml").write_bytes(b"a = 1\n# caf\xe9\n")
    with pytest.raises(
        InputError, match=r":2: not UTF-8 at byte 11\n  next: iconv .*  # shows the text"
    ):
        reader.read(tmp_path)


def test_utf_16_is_reported_with_the_command_that_shows_the_text(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "deploy/deployments.toml").write_bytes("a = 1".encode("utf-16"))
    with pytest.raises(InputError, match=r"next: iconv -f utf-16 -t utf-8 "):
        reader.read(tmp_path)


def test_a_secret_written_into_the_file_is_not_repeated_by_the_message(tmp_path: Path) -> None:
    text = RIGHT.replace("{ secret = true }", '{ secret = "swordfish" }')
    with pytest.raises(DefinitionError) as caught:
        reader.read(write(tmp_path, text)).deployment()
    assert "SENTRY_DSN" in str(caught.value)
    assert "swordfish" not in str(caught.value)


def test_an_unknown_deployment_has_a_suggestion(tmp_path: Path) -> None:
    read = reader.read(write(tmp_path))
    with pytest.raises(InputError) as caught:
        read.deployment("prodcution")
    assert str(caught.value) == (
        'deploy/deployments.toml: has no deployment "prodcution"; did you mean "production"?\n'
        "  next: python -m bootstrapper status production  # or staging"
    )


def test_an_invalid_name_is_not_suggested(tmp_path: Path) -> None:
    text = """default = "prod uctio"
[deployments."prod uction"]
stages = []
[deployments.staging]
stages = []
"""
    with pytest.raises(InputError) as caught:
        reader.read(write(tmp_path, text)).deployment("prod_uction")
    error = str(caught.value)
    assert 'has no deployment "prod_uction"\n' in error
    assert 'no deployment is called "prod uctio"\n' in error
    assert "next: python -m bootstrapper status staging\n" in error


def test_without_a_default_the_command_must_name_one(tmp_path: Path) -> None:
    text = RIGHT.replace('default = "production"', "")
    with pytest.raises(InputError, match="names no default deployment"):
        reader.read(write(tmp_path, text)).deployment()


def test_all_that_a_push_lacks_is_found_before_its_first_stage(tmp_path: Path) -> None:
    project = write(
        tmp_path,
        """\
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
""",
    )
    recipe(project, "clear.sh", "rm -rf x\n")
    recipe(project, "smoke.sh", "# needs: SMOKE_URL FAST CHECKOUT_DIR\n")
    recipe(project, "upload.sh", "# needs: REMOTE_HOST REMOTE_DIRECTORY NOTE\n")
    recipe(project, "sync.sh", "# needs: REMOTE_HOST\n")
    recipe(project, "broken.sh", "echo\r\n")
    deployment = reader.read(project).deployment()
    secret = Problem(file="deploy/deployments.toml", line=1, text="a secret's problem")
    with pytest.raises(DefinitionError) as caught:
        prepare(project, deployment, RecipeCatalog(project), Secrets({}, [secret]))
    assert (
        str(caught.value)
        == """\
deploy/deployments.toml: 7 problems
  deploy/deployments.toml:1: a secret's problem
  deploy/deployments.toml:3: no recipe is called "claer"; did you mean "clear"?
  deploy/deployments.toml:4: the stage "smoke" needs the setting SMOKE_URL, which this deployment \
doesn't have
  deploy/deployments.toml:5: the stages "upload" and "sync" need the setting REMOTE_HOST, which \
this deployment doesn't have; did you mean "REMOTE_HSOT"?
  deploy/deployments.toml:5: the stage "upload" needs the setting REMOTE_DIRECTORY, which is \
empty (line 11)
  deploy/deployments.toml:5: the stage "upload" needs the flag NOTE, which is empty
  deploy/recipes/broken.sh:1: ends its lines as Windows does (CR LF)
  next: ${EDITOR:-vi} +1 deploy/deployments.toml
        python -m bootstrapper cookbook  # lists the recipes
        ${EDITOR:-vi} deploy/deployments.toml  # [deployments.production.settings]: SMOKE_URL = "…"
        ${EDITOR:-vi} deploy/deployments.toml  # [deployments.production.settings]: REMOTE_HOST = "…"
        python -m bootstrapper deploy production --dry-run --flag NOTE=TEXT  # write your own TEXT
        sed -i 's/\\r$//' deploy/recipes/broken.sh"""
    )


def test_a_file_a_secret_and_the_command_line_are_judged_in_one_pass(tmp_path: Path) -> None:
    project = write(
        tmp_path,
        """\
[deployments.production]
brnch = "main"
stages = ["claer", "smoek", "clear"]
timeout = "15"
[deployments.production.settings]
SENTRY_DSN = { secret = true }
WORKERS = [true]
""",
    )
    recipe(project, "clear.sh", "# needs: SENTRY_DSN WORKERS\n")
    with pytest.raises(DefinitionError) as caught:
        prepare_project(project, "production", {}, flags=["FAST"], skip=["upload"])
    assert [str(problem).partition("; did")[0] for problem in caught.value.problems] == [
        'deploy/deployments.toml:2: "brnch" is no key of a deployment',
        'deploy/deployments.toml:3: no recipe is called "claer"',
        'deploy/deployments.toml:3: no recipe is called "smoek"',
        'deploy/deployments.toml:4: "timeout" takes a duration such as "90s", "15m" or "1h30m", '
        'not "15"',
        "deploy/deployments.toml:6: the secret SENTRY_DSN has no value, neither in the "
        "environment nor in deploy/secrets.env",
        "deploy/deployments.toml:7: WORKERS: a list in a setting holds text or numbers, nothing "
        "else",
        "--flag FAST: no flag of production is called FAST",
        "--skip upload: no stage of production is called upload",
    ]
    assert str(caught.value).startswith("deploy/deployments.toml: 8 problems\n")


def test_a_wrong_key_a_bad_duration_and_two_unknown_recipes_are_four_problems(
    tmp_path: Path,
) -> None:
    write(
        tmp_path,
        """\
[deployments.production]
brnch = "main"
stages = ["claer", "smoek"]
timeout = "15"
""",
    )
    with pytest.raises(DefinitionError, match=r"deployments\.toml: 4 problems"):
        prepare_project(tmp_path, "", {})


def test_a_skipped_stage_must_exist_but_needs_nothing(tmp_path: Path) -> None:
    project = write(tmp_path, '[deployments.x]\nstages = ["a", "b"]\n')
    recipe(project, "a.sh", "true\n")
    recipe(project, "b.sh", "# needs: NOTHING_GIVEN\n")
    prepared = prepare_project(project, "x", {}, skip=["b"])
    assert [(each.name, each.skipped) for each in prepared.stages] == [
        ("a", ""),
        ("b", "skipped by --skip"),
    ]
    with pytest.raises(InputError, match="NOTHING_GIVEN"):
        prepare_project(project, "x", {})


def test_a_stages_time_limit_is_its_own_or_the_deployments(tmp_path: Path) -> None:
    write(tmp_path)
    recipe(tmp_path, "clear.sh", "true\n")
    recipe(tmp_path, "smoke.sh", "true\n")
    prepared = prepare_project(tmp_path, "production", {"SENTRY_DSN": "https://key@sentry"})
    assert [(each.timeout, each.idle_timeout) for each in prepared.stages] == [
        (900, None),
        (120, 30),
    ]
