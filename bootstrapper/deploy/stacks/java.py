"""Java: a WAR for Tomcat, built by Maven, Gradle or Ant, or committed."""

import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from bootstrapper.deploy.definition.schema import InvalidValue
from bootstrapper.deploy.stacks.checks import check_absolute, check_inside, fits
from bootstrapper.deploy.stacks.origin import tracked_like
from bootstrapper.deploy.stacks.project_file import first_of, read_text
from bootstrapper.deploy.stacks.questions import build_command, smoke_url
from bootstrapper.deploy.stacks.stack import Question, Stack

NAME = "java"
_GRADLE = ("build.gradle", "build.gradle.kts")
_WEBAPPS = "/var/lib/tomcat10/webapps"  # of Debian's package


@dataclass(frozen=True, kw_only=True)
class _War:
    """`path` is where the build puts it, `name` is its name in Tomcat; empty if they are not known."""

    path: str = ""
    name: str = ""


def evidence(project: Path) -> str:
    """Return the file that shows that the project is one of Java, or an empty string."""
    return first_of(project, "pom.xml", *_GRADLE, "build.xml")


def describe(project: Path) -> Stack:
    """Return how a WAR is deployed."""
    committed = tracked_like(project, "*.war")
    war = _War(path=committed[0]) if committed else _find_war(project)
    war = war if fits(check_inside, war.path) else _War()
    return Stack(
        name=NAME,
        title="Java, a WAR for Tomcat",
        questions=(
            build_command("" if committed else _command(project), "the WAR"),
            Question(
                name="WAR",
                text="The WAR, as a path in the checkout. Its name changes with the version, unless the "
                "build has a name of its own for it (finalName in pom.xml).",
                default=war.path,
                check=check_inside,
            ),
            Question(
                name="WAR_NAME",
                text="Its name in Tomcat, which is the path of the application: shop.war is /shop, "
                "ROOT.war is /.",
                default=war.name or re.sub(r"-\d[^/]*(?=\.war$)", "", war.path.rpartition("/")[2]),
                check=_check_war_name,
            ),
            Question(
                name="WEBAPPS",
                text="Tomcat's directory for applications on the server. The user of REMOTE_HOST must "
                "be able to write there.",
                default=_WEBAPPS,
                check=check_absolute,
            ),
            smoke_url(),
        ),
        build=("build-checkout",),
        switch=("java-war",),
        restart=("smoke-test",),
    )


def _find_war(project: Path) -> _War:
    if first_of(project, "pom.xml"):
        return _maven(project)
    directory = "build/libs" if first_of(project, *_GRADLE) else "dist"
    built = _built(project, directory) or _built(project, "target")
    return _War(path=built)


def _built(project: Path, directory: str) -> str:
    """Return the newest WAR that a build has left in a directory."""
    wars = [path for path in (project / directory).glob("*.war") if path.is_file()]
    if not wars:
        return ""
    return str(max(wars, key=lambda path: path.stat().st_mtime).relative_to(project))


def _maven(project: Path) -> _War:
    """Return the WAR that pom.xml names, or that of the module which has one."""
    pom = _pom(project / "pom.xml")
    modules = [""] + [(each.text or "").strip() for each in pom.iter("module")]
    for module in modules:
        if module and not fits(check_inside, module):
            continue
        own = _pom(project / module / "pom.xml") if module else pom
        if own.findtext("packaging", "jar").strip() != "war":
            continue
        values = _values(pom) | _values(own)
        artifact = values.get("artifactId", "")
        name = _filled(own.findtext("build/finalName", "").strip(), values)
        if not name and artifact and values.get("version"):
            name = f"{artifact}-{_filled(values['version'], values)}"
        if name and "$" not in name:
            path = "/".join(filter(None, [module, "target", f"{name}.war"]))
            return _War(path=path, name=f"{artifact}.war" if artifact else "")
    return _War(path=_built(project, "target"))


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


def _command(project: Path) -> str:
    """Return the command that builds the WAR, with the project's own wrapper if it has one."""
    if first_of(project, "pom.xml"):
        return f"{'./mvnw' if first_of(project, 'mvnw') else 'mvn'} --batch-mode package"
    if first_of(project, *_GRADLE):
        return f"{'./gradlew' if first_of(project, 'gradlew') else 'gradle'} --no-daemon build"
    targets = re.findall(
        r"<target\s[^>]*?name\s*=\s*[\"']([\w.-]+)", read_text(project / "build.xml")
    )
    return " ".join(["ant", *[name for name in ("war", "dist", "package") if name in targets][:1]])


def _check_war_name(value: str) -> None:
    if not re.fullmatch(r"[^/.\-\x00-\x1f\x7f][^/\x00-\x1f\x7f]*\.war", value):
        raise InvalidValue(f'"{value}" is not the name of a file that ends in .war')
