"""Find what a Django project calls its parts, by reading its files. No code of it runs."""

import ast
from dataclasses import dataclass, field, replace
from pathlib import Path

from vendor_fetch.adopt.manage_file import (
    files_named,
    find_manage,
    guessed_settings,
    has_settings,
    module_paths,
    named_configuration,
    named_settings,
)
from vendor_fetch.adopt.path_expression import text_of
from vendor_fetch.adopt.repository import is_ignored
from vendor_fetch.adopt.settings_module import SettingsModule
from vendor_fetch.adopt.settings_reader import read_settings
from vendor_fetch.adopt.source_code import module_file, parsed
from vendor_fetch.adopt.variables import PRODUCTION

_CALLABLE = "application"
# A settings module of a whole site has it.
_OF_SITE = "ROOT_URLCONF"


@dataclass(frozen=True, kw_only=True)
class DjangoProject:
    """The parts of a Django project in the directory `root`.

    `manage` is the path of manage.py from there. `paths` are the directories that Python finds the
    project's modules in. `settings` is the module that manage.py names, and `production` the one of
    the server; `assigned` is what the latter assigns. `wsgi` is a module with the object `callable`.
    Modules are empty if they are not found.
    """

    root: Path
    manage: Path
    paths: tuple[Path, ...]
    settings: str = ""
    production: str = ""
    wsgi: str = ""
    callable: str = _CALLABLE
    assigned: SettingsModule = field(default_factory=SettingsModule)

    @property
    def base(self) -> Path:
        """The directory of manage.py."""
        return self.root / self.manage.parent

    def module_file(self, module: str) -> Path:
        """Return the file of a module of the project; it need not exist."""
        return module_file(self.paths, module)

    def text(self, name: str) -> str | None:
        """Return the text or the path that a setting has; None if only a run would know."""
        assigned, names = self.assigned.values.get(name), self.assigned.values
        if assigned and isinstance(assigned.value, ast.Constant) and assigned.value.value is None:
            return ""
        text = text_of(assigned, names)
        if text is None and assigned and isinstance(assigned.value, ast.Call):
            # environ.Env(STATIC_ROOT=(str, "/srv/static")) has the default elsewhere.
            for each in self.assigned.variables_of(name):
                if each.default:
                    return text_of(replace(assigned, value=each.default), names)
        return text


def find_project(root: Path, production: str = "") -> DjangoProject:
    """Return the Django project in a directory. Raise InputError if it has none, or several.

    `production` is the settings module of the server; otherwise it is looked for.
    """
    manage = find_manage(root)
    base, paths = manage.parent, module_paths(manage, root)
    wsgi_files = sorted(
        [*files_named(base, "wsgi.py"), *files_named(base, "wsgi/__init__.py")],
        key=lambda path: (len(path.parts), str(path)),
    )
    configuration = next(filter(None, map(named_configuration, [*wsgi_files[:1], manage])), "")

    def read(module: str) -> SettingsModule:
        return read_settings(
            root,
            paths,
            module,
            configuration=configuration,
            is_left_out=lambda path: is_ignored(root, path),
        )

    named = _existing(named_settings(wsgi_files[0]) if wsgi_files else [], paths)
    settings = _existing(named_settings(manage), paths) or named or guessed_settings(base)
    assigned = read(production or settings)
    for each in [] if production else [*_production(paths, settings), named]:
        if not each or module_file(paths, each) in assigned.trees:
            continue
        candidate = read(each)
        # A file that another one includes has a part of the settings only.
        if candidate.file and (_OF_SITE in candidate.values or _OF_SITE not in assigned.values):
            production, assigned = each, candidate
            break
    production = production or settings
    application = text_of(assigned.values.get("WSGI_APPLICATION"), assigned.values) or ""
    wsgi, _, name = application.rpartition(".")
    if not wsgi or not module_file(paths, wsgi).is_file():
        wsgi = _module(wsgi_files[0], paths, settings) if wsgi_files else ""
        name = _callable(wsgi_files[0]) if wsgi_files else _CALLABLE
    return DjangoProject(
        root=root,
        manage=manage.relative_to(root),
        paths=paths,
        settings=settings,
        production=production,
        wsgi=wsgi,
        callable=name,
        assigned=assigned,
    )


def _module(file: Path, paths: tuple[Path, ...], settings: str) -> str:
    """Return the name of a module, in the package of the settings if there are several names."""
    module = file.parent if file.name == "__init__.py" else file.with_suffix("")
    names = [
        ".".join(module.relative_to(path).parts) for path in paths if file.is_relative_to(path)
    ]
    package = settings.partition(".")[0]
    return next((name for name in names if name.partition(".")[0] == package), names[0])


def _existing(names: list[str], paths: tuple[Path, ...]) -> str:
    """Return the first module that is there, or else the first one."""
    there = (name for name in names if module_file(paths, name).is_file())
    return next(there, names[0] if names else "")


def _production(paths: tuple[Path, ...], settings: str) -> list[str]:
    """Return the settings modules of a server that are beside or below another one."""
    package, _, last = settings.rpartition(".")
    if module_file(paths, settings).name == "__init__.py":
        package, last = settings, ""
    names = [*PRODUCTION, *(f"{last}_{each}" for each in PRODUCTION if last)]
    names += [f"{each}_{last}" for each in PRODUCTION if last]
    modules = [f"{package}.{name}".removeprefix(".") for name in names]
    return [each for each in modules if has_settings(module_file(paths, each))]


def _callable(file: Path) -> str:
    """Return the name of the WSGI application in a module."""
    tree = parsed(file)
    if not tree:
        return _CALLABLE
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in tree.body:
        if _CALLABLE not in named and isinstance(node, ast.Assign):
            target = node.targets[0]
            if isinstance(target, ast.Name) and "get_wsgi_application" in ast.unparse(node.value):
                return target.id
    return _CALLABLE
