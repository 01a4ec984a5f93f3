"""The shapes of real projects, which have files of several stacks: what init finds in each."""

import json
import time
from pathlib import Path

import pytest

from bootstrapper.deploy.stacks import find
from bootstrapper.deploy.stacks.stack import Stack
from tests.deploy.init.conftest import init, write
from tests.support.repository import git


def package(build: str = "x build", **needed: str) -> str:
    return json.dumps({"scripts": {"build": build}, "dependencies": needed})


def pom(text: str) -> str:
    return f'<project xmlns="http://maven.apache.org/POM/4.0.0">{text}</project>'


def found(project: Path, files: dict[str, str]) -> tuple[Stack, dict[str, str]]:
    """Return the stack of a project with these files, and its answers."""
    write(project, files)
    git(project, "add", "-A")
    [name] = find.candidates(project)
    stack = find.describe(name, project, "")
    return stack, {each.name: each.default for each in stack.questions}


SITES = {
    "hugo with a theme that calls PostCSS": (
        {"hugo.yaml": "baseURL: /\n", "package.json": "{}", "package-lock.json": "{}"},
        ("npm ci && hugo --minify", "public"),
    ),
    "hugo with a directory of configurations": (
        {"config/_default/config.toml": "", "go.mod": ""},
        ("hugo --minify", "public"),
    ),
    "sphinx in docs": (
        {"docs/source/conf.py": "html_theme = 'x'"},
        ("sphinx-build -b html docs/source docs/build/html", "docs/build/html"),
    ),
    "next that exports": (
        {
            "package.json": package(next="15"),
            "next.config.mjs": "export default {output: 'export'}",
        },
        ("npm install && npm run build", "out"),
    ),
    "vitepress": (
        {"package.json": package(vitepress="1"), ".vitepress/config.ts": ""},
        ("npm install && npm run build", ".vitepress/dist"),
    ),
    "angular": (
        {
            "package.json": package(),
            "angular.json": json.dumps(
                {"projects": {"shop": {"architect": {"build": {"builder": "@x:application"}}}}}
            ),
        },
        ("npm install && npm run build", "dist/shop/browser"),
    ),
    "vite with a server for development": (
        {"package.json": json.dumps({"scripts": {"build": "x"}, "devDependencies": {"koa": "1"}})},
        ("npm install && npm run build", "dist"),
    ),
}


@pytest.mark.parametrize("kind", SITES)
def test_site_has_its_command_and_directory(kind: str, project: Path) -> None:
    files, expected = SITES[kind]
    _, answers = found(project, files)
    assert (answers["SITE_COMMAND"], answers["SITE_DIRECTORY"]) == expected


@pytest.mark.parametrize("config", ["const c = {}\nexport default c", "module.exports = {}"])
def test_next_without_an_export_is_a_server(config: str, project: Path) -> None:
    stack, _ = found(project, {"package.json": package(next="15"), "next.config.mjs": config})
    assert (stack.name, stack.title) == ("plain", "Node")


@pytest.mark.parametrize("address", ["https://example.org/", "http://localhost:1313/", "/"])
def test_address_of_a_placeholder_is_not_requested(address: str, project: Path) -> None:
    _, answers = found(project, {"hugo.toml": f'baseURL = "{address}"\n'})
    assert answers["SMOKE_URL"] == ""


SEVERAL = {
    "php and its documentation": ({"composer.json": "", "mkdocs.yml": ""}, ["php", "static"]),
    "go and its documentation": ({"go.mod": "", "mkdocs.yml": ""}, ["static", "plain"]),
    "express and its documentation": (
        {"package.json": package(express="5"), "mkdocs.yml": ""},
        ["static", "plain"],
    ),
    "rails with webpack": (
        {"Gemfile": "", "config.ru": "", "package.json": package()},
        ["static", "plain"],
    ),
    "packages in directories": (
        {"package.json": package(), "turbo.json": "", "index.html": ""},
        ["static", "plain"],
    ),
    "mkdocs with its requirements": ({"mkdocs.yml": "", "requirements.txt": ""}, ["static"]),
    "hugo with modules": ({"hugo.toml": "", "go.mod": ""}, ["static"]),
    "dancer without a cpanfile": ({"bin/app.psgi": "", "public/index.html": ""}, ["perl"]),
    "mojolicious": ({"Makefile.PL": "", "script/app": "", "package.json": package()}, ["perl"]),
    "cakephp": ({"webroot/index.php": "", "package.json": package()}, ["php"]),
}


@pytest.mark.parametrize("kind", SEVERAL)
def test_files_of_several_stacks_are_all_named(kind: str, project: Path) -> None:
    files, names = SEVERAL[kind]
    write(project, files)
    assert list(find.candidates(project)) == names


