"""What a build of Gradle says of its archive: the module with the WAR, its name and its version."""

import re
from collections.abc import Iterator
from pathlib import Path

from bootstrapper.deploy.stacks.checks import check_inside, fits
from bootstrapper.deploy.stacks.project_file import first_of, read_text, value_of

FILES = ("build.gradle", "build.gradle.kts")
_SETTINGS = ("settings.gradle", "settings.gradle.kts")
_TEXT = r"""["']([^"'$\\]+)["']"""
# id 'war', apply plugin: "war", and the word alone in Kotlin.
_WAR = re.compile(
    r"""\bid\s*\(?\s*["']war["']|\bplugin\s*[:=]\s*["']war["']|^[ \t]*`?war`?[ \t]*$""",
    re.MULTILINE,
)
_PROGRAM = re.compile(
    r"""org\.springframework\.boot|io\.quarkus\b|io\.micronaut|io\.ktor\.plugin"""
    r"""|\bid\s*\(?\s*["']application["']|^[ \t]*application[ \t]*$""",
    re.MULTILINE,
)


def gradle_war(project: Path) -> str:
    """Return the path that the build gives its WAR; empty if its files do not say."""
    settings = _text(project, _SETTINGS)
    root = _text(project, FILES)
    for module in _modules(settings):
        text = _text(project / module, FILES)
        if _WAR.search(text):
            if own := re.search(rf"\barchiveFileName\s*(?:=|\.set\()\s*{_TEXT}", text):
                return _libs(module, own[1])
            name = _first(rf"\b(?:archiveBaseName|archivesName)\s*(?:=|\.set\()\s*{_TEXT}", text)
            name = name or _first(rf"\barchivesBaseName\s*=\s*{_TEXT}", text)
            name = name or (
                module.rpartition("/")[2]
                if module
                else _first(rf"\brootProject\.name\s*=\s*{_TEXT}", settings)
            )
            version = _first(rf"^[ \t]*version[ \t]*=?[ \t]*{_TEXT}", text) or _first(
                rf"^[ \t]*version[ \t]*=?[ \t]*{_TEXT}", root
            )
            version = version or value_of(read_text(project / "gradle.properties"), "version")
            return _libs(module, f"{'-'.join(filter(None, [name, version]))}.war") if name else ""
    return ""


def is_gradle_program(project: Path) -> bool:
    """Return whether the build makes a program that runs by itself, and no WAR."""
    texts = [_text(project / module, FILES) for module in _modules(_text(project, _SETTINGS))]
    return any(map(_PROGRAM.search, texts)) and not any(map(_WAR.search, texts))


def _modules(settings: str) -> Iterator[str]:
    """Yield the directories of the build: the top first, then what settings.gradle includes."""
    yield ""
    for line in re.findall(r"^[ \t]*include\b(.*(?:,\s*\n.*)*)", settings, re.MULTILINE):
        for name in re.findall(_TEXT, line):
            path = name.strip(":").replace(":", "/")
            if path and fits(check_inside, path):
                yield path


def _libs(module: str, name: str) -> str:
    return "/".join(filter(None, [module, "build/libs", name]))


def _text(directory: Path, names: tuple[str, ...]) -> str:
    """Return the text of the first of the files, without comments of a line."""
    name = first_of(directory, *names)
    return (
        re.sub(r"^[ \t]*//.*", "", read_text(directory / name), flags=re.MULTILINE) if name else ""
    )


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    return found[1] if found else ""
