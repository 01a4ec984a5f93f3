"""What a package.json says: how to install, what to build, and whether a server runs it."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from bootstrapper.deploy.stacks.checks import check_inside, fits
from bootstrapper.deploy.stacks.project_file import first_of, read_json, read_text, table_of

# Packages that a server runs; an application needs the first ones at run time, and the others may be
# among those of development, as its build makes the server.
_SERVERS = (
    "express",
    "fastify",
    "koa",
    "hono",
    "@hapi/hapi",
    "@nestjs/core",
    "@adonisjs/core",
    "@strapi/strapi",
)
_BUILT_SERVERS = (
    "@astrojs/node",
    "@react-router/node",
    "@remix-run/node",
    "@sveltejs/adapter-node",
    "next",
    "nuxt",
)
# The directories into which the builders of sites write.
_OUTPUTS = {
    "@11ty/eleventy": "_site",
    "react-scripts": "build",
    "gatsby": "public",
    "@docusaurus/core": "build",
    "@sveltejs/adapter-static": "build",
    "hexo": "public",
    "next": "out",
}
# The scripts that build for visitors, the most exact name first: "build" may be for developers, and
# "production" may start a server.
_BUILDS = ("build:production", "build:prod", "production", "build", "docs:build")
_BUILDERS = re.compile(r"\b(build|mix|webpack|encore|gulp|grunt|vite)\b")
_WORKSPACES = ("pnpm-workspace.yaml", "turbo.json", "lerna.json", "nx.json", "rush.json")
# The files in which pages name files of Composer's packages.
_CALLERS = (
    "package.json",
    "vite.config.*",
    "webpack.config.*",
    "webpack.mix.js",
    "tailwind.config.*",
    "resources/*/app.*",
    "assets/*/app.*",
    "assets/app.*",
)
_EXPORT = re.compile(r"""\boutput\s*:\s*["']export["']""")


@dataclass(frozen=True, kw_only=True)
class NodeProject:
    """`install` and `build` are commands, `build` is empty without such a script.

    `output` is the directory of the built site; `is_server` is whether a program serves the project;
    `has_members` is whether its packages are in directories, where each may be a site or a server.
    """

    install: str
    build: str
    output: str
    is_server: bool
    has_members: bool


def find_node_project(project: Path) -> NodeProject | None:
    """Return what the project's package.json says; None if it has none."""
    if not first_of(project, "package.json"):
        return None
    document = read_json(project / "package.json")
    needed = {*table_of(document, "dependencies")}
    packages = {*needed, *table_of(document, "devDependencies")}
    runner, install = _runner(project)
    scripts = table_of(document, "scripts")
    build = next((name for name in _BUILDS if _builds(name, str(scripts.get(name, "")))), "")
    is_export = "next" in packages and any(
        _EXPORT.search(read_text(path)) for path in project.glob("next.config.*")
    )
    serves = not needed.isdisjoint(_SERVERS) or not packages.isdisjoint(_BUILT_SERVERS)
    return NodeProject(
        install=install,
        build=f"{runner} {build}" if build else "",
        output=_output(project, packages),
        is_server=serves and not is_export,
        has_members=bool(document.get("workspaces") or first_of(project, *_WORKSPACES)),
    )


def _builds(name: str, script: str) -> bool:
    return bool(script) and ("build" in name or bool(_BUILDERS.search(script)))


def assets_command(project: Path) -> str:
    """Return the command that builds the style sheets and scripts of an application that is not Node's.

    It is empty if package.json has no such script. If they name files in vendor/, Composer comes first.
    The packages of Node are for the build alone, and a push would send them.
    """
    node = find_node_project(project)
    if not node or not node.build:
        return ""
    commands = [node.install, node.build, "rm -rf node_modules"]
    callers = (path for pattern in _CALLERS for path in project.glob(pattern))
    if first_of(project, "composer.lock") and any("vendor/" in read_text(each) for each in callers):
        composer = "php composer.phar" if first_of(project, "composer.phar") else "composer"
        commands.insert(0, f"{composer} install --no-dev --no-interaction --no-scripts")
    return " && ".join(commands)


def _output(project: Path, packages: Collection[str]) -> str:
    """Return the directory of the built site."""
    for top in ("docs", "."):
        for name in ("vitepress", "vuepress"):
            if (project / top / f".{name}").is_dir():
                return f"{top}/.{name}/dist".removeprefix("./")
    if angular := _angular_output(project):
        return angular
    return next((_OUTPUTS[name] for name in _OUTPUTS if name in packages), "dist")


def _angular_output(project: Path) -> str:
    """Return the directory of the first application of angular.json; empty if there is none."""
    for name, each in table_of(read_json(project / "angular.json"), "projects").items():
        build = table_of(each, "architect", "build") if isinstance(each, dict) else {}
        options = table_of(build, "options")
        path = options.get("outputPath") or f"dist/{name}"
        if isinstance(path, dict):
            path = path.get("base")
        if not build or not isinstance(path, str) or not fits(check_inside, path):
            continue
        # Since Angular 17, files for a browser have a directory of their own.
        inside = "/browser" if str(build.get("builder")).endswith(":application") else ""
        return f"{path}{inside}"
    return ""


def _runner(project: Path) -> tuple[str, str]:
    """Return how scripts are run, and the command that installs exactly what the lock says."""
    if first_of(project, "pnpm-lock.yaml"):
        return "pnpm run", "pnpm install --frozen-lockfile"
    if first_of(project, "yarn.lock"):
        return "yarn run", "yarn install --frozen-lockfile"
    if first_of(project, "package-lock.json", "npm-shrinkwrap.json"):
        return "npm run", "npm ci"
    return "npm run", "npm install"
