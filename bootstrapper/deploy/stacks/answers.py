"""The questions that every stack has, and the answers that --set gives."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bootstrapper.deploy.definition.schema import InvalidValue
from bootstrapper.deploy.definition.setting import ENGINE, ENGINE_SETTINGS, PROCESS
from bootstrapper.deploy.recipes.catalog import RecipeCatalog
from bootstrapper.deploy.stacks.checks import check_absolute
from bootstrapper.deploy.stacks.origin import Origin
from bootstrapper.deploy.stacks.stack import BRANCH, Question, Stack, check_answer
from bootstrapper.errors import InputError
from bootstrapper.program import PROGRAM
from bootstrapper.spelling import did_you_mean

_ROOT = "/var/www"


def common_questions(project: Path, origin: Origin, stack: Stack) -> list[Question]:
    """Return the questions of every project, and then those of the stack."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", project.name).strip("-.") or "site"
    return [
        Question(
            name="REPOSITORY",
            text='The repository as `git clone` takes it, such as "git@git.example.org:mysite.git". A '
            "push fetches its commit from there, and tags it there.",
            default=origin.repository,
        ),
        Question(name=BRANCH, text="The branch to push.", default=origin.branch or "main"),
        Question(
            name="REMOTE_HOST",
            text='User and server as ssh takes them, such as "deploy@app1.example.org".',
        ),
        Question(
            name="REMOTE_DIRECTORY",
            text="The directory on the server. The live release is current/ in it, so that the web "
            "server shows current/ or a directory there.",
            default=f"{_ROOT}/{name}",
            check=check_absolute,
        ),
        *stack.questions,
    ]


def given_answers(
    words: Iterable[str],
    questions: Mapping[str, Question],
    stages: Iterable[str],
    recipes: RecipeCatalog,
) -> dict[str, str]:
    """Return the values of --set by name. Raise InputError if one can't be used.

    A name is that of a question, or of another setting that the engine or one of the `stages` reads.
    """
    answers = {}
    known = {*questions, *_setting_names(stages, recipes)}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign:
            raise InputError(f"--set {word}", "is not NAME=VALUE", f"{PROGRAM} init --help")
        if name not in known:
            raise InputError(
                f"--set {name}",
                f"no stage reads a setting {name}{did_you_mean(name, known)}",
                f"{PROGRAM} cookbook  # lists the recipes and the settings they need",
            )
        try:
            check_answer(name, value, questions.get(name))
        except InvalidValue as error:
            raise InputError(
                f"--set {name}",
                str(error),
                f"{PROGRAM} init --dry-run  # shows what is found; then correct {name}",
            ) from None
        answers[name] = value
    return answers


def left_empty(
    recipes: RecipeCatalog, stages: Sequence[str], answers: Mapping[str, str]
) -> list[str]:
    """Return the settings that the stages need and that have no value."""
    needed = [name for stage in stages if (recipe := recipes.get(stage)) for name in recipe.needs]
    return [name for name in dict.fromkeys(needed) if not answers.get(name)]


def _setting_names(stages: Iterable[str], recipes: RecipeCatalog) -> set[str]:
    """Return the names in the code of the stages, and what the engine itself reads."""
    found = {
        name
        for stage in stages
        if (recipe := recipes.get(stage))
        for name in re.findall(r"\b[A-Z][A-Z0-9_]{2,}\b", recipe.code)
    }
    # A list, which the command line can't give, and what a push sets itself.
    return (found | set(ENGINE_SETTINGS)) - {"REMOTE_HOSTS", "KEEP_RELEASES"} - ENGINE - PROCESS
