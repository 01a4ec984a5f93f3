"""Choose among settings that are in classes, as django-configurations has them."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# The base classes of django-configurations, and words in the names of others' own ones.
_ROOTS = ("Configuration", "Settings")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A class in a settings module. It `is_loaded` if the module itself takes its settings."""

    node: ast.ClassDef
    file: Path
    module: str
    is_loaded: bool = False

    @property
    def bases(self) -> list[str]:
        """The names of the classes that it inherits from."""
        return [ast.unparse(base).rpartition(".")[2] for base in self.node.bases]


def chosen(classes: Mapping[str, Settings], named: str, production: Sequence[str]) -> str:
    """Return the name of the class of the server's settings; empty if the settings are in none."""
    loaded = [name for name, each in classes.items() if each.is_loaded]
    if loaded:
        return loaded[-1]
    usable = [name for name in classes if _is_settings(name, classes)]
    best = [name for name in usable if name.lower() in production]
    return next(iter((*best, *([named] if named in usable else []))), "")


def with_bases(name: str, classes: Mapping[str, Settings]) -> Iterator[Settings]:
    """Yield the classes that a class inherits from, and itself: the later one wins."""
    seen: set[str] = set()

    def ways(each: str) -> Iterator[Settings]:
        if each in classes and each not in seen:
            seen.add(each)
            for base in reversed(classes[each].bases):
                yield from ways(base)
            yield classes[each]

    return ways(name)


def imports(names: Sequence[str], file: Path) -> bool:
    """Return whether an import takes classes of settings from a file."""
    if not any(name[:1].isupper() for name in names) or not file.is_file():
        return False
    content = file.read_bytes()
    return any(root.encode() in content for root in _ROOTS)


def _is_settings(name: str, classes: Mapping[str, Settings]) -> bool:
    return any(base.endswith(_ROOTS) for each in with_bases(name, classes) for base in each.bases)
