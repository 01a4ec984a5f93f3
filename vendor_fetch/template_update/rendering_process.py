"""Render a template with cookiecutter: the program that `render` runs.

It reads an object from standard input: the directories `template` and `scratch`, and `answers`. It
prints an object in one line: the directory `project`, and the `context` that it was rendered with.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def literal(answer: Any, start: str, end: str) -> Any:
    """Return an answer in a form that stays as it is.

    Without prompts, cookiecutter takes each text of an answer for a template of its own
    (cookiecutter.prompt.render_variable), so a plain "<<" in it would be code.
    """
    if isinstance(answer, Mapping):
        return {
            literal(name, start, end): literal(each, start, end) for name, each in answer.items()
        }
    if isinstance(answer, list):
        return [literal(each, start, end) for each in answer]
    return f"{start} {answer!r} {end}" if isinstance(answer, str) else answer


def main() -> int:
    """Render, and return the exit status."""
    from cookiecutter.main import cookiecutter

    request = json.load(sys.stdin)
    template, scratch = Path(request["template"]), Path(request["scratch"])
    questions = json.loads((template / "cookiecutter.json").read_text(encoding="utf-8"))
    settings = questions.get("_jinja2_env_vars", {})
    start = settings.get("variable_start_string", "{{")
    end = settings.get("variable_end_string", "}}")
    answers = {
        # An answer to choose is compared with the choices, and not rendered.
        name: answer
        if isinstance(questions.get(name), list | bool)
        else literal(answer, start, end)
        for name, answer in request["answers"].items()
    }
    # The user's configuration has defaults of its own, and a record of the last answers.
    config = scratch / "config.yaml"
    config.write_text(
        f"replay_dir: {json.dumps(str(scratch / 'replay'))}\n"
        f"cookiecutters_dir: {json.dumps(str(scratch / 'clones'))}\n",
        encoding="utf-8",
    )
    try:
        project = cookiecutter(
            str(template),
            no_input=True,
            accept_hooks=False,
            extra_context=answers,
            output_dir=str(scratch / "rendered"),
            config_file=str(config),
        )
    except Exception as error:  # of cookiecutter, Jinja, or the template's own extension
        print(f"{type(error).__name__}: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    [replay] = (scratch / "replay").glob("*.json")
    context = json.loads(replay.read_text(encoding="utf-8"))["cookiecutter"]
    print(json.dumps({"project": project, "context": context}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