ARCHIVES = {
    "module in a module, with a version by properties": (
        {
            "pom.xml": pom(
                "<version>${revision}-${more}</version><modules><module>a</module></modules>"
                "<properties><revision>2.5</revision><more>rc</more></properties>"
            ),
            "a/pom.xml": pom("<packaging>pom</packaging><modules><module>war</module></modules>"),
            "a/war/pom.xml": pom("<artifactId>shop</artifactId><packaging>war</packaging>"),
        },
        ("a/war/target/shop-2.5-rc.war", "shop.war"),
    ),
    "final name": (
        {
            "pom.xml": pom(
                "<artifactId>shop-webapp</artifactId><packaging>war</packaging>"
                "<build><finalName>shop</finalName></build>"
            )
        },
        ("target/shop.war", "shop.war"),
    ),
    "gradle": (
        {
            "build.gradle": "apply plugin: 'war'\n",
            "settings.gradle": "rootProject.name = 'shop'\n",
            "gradle.properties": "version=7.3\n",
        },
        ("build/libs/shop-7.3.war", "shop.war"),
    ),
    "gradle with a module in Kotlin": (
        {
            "settings.gradle.kts": 'rootProject.name = "all"\ninclude("core", "web:app")\n',
            "build.gradle.kts": 'allprojects {\n    version = "2.1"\n}\n',
            "web/app/build.gradle.kts": "plugins {\n    war\n}\n",
        },
        ("web/app/build/libs/app-2.1.war", "app.war"),
    ),
    "ant with a property": (
        {
            "build.xml": '<project><property name="out" value="dist"/><target name="war">'
            '<war destfile="${out}/shop.war"/></target></project>'
        },
        ("dist/shop.war", "shop.war"),
    ),
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_war_has_the_path_that_the_build_gives_it(kind: str, project: Path) -> None:
    files, expected = ARCHIVES[kind]
    _, answers = found(project, files)
    assert (answers["WAR"], answers["WAR_NAME"]) == expected


@pytest.mark.parametrize(
    ("files", "program"),
    [
        (
            {"pom.xml": pom("<artifactId>shop</artifactId><version>1</version>"), "mvnw": ""},
            "current/target/shop-1.jar",
        ),
        (
            {"build.gradle.kts": 'plugins {\n  id("org.springframework.boot") version "3"\n}\n'},
            "a file of current/build/libs/",
        ),
    ],
)
def test_program_in_java_is_for_a_service(
    files: dict[str, str], program: str, project: Path
) -> None:
    stack, answers = found(project, files)
    assert "java-war" not in stack.switch
    assert "SYSTEMD_UNITS" in answers
    assert "WAR" not in answers
    assert stack.notes == (f"the service on the server starts {program}",)


@pytest.mark.parametrize(
    ("scripts", "script"),
    [
        ({"build": "vite build"}, "build"),
        ({"build": "mix", "production": "mix --production"}, "production"),
        ({"production": "node server.js", "build": "vite build"}, "build"),
        ({"start": "x"}, ""),
    ],
)
def test_php_project_builds_its_pages_as_for_visitors(
    scripts: dict[str, str], script: str, project: Path
) -> None:
    files = {"artisan": "", "package.json": json.dumps({"scripts": scripts}), "yarn.lock": ""}
    stack, answers = found(project, {**files, "index.php": ""})
    command = f"yarn install --frozen-lockfile && yarn run {script} && rm -rf node_modules"
    assert answers.get("BUILD_COMMAND") == (command if script else None)
    assert stack.build == (("build-checkout",) if script else ())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("package.json", '{"scripts": {"build": "x"}, "dependencies": {"a": "file:vendor/a"}}'),
        ("resources/css/app.css", "@source '../../vendor/laravel/framework/src';"),
    ],
)
def test_pages_that_name_files_in_vendor_need_composer_first(
    name: str, text: str, project: Path
) -> None:
    files = {"composer.json": "", "composer.lock": "", "package.json": package(), name: text}
    _, answers = found(project, files)
    command = answers["BUILD_COMMAND"]
    assert command.startswith("composer install --no-dev --no-interaction --no-scripts && npm ")


def test_projects_in_directories_are_named_with_their_commands(project: Path) -> None:
    write(project, {"the shop/composer.json": "", "README": "", "api/pom.xml": ""})
    printed = init(project, status=2)
    assert "directories in it have: api/pom.xml, the shop/composer.json\n" in printed
    assert f"cd '{project}/the shop' && " in printed


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("build.gradle", "\n" * 290_000),
        ("build.xml", "<war " * 58_000),
        ("settings.gradle", "include" + ",\n" * 140_000),
        (
            "pom.xml",
            pom("<modules>" + "<module>.</module><module>a</module>" * 5000 + "</modules>"),
        ),
    ],
)
def test_hostile_build_file_takes_no_time(name: str, text: str, project: Path) -> None:
    write(project, {"build.gradle": "", name: text, "a/pom.xml": text})
    started = time.monotonic()
    find.describe("java", project, "")
    assert time.monotonic() - started < 3
