"""Read deploy/deployments.toml. Reading collects every problem; none of them ends it early."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bootstrapper.deploy.definition import schema, setting, toml_lines
from bootstrapper.deploy.definition.deployment import FILE, NAME, Definition, Deployment, StageEntry
from bootstrapper.deploy.definition.document import read_document
from bootstrapper.deploy.definition.flag import Flag
from bootstrapper.deploy.definition.problems import Problem
from bootstrapper.deploy.definition.schema import InvalidValue, Key
from bootstrapper.spelling import did_you_mean


def read(project: Path) -> Definition:
    """Return what the project's deployments.toml says, and the problems in it.

    Raise DefinitionError if there is no such file, or it is not TOML.
    """
    return _Reader(project / FILE).definition()


class _Reader:
    """Reads the file at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[Problem] = []
        document = read_document(path)
        self.document, self.source, self.lines = document.table, document.source, document.lines

    def definition(self) -> Definition:
        """Return what the file says, with its problems."""
        top = self._table(schema.DOCUMENT, self.document, (), "deployments.toml")
        shared, invalid = self._settings(top["settings"], ("settings",))
        deployments = {
            name: deployment
            for name, table in (top["deployments"] or {}).items()
            if (deployment := self._deployment(name, table, shared, invalid))
        }
        if top["deployments"] == {}:
            self._problem(("deployments",), "there is no [deployments.NAME]")
        default = top["default"] or ""
        if default and top["deployments"] and default not in top["deployments"]:
            names = filter(NAME.fullmatch, top["deployments"])
            self._problem(
                ("default",),
                f'no deployment is called "{default}"{did_you_mean(default, names)}',
            )
        if not default and len(deployments) == 1:
            [default] = deployments
        return Definition(
            path=self.path,
            default=default,
            deployments=deployments,
            problems=tuple(self.problems),
        )

    def _deployment(
        self,
        name: str,
        table: object,
        shared: "Mapping[str, setting.Value | None]",
        invalid_shared: frozenset[str],
    ) -> Deployment | None:
        path = ("deployments", name)
        if not NAME.fullmatch(name):
            self._problem(
                path,
                f'"{name}" can\'t be the name of a deployment: letters, digits, - '
                "and _, with dots between them",
            )
        if not isinstance(table, dict):
            self._problem(path, f'"{name}" takes a table: [deployments.{name}]')
            return None
        values = self._table(schema.DEPLOYMENT, table, path, "a deployment")
        own, invalid = self._settings(values["settings"], (*path, "settings"))
        lines = {each: self.lines.nearest(("settings", each)) for each in shared}
        lines |= {each: self.lines.nearest((*path, "settings", each)) for each in own}
        for each in shared.keys() & own.keys():
            if (shared[each] is None) is not (own[each] is None):
                self._problem(
                    (*path, "settings", each),
                    f"{each} is secret here and plain there: "
                    f"line {self.lines.nearest(('settings', each))}",
                )
        settings = {**shared, **own}
        if "REMOTE_HOST" in settings and "REMOTE_HOSTS" in settings:
            self._problem(
                (*path, "settings", "REMOTE_HOSTS" if "REMOTE_HOSTS" in own else "REMOTE_HOST"),
                "REMOTE_HOST and REMOTE_HOSTS: a deployment has one or the other",
            )
        flags = self._flags(values["flags"], path, lines)
        return Deployment(
            name=name,
            branch=values["branch"],
            stages=self._stages(values["stages"] or [], path),
            timeout=values["timeout"],
            idle_timeout=values["idle_timeout"],
            on_failure=values["on_failure"],
            batch=values["batch"],
            max_failures=values["max_failures"],
            settings={each: value for each, value in settings.items() if value is not None},
            secrets=tuple(each for each, value in settings.items() if value is None),
            flags=flags,
            file=FILE,
            line=self.lines.nearest(path),
            lines=lines,
            invalid=invalid | invalid_shared,
        )

    def _stages(
        self, entries: Sequence[object], deployment: toml_lines.Path
    ) -> tuple[StageEntry, ...]:
        stages: dict[str, StageEntry] = {}
        for number, entry in enumerate(entries):
            path = (*deployment, "stages", number)
            line = self.lines.nearest(path)
            values = self._table(
                schema.STAGE,
                {"recipe": entry} if isinstance(entry, str) else entry,
                path,
                "a stage",
            )
            if not values["recipe"]:
                continue
            name = values["name"] or values["recipe"]
            if name in stages:
                self._problem(
                    path,
                    f'the stage "{name}" stands in line {stages[name].line} already; '
                    f'a second one needs a name: {{ recipe = "{values["recipe"]}", '
                    f'name = "{name} again" }}',
                )
                continue
            stages[name] = StageEntry(
                recipe=values["recipe"],
                name=name,
                line=line,
                timeout=values["timeout"],
                idle_timeout=values["idle_timeout"],
            )
        return tuple(stages.values())

    def _settings(
        self, table: Mapping[str, object], path: toml_lines.Path
    ) -> "tuple[dict[str, setting.Value | None], frozenset[str]]":
        """Return the value of each setting, None for a secret; and the names without a sound one."""
        settings: dict[str, setting.Value | None] = {}
        invalid = set()
        for name, value in table.items():
            try:
                setting.check_name(name)
                if setting.is_secret(value):
                    if name in setting.SHOWN:
                        raise InvalidValue(
                            f"{name} is shown by the push itself, so it can't be secret"
                        )
                    if name == setting.ADDRESS:
                        raise InvalidValue(
                            f"{name} can't be secret, as git shows it in ps: {setting.CREDENTIALS}"
                        )
                    settings[name] = None
                else:
                    settings[name] = setting.parse(name, value)
            except InvalidValue as error:
                invalid.add(name)
                text = str(error)
                self._problem((*path, name), text if name in text else f"{name}: {text}")
        return settings, frozenset(invalid)

    def _flags(
        self, table: Mapping[str, object], deployment: toml_lines.Path, lines: dict[str, int]
    ) -> dict[str, Flag]:
        flags: dict[str, Flag] = {}
        for name, entry in table.items():
            path = (*deployment, "flags", name)
            try:
                setting.check_name(name, "flag")
            except InvalidValue as error:
                self._problem(path, str(error))
                continue
            if name in lines:
                self._problem(path, f"{name} is a setting already, in line {lines[name]}")
            values = self._table(schema.FLAG, entry, path, "a flag")
            lines[name] = self.lines.nearest(path)
            flags[name] = Flag(
                name=name, description=values["description"] or "", default=values["default"]
            )
        return flags

    def _table(
        self, keys: Sequence[Key], table: object, path: toml_lines.Path, what: str
    ) -> dict[str, Any]:
        """Return the values of all `keys`; an invalid one has the value of a missing key."""
        values = {key.name: key.fallback for key in keys}
        if not isinstance(table, dict):
            self._problem(
                path, f"{what} takes {_listed(schema.names(keys))} in a table, not {_shown(table)}"
            )
            return values
        known = {key.name: key for key in keys}
        for name, value in table.items():
            if name not in known:
                self._problem(
                    (*path, name),
                    f'"{name}" is no key of {what}'
                    f"{_elsewhere(name, keys) or did_you_mean(name, known)}",
                )
                continue
            try:
                values[name] = known[name].read(value)
            except InvalidValue as error:
                self._problem(
                    (*path, name), f'"{name}" takes {known[name].takes}, not {_shown(value)}{error}'
                )
        for key in keys:
            if key.required and key.name not in table:
                self._problem(path, f'{what} needs "{key.name}": {key.takes}')
        return values

    def _problem(self, path: toml_lines.Path, text: str) -> None:
        line = self.lines.nearest(path)
        # The value of a setting may be a secret that should not stand here, so it is not shown.
        source = "" if "settings" in path[:3] else self.source[line - 1] if line else ""
        name = re.search(rf"(?<![\w-]){re.escape(str(path[-1]))}", source) if path else None
        column = name.start() + 1 if name and path in self.lines.of else 0
        self.problems.append(Problem(file=FILE, line=line, column=column, source=source, text=text))


def _elsewhere(name: str, keys: Sequence[Key]) -> str:
    """Return the table that a misplaced key belongs to."""
    if keys is schema.DEPLOYMENT and name.isupper():
        return "; a setting stands in [deployments.NAME.settings]"
    if keys is schema.DOCUMENT and name.isupper():
        return "; a setting stands in [settings]"
    if keys is schema.DOCUMENT and name in schema.names(schema.DEPLOYMENT):
        return "; it stands in [deployments.NAME]"
    if keys is schema.DEPLOYMENT and name == "default":
        return "; it stands above the first [table]"
    return ""


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _shown(value: object) -> str:
    """Return a value in a message, as TOML has it, if that is short."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"' if len(value) <= 40 and value.isprintable() else "that text"
        case int() | float():
            return str(value)
        case list():
            return "a list" if value else "an empty list"
        case dict():
            return "a table"
        case _:
            return "a date or time"
