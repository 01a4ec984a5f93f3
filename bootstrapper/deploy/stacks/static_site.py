"""A site of plain files: committed as it is, or built by a generator."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from bootstrapper.deploy.stacks.checks import check_inside, check_urls, fits
from bootstrapper.deploy.stacks.node import find_node_project
from bootstrapper.deploy.stacks.project_file import first_of, read_text, value_of
from bootstrapper.deploy.stacks.questions import smoke_url
from bootstrapper.deploy.stacks.stack import Question, Stack

NAME = "static"
_MKDOCS = ("mkdocs.yml", "mkdocs.yaml")
_HUGO = tuple(
    f"{place}.{kind}"
    for place in ("hugo", "config/_default/hugo", "config/_default/config")
    for kind in ("toml", "yaml", "yml", "json")
)
_SPHINX = ("docs/conf.py", "docs/source/conf.py", "doc/conf.py", "doc/source/conf.py")
_PLACEHOLDERS = ("example.com", "example.org", "example.net", "localhost", "127.0.0.1")
_JEKYLL = ("_config.yml", "_config.yaml")
_COMMITTED = ("public", "html", "htdocs", "www", "site", "_site", "dist")


class _Site:
    """How the site is built: the file that shows it, the directory, the command, its address."""

    def __init__(self, file: str, directory: str, command: str = "", url: str = "") -> None:
        self.file = file
        self.directory = directory
        self.command = command
        self.url = url


def evidence(project: Path) -> str:
    """Return the file of a generator of sites, or an empty string."""
    return next((site.file for site in _generated(project)), "")


def weak_evidence(project: Path) -> str:
    """Return a file that shows a site if nothing else shows another stack, or an empty string."""
    return next((site.file for site in _others(project)), "")


def describe(project: Path) -> Stack:
    """Return how a site of plain files is deployed."""
    site = next(_generated(project), None) or next(_others(project), _Site("", ""))
    return Stack(
        name=NAME,
        title=f"a site of plain files, built as {site.file} says"
        if site.command
        else "plain files",
        questions=(
            Question(
                name="SITE_DIRECTORY",
                text="The directory of the checkout with the built site. Only this is sent.",
                default=site.directory,
                check=check_inside,
            ),
            Question(
                name="SITE_COMMAND",
                text="The command that builds it in the checkout, on the deploying machine. Without "
                "it, the built site is in git.",
                default=site.command,
                example="make html",
                optional=True,
            ),
            Question(
                name="SHARED_PATHS",
                text="What all releases share. certbot writes into this directory. If this is empty, "
                "the first push moves the site's directories data and media to shared/, and later "
                "pushes do not change them.",
                default=".well-known/acme-challenge/",
                optional=True,
                example=".well-known/acme-challenge/",
            ),
            smoke_url(_address(site.url)),
        ),
        build=("static-site",),
        restart=("smoke-test",),
    )


def _generated(project: Path) -> Iterator[_Site]:
    """Yield the sites that a generator's own configuration describes."""
    if name := first_of(project, *_MKDOCS):
        text = read_text(project / name)
        directory = _inside(value_of(text, "site_dir"), "site")
        yield _Site(name, directory, "mkdocs build", value_of(text, "site_url"))
    for name in ("conf.py", "source/conf.py"):
        if _is_sphinx(project / name):
            yield _sphinx(name)
    if name := _hugo_file(project):
        text = read_text(project / name)
        directory = _inside(value_of(text, "publishDir"), "public")
        # Such as PostCSS, which a theme calls.
        node = find_node_project(project)
        command = f"{node.install} && hugo --minify" if node else "hugo --minify"
        yield _Site(name, directory, command, value_of(text, "baseURL"))
    if name := first_of(project, *_JEKYLL):
        text = read_text(project / name)
        bundled = "bundle exec " if first_of(project, "Gemfile") else ""
        directory = _inside(value_of(text, "destination"), "_site")
        yield _Site(name, directory, f"{bundled}jekyll build", value_of(text, "url"))


def _others(project: Path) -> Iterator[_Site]:
    node = find_node_project(project)
    if node and node.build and not node.is_server:
        yield _Site("package.json", node.output, f"{node.install} && {node.build}")
    if not node and first_of(project, "index.html"):
        yield _Site("index.html", *_copied(project), url=_cname(project))
    if not node:
        for directory in _COMMITTED:
            if name := first_of(project, f"{directory}/index.html"):
                yield _Site(name, directory)
    for name in _SPHINX:
        if _is_sphinx(project / name):
            yield _sphinx(name)


def _copied(project: Path) -> tuple[str, str]:
    """Return a directory and the command that copies a site at the top of the checkout into it.

    deploy/ and what belongs to git are beside the site, and visitors must not see them.
    """
    directory = "_site" if not (project / "_site").exists() else "_release"
    return directory, (
        f"mkdir -p {directory} && tar --create --exclude=./{directory} --exclude=./deploy "
        f"--exclude='./.git*' . | tar --extract --directory={directory}"
    )


def _sphinx(name: str) -> _Site:
    source, _, _ = name.rpartition("/")
    top, _, last = source.rpartition("/")
    directory = "build/html" if last == "source" else "_build/html"
    output = "/".join(filter(None, [top if last == "source" else source, directory]))
    return _Site(name, output, f"sphinx-build -b html {source or '.'} {output}")


def _is_sphinx(path: Path) -> bool:
    text = read_text(path)
    return "sphinx" in text.lower() or bool(
        value_of(text, "html_theme") or value_of(text, "master_doc")
    )


def _hugo_file(project: Path) -> str:
    if name := first_of(project, *_HUGO):
        return name
    name = first_of(project, "config.toml", "config.yaml", "config.yml")
    is_hugo = (project / "archetypes").is_dir() or (project / "content").is_dir()
    return name if is_hugo and value_of(read_text(project / name), "baseURL") else ""


def _cname(project: Path) -> str:
    """Return the address in the file CNAME, as hosts of static sites have it."""
    words = read_text(project / "CNAME").split()
    return f"https://{words[0]}/" if words else ""


def _address(url: str) -> str:
    """Return an address of a configuration; empty if it is no site's."""
    fitting = fits(check_urls, url) and " " not in url
    host = (urlsplit(url).hostname or "") if fitting else ""
    return "" if not host or host.removeprefix("www.") in _PLACEHOLDERS else url


def _inside(path: str, default: str) -> str:
    """Return a path of a configuration; the default if it is empty or leads elsewhere."""
    path = path.removeprefix("./").rstrip("/")
    return path if path and fits(check_inside, path) else default
