"""Java: a WAR for Tomcat, built by Maven, Gradle or Ant, or committed; or a program for a service."""

import re
from dataclasses import dataclass
from pathlib import Path

from bootstrapper.deploy.definition.schema import InvalidValue
from bootstrapper.deploy.stacks.checks import check_absolute, check_inside, fits
from bootstrapper.deploy.stacks.gradle import FILES as GRADLE
from bootstrapper.deploy.stacks.gradle import gradle_war, is_gradle_program
from bootstrapper.deploy.stacks.maven import FILE as MAVEN
from bootstrapper.deploy.stacks.maven import maven_archives
from bootstrapper.deploy.stacks.origin import tracked_like
from bootstrapper.deploy.stacks.project_file import first_of, read_text
from bootstrapper.deploy.stacks.questions import build_command, smoke_url, systemd_units
from bootstrapper.deploy.stacks.shared_paths import shared_paths_question
from bootstrapper.deploy.stacks.stack import Question, Stack

NAME = "java"
_WEBAPPS = "/var/lib/tomcat10/webapps"  # of Debian's package


@dataclass(frozen=True, kw_only=True)
class _War:
    """`path` is where the build puts it, `name` is its name in Tomcat; empty if they are not known."""

    path: str = ""
    name: str = ""


def evidence(project: Path) -> str:
    """Return the file that shows that the project is one of Java, or an empty string."""
    return first_of(project, MAVEN, *GRADLE, "build.xml")


def describe(project: Path) -> Stack:
    """Return how a WAR is deployed, or a program that a service runs."""
    committed = tracked_like(project, "*.war")
    if not committed and (jar := _program(project)) is not None:
        return _service(project, jar)
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


def _service(project: Path, jar: str) -> Stack:
    """Return how a program is deployed: the service starts what the build has left in the release."""
    built = jar or ("target/" if first_of(project, MAVEN) else "build/libs/")
    where = "" if jar else "a file of "
    return Stack(
        name=NAME,
        title="Java, a program that a service runs",
        questions=(
            build_command(_command(project), "the program"),
            shared_paths_question(project),
            systemd_units("mysite.service", "the program, which otherwise keeps its old code."),
            smoke_url(),
        ),
        build=("build-checkout",),
        restart=("restart-systemd", "smoke-test"),
        notes=(f"the service on the server starts {where}current/{built}",),
    )


def _program(project: Path) -> str | None:
    """Return the JAR of a project that builds no WAR, empty if its name is not known.

    The result is None if there is a WAR, or if the files do not say.
    """
    if first_of(project, MAVEN):
        archives = maven_archives(project)
        if any(each.packaging == "war" for each in archives):
            return None
        jars = [each.path for each in archives if each.packaging == "jar" and each.path]
        return (jars[0] if len(jars) == 1 else "") if jars else None
    return "" if first_of(project, *GRADLE) and is_gradle_program(project) else None


def _find_war(project: Path) -> _War:
    if first_of(project, MAVEN):
        wars = [each for each in maven_archives(project) if each.packaging == "war" and each.path]
        if wars:
            return _War(path=wars[0].path, name=wars[0].name)
        return _War(path=_built(project, "target"))
    if first_of(project, *GRADLE):
        named, directory = gradle_war(project), "build/libs"
    else:
        named, directory = _ant_war(project), "dist"
    is_built = bool(named) and (project / named).is_file()
    built = "" if is_built else _built(project, directory) or _built(project, "target")
    return _War(path=built or named)


def _ant_war(project: Path) -> str:
    """Return the file that a task <war> of build.xml writes; empty if it has a property not set there."""
    text = read_text(project / "build.xml")
    values = dict(re.findall(r'<property\s+name="([^"<]+)"\s+(?:value|location)="([^"<]*)"', text))
    values = {"basedir": ".", **values}
    found = re.search(r'<war\s[^<>]*?\b(?:destfile|warfile)\s*=\s*"([^"<]+)"', text)
    path = found[1] if found else ""
    for _ in range(5):  # a property may name another one
        path = re.sub(r"\$\{([^{}$]*)\}", lambda match: values.get(match[1], match[0]), path)[:1000]
    path = path.removeprefix("./")
    return path if "$" not in path and path.endswith(".war") else ""


def _built(project: Path, directory: str) -> str:
    """Return the newest WAR that a build has left in a directory."""
    wars = [path for path in (project / directory).glob("*.war") if path.is_file()]
    if not wars:
        return ""
    return str(max(wars, key=lambda path: path.stat().st_mtime).relative_to(project))


def _command(project: Path) -> str:
    """Return the command that builds the WAR, with the project's own wrapper if it has one."""
    if first_of(project, MAVEN):
        return f"{'./mvnw' if first_of(project, 'mvnw') else 'mvn'} --batch-mode package"
    if first_of(project, *GRADLE):
        return f"{'./gradlew' if first_of(project, 'gradlew') else 'gradle'} --no-daemon build"
    targets = re.findall(
        r"<target\s[^<>]*?name\s*=\s*[\"']([\w.-]+)", read_text(project / "build.xml")
    )
    return " ".join(["ant", *[name for name in ("war", "dist", "package") if name in targets][:1]])


def _check_war_name(value: str) -> None:
    if not re.fullmatch(r"[^/.\-\x00-\x1f\x7f][^/\x00-\x1f\x7f]*\.war", value):
        raise InvalidValue(f'"{value}" is not the name of a file that ends in .war')
