"""What a project of one kind needs to be deployed: its stages, and what only people know."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bootstrapper.deploy.definition import schema, setting
from bootstrapper.deploy.definition.known_setting import KNOWN
from bootstrapper.deploy.definition.schema import InvalidValue
from bootstrapper.deploy.definition.toml_value import toml_string

BRANCH = "branch"  # the one answer that is a key and not a setting


def any_text(value: str) -> None:
    """Take every text, such as a command: the user who writes it runs it."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A value that init asks for: a setting, or the branch.

    `text` says what it is, in the prompt and as the comment in the file. `default` is what was found;
    `example` stands in the file as a comment if an `optional` one stays empty. The push has the
    `stage` only if there is a value.
    """

    name: str
    text: str
    default: str = ""
    example: str = ""
    optional: bool = False
    stage: str = ""
    check: Callable[[str], None] = any_text


@dataclass(frozen=True, kw_only=True)
class Stack:
    """The stages of a kind of project, in the order of a push, and its own questions.

    `build` runs on the deploying machine before the tag, `install` on the host before the release is
    live, `switch` makes it live, and `restart` follows. `notes` are for the user who reads the file.
    """

    name: str
    title: str
    questions: tuple[Question, ...] = ()
    build: tuple[str, ...] = ()
    install: tuple[str, ...] = ()
    switch: tuple[str, ...] = ("activate-release",)
    restart: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def check_answer(name: str, value: str, question: Question | None) -> None:
    """Raise InvalidValue unless the value can be written into the file and used by a push."""
    toml_string(value)
    if not value:
        return
    if name == BRANCH:
        try:
            schema.ref(value)
        except InvalidValue:
            raise InvalidValue("git has no branch or tag by such a name") from None
        return
    setting.check_name(name)
    setting.parse(name, value)
    if name in KNOWN:
        KNOWN[name](value)
    if question:
        question.check(value)


def chosen(stages: tuple[str, ...], stack: Stack, answers: Mapping[str, str]) -> list[str]:
    """Return the stages without those whose setting has no value."""
    without = {each.stage for each in stack.questions if each.stage and not answers[each.name]}
    return [stage for stage in stages if stage not in without]
