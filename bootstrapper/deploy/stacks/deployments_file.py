"""Write the text of deploy/deployments.toml for a stack, with comments that say what each line is."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping

from bootstrapper.deploy.definition.toml_value import toml_string
from bootstrapper.deploy.stacks.stack import BRANCH, Question, Stack, chosen
from bootstrapper.program import DEFAULT

DEPLOYMENT = "production"
_WIDTH = 98
_FETCH = ("clear-checkout", "git-clone")
_LAST = ["prune-releases"]
_RESTARTS = {"SYSTEMD_UNITS": "restart-systemd", "SUPERVISOR_PROGRAMS": "restart-supervisor"}
_SHARED = ("REPOSITORY",)  # in [settings]: every deployment has the same


def stage_groups(
    stack: Stack, answers: Mapping[str, str], *, has_tests: bool
) -> list[tuple[str, list[str]]]:
    """Return the stages of a push in groups, each with a comment or without one."""
    tests = ["unit-tests"] if has_tests else []
    build = chosen(stack.build, stack, answers)
    steps = [
        "check out the commit",
        *(["test it"] if tests else []),
        *(["build it"] if build else []),
    ]
    live = [*stack.switch, *chosen(stack.restart, stack, answers), *_restarts(stack, answers)]
    return [
        (
            f"On this machine: {', '.join(steps)} and tag it.",
            [*_FETCH, *tests, *build, "git-tag"],
        ),
        (
            "On the server: a new release in its own directory. The live site stays as it is.",
            ["rsync-release", *chosen(stack.install, stack, answers)],
        ),
        ("From here on the new release is live.", sorted(live, key=_is_last)),
        ("", _LAST),
    ]


def definition_text(
    stack: Stack,
    questions: Iterable[Question],
    answers: Mapping[str, str],
    *,
    has_tests: bool,
) -> str:
    """Return the text of the file.

    `answers` has a value for each question, and perhaps other settings of recipes. Raise InvalidValue
    if a value can't be written.
    """
    questions = list(questions)
    by_name = {each.name: each for each in questions}
    others = [name for name in answers if name not in by_name]
    own = [each for each in questions if each.name not in (BRANCH, *_SHARED)]
    lines = [
        "# The deployments of this project.",
        "#",
        f"#     {DEFAULT} deploy --dry-run    show the commands and the missing settings",
        f"#     {DEFAULT} cookbook            list all recipes and the settings they need",
        "#",
        "# A file in deploy/recipes/ is a recipe, too. A second deployment, such as a staging site, is",
        "# another [deployments.NAME].",
        "",
        f"default = {toml_string(DEPLOYMENT)}",
        "",
        "# Settings of every deployment. Stages get them as environment variables.",
        "[settings]",
        *(line for name in _SHARED for line in _setting(by_name[name], answers[name])),
        "# How many releases stay on the server. A rollback to one of them takes a second.",
        "KEEP_RELEASES = 5",
        "",
        f"# {stack.title[:1].upper()}{stack.title[1:]}.",
        f"[deployments.{DEPLOYMENT}]",
        f"branch = {toml_string(answers[BRANCH])}",
        *_stages(stage_groups(stack, answers, has_tests=has_tests), has_tests=has_tests),
        "# How long a stage may run, and how long it may run without output.",
        'timeout = "15m"',
        'idle_timeout = "5m"',
        '# If a stage fails after the switch, the previous release goes live again; with "halt" it does not.',
        'on_failure = "rollback"',
        "",
        f"[deployments.{DEPLOYMENT}.settings]",
        *(line for each in own for line in _setting(each, answers[each.name])),
        *(f"{name} = {toml_string(answers[name])}" for name in others),
        "# The value of a secret comes from the environment or from deploy/secrets.env, which git ignores:",
        "#API_TOKEN = { secret = true }",
    ]
    if has_tests:
        lines += [
            "",
            f"[deployments.{DEPLOYMENT}.flags.SKIP_TESTS]",
            'description = "push without running the tests"',
            "default = false",
        ]
    return "\n".join(lines) + "\n"


def possible_stages(stack: Stack) -> list[str]:
    """Return every stage that the stack can have, whatever the answers are."""
    own = (*stack.build, *stack.install, *stack.switch, *stack.restart)
    return [*_FETCH, "unit-tests", *own, "git-tag", "rsync-release", *_RESTARTS.values(), *_LAST]


def _restarts(stack: Stack, answers: Mapping[str, str]) -> list[str]:
    """Return the stages for services that the stack does not ask about, and --set names."""
    return [
        stage
        for name, stage in _RESTARTS.items()
        if answers.get(name) and stage not in stack.restart
    ]


def _is_last(stage: str) -> bool:
    return stage == "smoke-test"


def _stages(groups: Iterable[tuple[str, list[str]]], *, has_tests: bool) -> Iterator[str]:
    if not has_tests:
        yield from _comment(
            "The project has no `make test`, so no stage runs its tests. If it gets one, add unit-tests "
            "after git-clone."
        )
    yield "stages = ["
    for comment, stages in groups:
        if comment:
            yield f"    # {comment}"
        yield f"    {', '.join(map(toml_string, stages))},"
    yield "]"


def _setting(question: Question, value: str) -> Iterator[str]:
    yield from _comment(question.text)
    if value or not question.optional:
        yield f"{question.name} = {toml_string(value)}"
        return
    if question.stage:
        yield from _comment(f"With a value, it needs the stage {question.stage}.")
    yield f"#{question.name} = {toml_string(question.example)}"


def _comment(text: str) -> Iterator[str]:
    yield from (f"# {line}" for line in textwrap.wrap(text, _WIDTH, break_on_hyphens=False))
