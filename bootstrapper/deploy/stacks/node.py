"""What a package.json says: how to install, what to build, and whether a server runs it."""

from dataclasses import dataclass
from pathlib import Path

from bootstrapper.deploy.stacks.project_file import first_of, read_json, read_text, table_of

# Packages that a server runs, and the directories into which the builders of sites write.
_SERVERS = (
    "express",
    "fastify",
    "koa",
    "@hapi/hapi",
    "@nestjs/core",
    "@sveltejs/adapter-node",
    "@remix-run/node",
    "nuxt",
    "next",
)
_OUTPUTS = {
    "@11ty/eleventy": "_site",
    "react-scripts": "build",
    "gatsby": "public",
    "@docusaurus/core": "build",
    "@sveltejs/adapter-static": "build",
    "hexo": "public",
    "next": "out",
}


@dataclass(frozen=True, kw_only=True)
class NodeProject:
    """`install` and `build` are commands, `build` is empty without such a script.

    `output` is the directory of the built site; `is_server` is whether a program serves the project.
    """

    install: str
    build: str
    output: str
    is_server: bool


def find_node_project(project: Path) -> NodeProject | None:
    """Return what the project's package.json says; None if it has none."""
    if not first_of(project, "package.json"):
        return None
    document = read_json(project / "package.json")
    packages = {*table_of(document, "dependencies"), *table_of(document, "devDependencies")}
    runner, install = _runner(project)
    has_build = "build" in table_of(document, "scripts")
    is_export = "next" in packages and any(
        "export" in read_text(path) for path in project.glob("next.config.*")
    )
    return NodeProject(
        install=install,
        build=f"{runner} build" if has_build else "",
        output=next((_OUTPUTS[name] for name in _OUTPUTS if name in packages), "dist"),
        is_server=not is_export and any(name in packages for name in _SERVERS),
    )


def _runner(project: Path) -> tuple[str, str]:
    """Return how scripts are run, and the command that installs exactly what the lock says."""
    if first_of(project, "pnpm-lock.yaml"):
        return "pnpm run", "pnpm install --frozen-lockfile"
    if first_of(project, "yarn.lock"):
        return "yarn run", "yarn install --frozen-lockfile"
    if first_of(project, "package-lock.json", "npm-shrinkwrap.json"):
        return "npm run", "npm ci"
    return "npm run", "npm install"
