"""Write docs/reference.md from the code that it documents.

`python -m tools.reference` writes the page; tests/deploy/test_documentation.py compares it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from bootstrapper.commands import cookbook, log, status
from bootstrapper.commands.parsers import project_parser
from bootstrapper.deploy.definition import schema, setting
from bootstrapper.deploy.events import record
from bootstrapper.deploy.events.event import STATES
from bootstrapper.deploy.journal import event_line, journal
from bootstrapper.deploy.plan.environment import PROXIES
from bootstrapper.deploy.recipes import python_stage, recipe
from bootstrapper.deploy.recipes.recipe import Recipe
from bootstrapper.deploy.remote import host
from bootstrapper.errors import EXIT_STATUSES
from bootstrapper.ve.project import project
from bootstrapper.ve.project.lockfile import APPS, SOURCE, TOOLS
from bootstrapper.ve.store.built_wheels import BUILD_VARIABLES
from tools.command_lines import PROGRAM, VENDOR, commands, options, usage
from tools.markdown import code, code_names, table
from tools.recipe_comments import described, recipes
from vendor_fetch import __main__ as vendor
from vendor_fetch.commands import outcome
from vendor_fetch.project import project as vendor_project
from vendor_fetch.reports import audit_report, license_report
from vendor_fetch.reports import settings as report_settings

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "reference.md"

VARIABLES = {
    "BOOTSTRAP_STORE": "the directory of the store; `~/.cache/bootstrapper` without it",
    "VENDOR_FETCH_CACHE": "the cache of `vendor_fetch`; `~/.cache/vendor_fetch` without it",
    "VENDOR_FETCH_OFFLINE": "`1`: `vendor_fetch` takes files from its cache only",
    "SOURCE_DATE_EPOCH": "the time in the SBOM, in seconds since 1970; without it the SBOM has none",
    "NO_COLOR": "no colours on a terminal, if it has any value",
}
PROJECT_FILES = {
    "pyproject.toml": "the Python of the project, and the keys above",
    str(vendor_project.APPS_IN): "what people ask for, one requirement a line",
    str(APPS): "the lock: the vendored files of the application, each with its sha256",
    str(TOOLS): "the same for what `./bootstrap.py` runs with: virtualenv, pip, build backends",
    f"{SOURCE}/": "the vendored files",
    "ve/": "the virtualenv. `./bootstrap.py` replaces it; nothing else changes it",
    "deploy/deployments.toml": "the deployments",
    "deploy/recipes/": "recipes of the project; one there replaces the recipe of the same name in "
    "the cookbook",
    "deploy/secrets.env": "the values of secrets. Only its owner may read it, and git ignores it",
    ".deploy/pushes/N/": "the journal of push N. No command removes it. Only its owner may read "
    "`.deploy/`, and git ignores it",
}


def page() -> str:
    """Return the whole page."""
    parts = [
        "<!-- python -m tools.reference writes this page from the code. Do not edit it. -->",
        "# Reference",
        "Every command, key, variable, recipe and file. How to use them: [the tutorial]"
        "(tutorial.md) and [the how-to guides](how-to.md).",
    ]
    parts.append("\n".join(f"- [{title}](#{anchor(title)})" for title in SECTIONS))
    for title, section in SECTIONS.items():
        parts += [f"## {title}", *section()]
    return "\n\n".join(parts) + "\n"


def _commands() -> Iterator[str]:
    yield (
        f"In a project, `python` is `ve/bin/python`. `./bootstrap.py` is `{PROGRAM} rebuild` "
        "and takes the same options. A command that names no deployment means the default one; "
        "`pushes` lists all."
    )
    shared = list(options(project_parser()))
    yield (
        f"All commands of `{PROGRAM}` take these options; `store` belongs to no project and "
        "takes `-q` and `-v` only."
    )
    yield table(["option", "meaning"], shared)
    vendored = list(options(vendor.parser()))
    yield f"All commands of `{VENDOR}` take these:"
    yield table(["option", "meaning"], vendored)
    for words, meaning, parser in commands():
        yield f"### {words.removeprefix('python -m ')}"
        yield f"`{usage(words, parser)}`"
        yield f"{meaning[:1].upper()}{meaning[1:]}."
        arguments = [
            [code(str(action.metavar)), action.help or ""]
            for action in parser._actions
            if not action.option_strings
        ]
        rows = [row for row in options(parser) if row not in [*shared, *vendored]]
        if arguments or rows:
            yield table(["option", "meaning"], [*arguments, *rows])


def _exit_statuses() -> Iterator[str]:
    yield "Every command ends with one of these:"
    yield table(["status", "meaning"], [[str(each), text] for each, text in EXIT_STATUSES.items()])


def _files() -> Iterator[str]:
    yield "In a project:"
    yield _names(PROJECT_FILES, "file")
    yield "In `.deploy/pushes/N/`, which is readable at any instant of a push:"
    yield _names(journal.FILES, "file of a journal")
    yield "On a host, in `REMOTE_DIRECTORY`:"
    yield _names(host.FILES, "file on a host")


def _pyproject() -> Iterator[str]:
    yield "Every key is optional."
    keys = {**project.KEYS, **vendor_project.KEYS, **report_settings.KEYS}
    yield table(
        ["key", "takes", "default", "meaning"],
        [
            [f"`[{section}]` `{name}`", takes, default, meaning]
            for (section, name), (takes, default, meaning) in sorted(keys.items())
        ],
    )


def _definition() -> Iterator[str]:
    for section, keys in schema.SECTIONS.items():
        yield f"### {section}"
        yield table(
            ["key", "takes", "default", "meaning"],
            [[code(key.name), key.takes, _default(key), key.doc] for key in keys],
        )
    yield "### Settings"
    yield (
        "The name of a setting is the name of an environment variable. Its value is text, a "
        "number, `true` (`1`), `false` (empty), a list (its words with spaces between them), "
        "or `{ secret = true }`. A value has 128 KiB at most. A setting of a deployment "
        "overrides one of `[settings]`. The engine itself reads these:"
    )
    yield _names(setting.ENGINE_SETTINGS, "setting")


def _default(key: schema.Key) -> str:
    if key.required:
        return "required"
    if key.default is None or key.default == {}:
        return "none"
    value = key.default
    return code(str(value).lower() if isinstance(value, bool) else repr(value)).replace("'", '"')


def _recipe_files() -> Iterator[str]:
    yield (
        "A recipe is a file in `deploy/recipes/`. `NAME.sh` runs as `bash -eo pipefail`, "
        "`NAME.py` in Python with a global `self`; an executable file with a shebang runs as "
        "the program that it is. The comment at its beginning says what it does. A line of "
        "that comment that holds nothing else can be a mark:"
    )
    yield table(
        ["mark", "meaning"], [[code(f"# {mark}"), text] for mark, text in recipe.MARKS.items()]
    )
    yield "### Variables of a stage"
    yield (
        "A stage gets these variables and nothing else of the deploying process's environment. "
        "If two rows set the same name, the later row wins."
    )
    yield table(
        ["variable", "meaning"],
        [
            [code_names(PROXIES), "as in the deploying process; a setting of the same name wins"],
            *([code(name), text] for name, text in setting.PROCESS_VARIABLES.items()),
            ["every setting, flag and secret", "by its own name; a flag is `1`, empty or its text"],
            ["what earlier stages wrote into `ROLF_OUTPUT`", "by its own name"],
            *([code(name), text] for name, text in setting.ENGINE_VARIABLES.items()),
        ],
    )
    yield (
        "A line `NAME=value` in `ROLF_OUTPUT` reaches all later stages, and the push keeps it. "
        "From a stage with the mark `# per-host` it reaches later stages of the same host. Two "
        "names are special. `ROLLBACK_URL=TAG` names the tag that a rollback to this push "
        "returns to; no later stage gets it. `PUSH_COMMIT=SHA` names the commit."
    )
    yield "### The self of a Python recipe"
    yield table(["attribute", "meaning"], [[code(name), text] for name, text in _attributes()])


def _attributes() -> Iterator[tuple[str, str]]:
    """The table in the docstring of python_stage: `    NAME    text`, and lines that go on."""
    block = re.search(r"\n\n(    self\..*?)\n\n", python_stage.__doc__ or "", re.DOTALL)
    assert block
    for row in re.split(r"\n    (?=self\.)", block[1]):
        name, text = re.split(r" {4,}", row.strip(), maxsplit=1)
        yield name, " ".join(text.split())


def _cookbook() -> Iterator[str]:
    yield (
        f"`{PROGRAM} cookbook` lists the recipes of a project; `cookbook NAME` prints one. "
        "“On each host” means the mark `# per-host`."
    )
    yield table(
        ["recipe", "what it does", "runs"],
        [
            [f"[`{each.name}`](#{each.name})", each.summary.removesuffix("."), _runs(each)]
            for each in recipes()
        ],
    )
    for each in recipes():
        yield f"### {each.name}"
        text, settings = described(each)
        yield text
        marks = [mark for mark in ("switches", "hides", "shows") if getattr(each, mark)]
        marks += ["from-release"] if each.from_release else []
        yield (
            f"Runs {_runs(each)}"
            + (f"; marks: {code_names(marks)}" if marks else "")
            + ". "
            + (f"Needs {code_names(each.needs)}." if each.needs else "Needs no setting.")
        )
        if settings:
            yield table(
                ["optional setting", "meaning"],
                [[code(name), meaning] for name, meaning in settings.items()],
            )


def _runs(each: Recipe) -> str:
    return "on each host" if each.per_host else "once"


def _states() -> Iterator[str]:
    yield "A push and each of its stages has one of these:"
    yield _names({str(state): text for state, text in STATES.items()}, "state")


def _json() -> Iterator[str]:
    yield (
        "These formats are promises: a later version may add keys, and removes none. Times are "
        "ISO 8601 with an offset."
    )
    yield f"### {PROGRAM.removeprefix('python -m ')} pushes --json"
    yield (
        "A list of pushes, newest first. `result.json` of a journal and the lines of "
        "`pushes.log` have the same keys."
    )
    yield _names(record.PUSH_KEYS, "key of a push")
    yield _names(record.STAGE_KEYS, "key of a stage")
    for name, keys, text in (
        ("status", status.KEYS, "An object."),
        ("log", log.KEYS, "One object a line, for each line of output."),
        (
            "cookbook",
            cookbook.KEYS,
            "A list of recipes. With a name, that recipe as an object, and its `code`.",
        ),
    ):
        yield f"### {PROGRAM.removeprefix('python -m ')} {name} --json"
        yield text
        yield _names(keys, f"key of {name}")
    yield f"### {VENDOR.removeprefix('python -m ')} licenses --json"
    yield "A list of packages."
    yield _names(license_report.KEYS, "key of licenses")
    yield f"### {VENDOR.removeprefix('python -m ')} audit --json"
    yield "An object."
    yield _names(audit_report.KEYS, "key of audit")
    yield _names(audit_report.FINDING_KEYS, "key of a finding")
    yield f"### {VENDOR.removeprefix('python -m ')} add, remove and upgrade --json"
    yield "An object."
    yield _names(outcome.KEYS, "key of a change of the vendored files")
    yield _names(outcome.CHANGE_KEYS, "key of a changed package")
    yield "### Events"
    yield (
        "A line of `events.jsonl` is an object with `event`, `at` and, for an event of a stage, "
        "`stage` and `host`."
    )
    yield table(
        ["event", "further keys", "meaning"],
        [
            [
                code(name),
                code_names(
                    each
                    for each in kind.__dataclass_fields__
                    if each not in ("at", "stage", "host")
                ),
                event_line.DOCS[name],
            ]
            for name, kind in event_line.KINDS.items()
        ],
    )
    yield _names(event_line.FIELDS, "key of an event")


def _limits() -> Iterator[str]:
    yield "\n".join(
        f"- {limit}"
        for limit in (
            "Tested on Debian 12, Debian 13 and Debian testing, each with its own Python (3.11, 3.13, "
            "3.14), Apache and mod_wsgi. Ubuntu 24.04 has Python 3.12 and Ubuntu 26.04 has 3.14, for "
            "which the template has locks, but no test runs there.",
            "Tested on Linux, on both ends; [on a Mac](how-to.md#work-on-a-mac) nothing was run. A host "
            "needs bash, GNU coreutils and flock (util-linux); the deploying machine needs git, an ssh "
            "client and rsync 3.2.6 or later.",
            "On a deploying machine without `/proc` and child subreapers (macOS), the engine cannot "
            "find a process that left the process group of its stage, and the order of stdout and "
            "stderr can be slightly wrong.",
            f"A push ends itself {host.ANSWER_WITHIN:g} s after the last answer of a host. The host "
            f"frees its lock {host.GIVE_UP_AFTER:g} s after it last heard from the push.",
            "The engine reads the last 200 pushes of a host's history. It never shortens `pushes.log`.",
            "A value of a setting or variable has 128 KiB at most: Linux allows no more.",
            "`resume` cannot help after a stage that stopped half-way and cannot run twice. The "
            "recipes of the cookbook can run twice.",
        )
    )


def _environment() -> Iterator[str]:
    yield "Variables of the environment that the commands themselves read:"
    yield _names(
        {
            **VARIABLES,
            ", ".join(
                BUILD_VARIABLES
            ): "how tarballs with C in them are compiled; part of the key of the built wheel",
        },
        "variable of a command",
    )


def _names(rows: Mapping[str, str], head: str) -> str:
    return table(
        [head, "meaning"], [[code_names(name.split(", ")), text] for name, text in rows.items()]
    )


def anchor(title: str) -> str:
    """Return the anchor that Markdown gives a heading."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


SECTIONS: Mapping[str, Callable[[], Iterable[str]]] = {
    "Commands": _commands,
    "Exit statuses": _exit_statuses,
    "Environment variables": _environment,
    "pyproject.toml": _pyproject,
    "deployments.toml": _definition,
    "Recipes": _recipe_files,
    "The cookbook": _cookbook,
    "States": _states,
    "JSON": _json,
    "Files": _files,
    "Limits": _limits,
}


def main(argv: Sequence[str] = ()) -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
