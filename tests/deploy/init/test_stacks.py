"""The stack is found by files, and what init writes for it lacks only what the user left empty."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from bootstrapper.deploy.stacks.project_file import has_make_target
from tests.deploy.init.conftest import ORIGIN, init, production, run, stages, write
from tests.support.recipe_runner import COOKBOOK
from tests.support.repository import git

FETCH = ["clear-checkout", "git-clone"]
END = ["smoke-test", "prune-releases"]
POM = """\
<?xml version="1.0"?>
<!-- the shop -->
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <parent><groupId>org.example</groupId><version>2.4</version></parent>
  <artifactId>shop</artifactId>
  <packaging>war</packaging>
  <properties><short>${project.artifactId}-web</short></properties>
  %s
</project>
"""

KINDS = {
    "composer": (
        {"composer.json": "{}", "composer.lock": "{}"},
        [*FETCH, "git-tag", "rsync-release", "php-composer", "activate-release", *END],
        {},
    ),
    "drupal": (
        {
            "composer.json": json.dumps(
                {"require": {"drupal/core-recommended": "^11", "drush/drush": "^13"}}
            ),
            "web/index.php": "",
        },
        [
            *(*FETCH, "git-tag", "rsync-release", "php-composer", "drupal-drush"),
            *("activate-release", *END),
        ],
        {"SHARED_PATHS": "web/sites/default/files/ web/sites/default/settings.php"},
    ),
    "symfony": (
        {
            "composer.json": '{"require": {"symfony/framework-bundle": "*"}}',
            ".gitignore": "/var/\n",
        },
        [*FETCH, "git-tag", "rsync-release", "php-composer", "activate-release", *END],
        {"SHARED_PATHS": ".env.local var/log/ var/sessions/"},
    ),
    "laravel": (
        {
            "composer.json": '{"require": {"laravel/framework": "*"}}',
            "package.json": '{"scripts": {"build": "vite build"}}',
            ".gitignore": "/public/uploads/*\n.env\n",
        },
        [
            *(*FETCH, "build-checkout", "git-tag", "rsync-release", "php-composer"),
            *("activate-release", *END),
        ],
        {
            "SHARED_PATHS": ".env storage/ public/uploads/",
            "BUILD_COMMAND": "npm install && npm run build && rm -rf node_modules",
        },
    ),
    "wordpress": (
        {"wp-config-sample.php": "", "index.php": ""},
        [*FETCH, "git-tag", "rsync-release", "activate-release", *END],
        {"SHARED_PATHS": "wp-config.php wp-content/uploads/"},
    ),
    "carton": (
        {"cpanfile": "", "cpanfile.snapshot": "", "Makefile": "all:\ntest: all\n\tprove\n"},
        [
            *(*FETCH, "unit-tests", "git-tag", "rsync-release", "perl-carton"),
            *("activate-release", *END),
        ],
        {},
    ),
    "psgi": ({"app.psgi": ""}, [*FETCH, "git-tag", "rsync-release", "activate-release", *END], {}),
    "maven": (
        {"pom.xml": POM % ""},
        [*FETCH, "build-checkout", "git-tag", "rsync-release", "java-war", *END],
        {
            "WAR": "target/shop-2.4.war",
            "WAR_NAME": "shop.war",
            "BUILD_COMMAND": "mvn --batch-mode package",
        },
    ),
    "maven with a final name": (
        {"pom.xml": POM % "<build><finalName>${short}</finalName></build>", "mvnw": ""},
        [*FETCH, "build-checkout", "git-tag", "rsync-release", "java-war", *END],
        {"WAR": "target/shop-web.war", "BUILD_COMMAND": "./mvnw --batch-mode package"},
    ),
    "maven with a module": (
        {
            "pom.xml": "<project><artifactId>all</artifactId><version>7</version>"
            "<modules><module>core</module><module>web</module></modules></project>",
            "core/pom.xml": "<project><artifactId>core</artifactId></project>",
            "web/pom.xml": "<project><artifactId>web</artifactId><packaging>war</packaging>"
            "<parent><version>7</version></parent></project>",
        },
        [*FETCH, "build-checkout", "git-tag", "rsync-release", "java-war", *END],
        {"WAR": "web/target/web-7.war", "WAR_NAME": "web.war"},
    ),
    "gradle": (
        {"build.gradle.kts": "", "build/libs/shop-3.1.war": ""},
        [*FETCH, "build-checkout", "git-tag", "rsync-release", "java-war", *END],
        {"WAR": "build/libs/shop-3.1.war", "WAR_NAME": "shop.war"},
    ),
    "ant": (
        {"build.xml": '<project><target name="compile"/><target name="dist"/></project>'},
        [*FETCH, "build-checkout", "git-tag", "rsync-release", "java-war", *END],
        {"BUILD_COMMAND": "ant dist", "WEBAPPS": "/var/lib/tomcat10/webapps"},
    ),
    "plone": (
        {"buildout.cfg": ""},
        [
            *(*FETCH, "git-tag", "rsync-release", "plone-buildout"),
            *("activate-release", "restart-supervisor", *END),
        ],
        {"SHARED_PATHS": "var/"},
    ),
    "mkdocs": (
        {"mkdocs.yml": "site_name: shop\nsite_url: https://shop.example/\nsite_dir: out # here\n"},
        [*FETCH, "static-site", "git-tag", "rsync-release", "activate-release", *END],
        {
            "SITE_DIRECTORY": "out",
            "SITE_COMMAND": "mkdocs build",
            "SMOKE_URL": "https://shop.example/",
        },
    ),
    "mkdocs with a directory outside": (
        {"mkdocs.yml": "site_dir: ../out\n"},
        [*FETCH, "static-site", "git-tag", "rsync-release", "activate-release", *END],
        {"SITE_DIRECTORY": "site", "SMOKE_URL": ""},
    ),
    "sphinx": (
        {"source/conf.py": "extensions = ['sphinx.ext.autodoc']\n"},
        [*FETCH, "static-site", "git-tag", "rsync-release", "activate-release", *END],
        {"SITE_DIRECTORY": "build/html", "SITE_COMMAND": "sphinx-build -b html source build/html"},
    ),
    "hugo": (
        {"config.toml": 'baseURL = "https://shop.example/"\n', "content/a.md": ""},
        [*FETCH, "static-site", "git-tag", "rsync-release", "activate-release", *END],
        {"SITE_DIRECTORY": "public", "SMOKE_URL": "https://shop.example/"},
    ),
    "jekyll": (
        {"_config.yml": "", "Gemfile": ""},
        [*FETCH, "static-site", "git-tag", "rsync-release", "activate-release", *END],
        {"SITE_DIRECTORY": "_site", "SITE_COMMAND": "bundle exec jekyll build"},
    ),
    "vite": (
        {
            "package.json": '{"scripts": {"build": "vite build"}, "devDependencies": {"vite": "7"}}',
            "package-lock.json": "{}",
            "index.html": "",
        },
        [*FETCH, "static-site", "git-tag", "rsync-release", "activate-release", *END],
        {"SITE_DIRECTORY": "dist", "SITE_COMMAND": "npm ci && npm run build"},
    ),
    "plain html": (
        {"public/index.html": "x"},
        [*FETCH, "static-site", "git-tag", "rsync-release", "activate-release", *END],
        {"SITE_DIRECTORY": "public"},
    ),
    "node server": (
        {
            "package.json": '{"scripts": {"build": "tsc"}, "dependencies": {"express": "5"}}',
            "yarn.lock": "",
        },
        [*FETCH, "build-checkout", "git-tag", "rsync-release", "activate-release", *END],
        {"BUILD_COMMAND": "yarn install --frozen-lockfile && yarn run build"},
    ),
    "go": (
        {"go.mod": ""},
        [*FETCH, "git-tag", "rsync-release", "activate-release", *END],
        {},
    ),
}
# What no file says. WAR is found in most Java projects, and WAR_NAME with it.
OPEN = {"REMOTE_HOST", "SMOKE_URL", "SUPERVISOR_PROGRAMS", "WAR"}


@pytest.mark.parametrize("kind", KINDS)
def test_stack_is_found_and_lacks_only_what_is_reported(kind: str, project: Path) -> None:
    files, expected, values = KINDS[kind]
    write(project, files)
    printed = init(project)
    deployment = production(project)
    assert stages(project) == expected
    settings = deployment.environment
    assert {name: settings.get(name) for name in values} == values
    assert settings["REPOSITORY"] == ORIGIN
    assert settings["REMOTE_DIRECTORY"] == "/var/www/shop"
    assert deployment.branch == "trunk"
    assert ("SKIP_TESTS" in deployment.flags) == ("unit-tests" in expected)
    [reported] = [line for line in printed.splitlines() if "left empty" in line]
    empty = set(reported.rpartition(": ")[2].split(", "))
    assert empty <= OPEN
    dry = run(project, "deploy", "--dry-run")
    assert dry.returncode == 2
    assert {name for name in OPEN if f"the setting {name}," in dry.stderr} == empty
    assert dry.stderr.count("which is empty") == len(empty)


@pytest.mark.parametrize("kind", KINDS)
def test_stack_with_every_value_has_a_dry_run(kind: str, project: Path) -> None:
    write(project, KINDS[kind][0])
    values = {
        "REMOTE_HOST": "deploy@app1.example.org",
        "SMOKE_URL": "https://{host}/",
        "SUPERVISOR_PROGRAMS": "zeo instance",
        "WAR": "shop.war",
        "SYSTEMD_UNITS": "shop.service",
    }
    if "java-war" not in KINDS[kind][1]:
        del values["WAR"]
    printed = init(project, *(w for n, v in values.items() for w in ("--set", f"{n}={v}")))
    assert "left empty" not in printed
    assert "restart-systemd" in stages(project)
    dry = run(project, "deploy", "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "SYSTEMD_UNITS=shop.service" in dry.stdout


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ({"composer.json": "{}", "pom.xml": "<project/>"}, ["php", "java"]),
        ({"mkdocs.yml": "", "cpanfile": ""}, ["perl", "static"]),
    ],
)
def test_several_stacks_are_refused_with_a_line_for_each(
    files: dict[str, str], named: list[str], project: Path
) -> None:
    write(project, files)
    printed = init(project, status=2)
    lines = printed.partition("  next: ")[2].splitlines()
    assert [line.rpartition(" --stack ")[2] for line in lines] == named
    assert not (project / "deploy").exists()
    init(project, "--stack", named[1])


def test_no_stack_is_refused_with_the_line_for_a_plain_one(project: Path) -> None:
    write(project, {"README": ""})
    printed = init(project, status=2)
    assert "init --yes --stack plain  # or php, perl, java, plone, static\n" in printed
    init(project, "--stack", "plain")
    assert "build-checkout" not in stages(project)


@pytest.mark.parametrize("path", ["manage.py", "src/manage.py"])
def test_django_project_is_pointed_to_vendor_fetch(path: str, project: Path) -> None:
    write(project, {path: "import django\n", "package.json": "{}"})
    printed = init(project, status=2)
    assert " -m vendor_fetch init\n" in printed
    assert not (project / "deploy").exists()
    init(project, "--stack", "plain")


def test_vendored_django_project_is_not_pointed_to_vendor_fetch(project: Path) -> None:
    write(project, {"manage.py": "import django\n", "requirements/apps.txt": ""})
    printed = init(project, status=2)
    assert "vendor_fetch" not in printed
    assert "--stack plain" in printed


def test_project_in_a_directory_of_the_checkout_is_sent_from_there(project: Path) -> None:
    shop = project / "shops/the shop"
    write(shop, {"package.json": '{"scripts": {"build": "x"}}', "Makefile": "test:\n"})
    init(shop)
    settings = production(shop).environment
    assert settings["SITE_DIRECTORY"] == "shops/the shop/dist"
    assert settings["SITE_COMMAND"].startswith("cd 'shops/the shop' && npm install")
    assert "unit-tests" not in stages(shop)
    perl = project / "perl"
    write(perl, {"cpanfile": ""})
    init(perl)
    assert production(perl).environment["RELEASE_SOURCE"] == "perl"


def test_directory_that_no_push_can_name_is_refused(project: Path) -> None:
    shop = project / "a\nb"
    write(shop, {"cpanfile": ""})
    assert "a push can't name this directory" in init(shop, status=2)
    assert not (shop / "deploy").exists()


def test_file_in_git_is_not_shared(project: Path) -> None:
    write(project, {"wp-config.php": "", "index.php": ""})
    git(project, "add", "-A")
    init(project)
    assert production(project).environment["SHARED_PATHS"] == "wp-content/uploads/"


def test_directory_that_the_first_push_would_freeze_is_reported(project: Path) -> None:
    write(project, {"cpanfile": "", "data/countries.txt": "x"})
    git(project, "add", "-A")
    assert "git has data/; without SHARED_PATHS" in init(project, "--dry-run")
    assert "git has" not in init(project, "--set", "SHARED_PATHS=log/")


def test_war_in_git_needs_no_build(project: Path) -> None:
    write(project, {"pom.xml": "<project/>", "dist/shop-1.2.war": "x"})
    git(project, "add", "-A")
    init(project)
    settings = production(project).environment
    assert (settings["WAR"], settings["WAR_NAME"]) == ("dist/shop-1.2.war", "shop.war")
    assert "build-checkout" not in stages(project)


@pytest.mark.parametrize(
    "pom",
    [
        "",
        "<project",
        '<!DOCTYPE p [<!ENTITY a "b">]><project><packaging>war</packaging>'
        "<artifactId>&a;</artifactId><version>1</version></project>",
        "<project><packaging>war</packaging><artifactId>../../etc</artifactId>"
        "<version>1</version></project>",
        "<project><packaging>war</packaging><artifactId>${a}</artifactId><version>1</version>"
        "<properties><a>${b}${b}</a><b>${a}${a}</b></properties></project>",
    ],
)
def test_pom_that_names_no_war_leaves_it_empty(pom: str, project: Path) -> None:
    write(project, {"pom.xml": pom})
    init(project)
    assert production(project).environment["WAR"] == ""


@pytest.mark.parametrize(
    "line",
    [
        "test:",
        "test: all",
        "check test:",
        "test::",
        "test :",
        "test = 1",
        "test:=1",
        "tests:",
        "#test:",
        "\ttest:",
        ".PHONY: test",
        "test a\nb: c",
    ],
)
def test_make_target_is_one_that_unit_tests_finds(line: str, tmp_path: Path) -> None:
    recipe = COOKBOOK.get("unit-tests")
    assert recipe
    [pattern] = re.findall(r"^target='(.*)'$", recipe.code, re.MULTILINE)
    (tmp_path / "Makefile").write_text(f"all:\n{line}\n")
    found = subprocess.run(["grep", "-Eqs", pattern, tmp_path / "Makefile"], check=False)
    assert has_make_target(tmp_path, "test") == (found.returncode == 0)
