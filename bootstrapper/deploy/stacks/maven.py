"""What pom.xml says of the archive that Maven builds: the module with the WAR, its path and its name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from bootstrapper.deploy.stacks.checks import check_inside, fits
from bootstrapper.deploy.stacks.project_file import read_text

FILE = "pom.xml"
_MOST = 300  # modules


@dataclass(frozen=True, kw_only=True)
class Archive:
    """`path` is where the build puts it, `name` is that without the version; empty if not known."""

    path: str = ""
    name: str = ""
    packaging: str = ""


@dataclass(frozen=True, kw_only=True)
class _Module:
    directory: str
    pom: ElementTree.Element
    values: dict[str, str] = field(default_factory=dict)


def maven_archives(project: Path) -> list[Archive]:
    """Return the archives of the modules, WARs and JARs, as pom.xml and its modules name them."""
    return list(map(_archive, _modules(project)))


def _modules(project: Path) -> Iterator[_Module]:
    """Yield the top and the modules below it, in their order; a parent's values hold in each of them."""
    waiting: list[tuple[str, dict[str, str]]] = [("", {})]
    seen: set[str] = set()
    while waiting and len(seen) < _MOST:
        directory, inherited = waiting.pop()
        if directory in seen:
            continue
        seen.add(directory)
        pom = _pom(project / directory / FILE)
        values = inherited | _values(pom)
        yield _Module(directory=directory, pom=pom, values=values)
        names = [(each.text or "").strip() for each in pom.iter("module")][:_MOST]
        paths = [f"{directory}/{name}".lstrip("/") for name in names if name != "."]
        waiting += [(path, values) for path in reversed(paths) if path and fits(check_inside, path)]


def _archive(module: _Module) -> Archive:
    pom, values = module.pom, module.values
    packaging = pom.findtext("packaging", "jar").strip()
    artifact = pom.findtext("artifactId", "").strip()
    final = _filled(pom.findtext("build/finalName", "").strip(), values)
    name = re.sub(r"-\d.*", "", final) or artifact
    if not final and artifact and values.get("version"):
        final = f"{artifact}-{_filled(values['version'], values)}"
    if packaging not in ("war", "jar") or not final or "$" in final:
        return Archive(packaging=packaging)
    path = "/".join(filter(None, [module.directory, "target", f"{final}.{packaging}"]))
    return Archive(path=path, name=f"{name}.{packaging}" if name else "", packaging=packaging)


def _pom(path: Path) -> ElementTree.Element:
    """Return a pom.xml without its namespace; an empty element if it can't be read."""
    text = re.sub(r'\sxmlns="[^"]*"', "", read_text(path), count=1)
    text = re.sub(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>", "", text, flags=re.DOTALL)
    # Entities, which can grow without an end, need a declaration. No pom.xml has one.
    if not text or "<!" in text:
        return ElementTree.Element("project")
    try:
        return ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError):
        return ElementTree.Element("project")


def _values(pom: ElementTree.Element) -> dict[str, str]:
    """Return the properties of a pom.xml and what it says of itself."""
    values = {each.tag: (each.text or "").strip()[:200] for each in pom.iterfind("properties/*")}
    for name in ("version", "artifactId"):
        parent = pom.findtext(f"parent/{name}", "") if name == "version" else ""
        if value := pom.findtext(name, "").strip() or parent.strip():
            values[name] = values[f"project.{name}"] = values[f"pom.{name}"] = value
    return values


def _filled(text: str, values: dict[str, str]) -> str:
    """Return the text with the values of properties: `${project.artifactId}`."""
    for _ in range(5):  # a property may name another one
        text = re.sub(r"\$\{([^{}$]*)\}", lambda match: values.get(match[1], match[0]), text)[:1000]
    return text[:200]
