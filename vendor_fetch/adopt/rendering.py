"""Render files of a checkout of the template for an adopted project."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from vendor_fetch.template.generation import PROJECT_TEMPLATE

Render = Callable[[str, Mapping[str, object]], bytes]


def renderer(template: Path) -> Render:
    """Return a function that renders a file of a checkout, by its name and the variables in it.

    The names start in the project of the template or in templates/. Raise ImportError without Jinja.
    """
    import jinja2

    settings = json.loads((template / "cookiecutter.json").read_text(encoding="utf-8"))
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([template / PROJECT_TEMPLATE, template / "templates"]),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        **settings["_jinja2_env_vars"],
    )
    # A JSON text without control characters is a TOML text and a Python text.
    environment.filters["toml"] = lambda text: json.dumps(text, ensure_ascii=False)
    return lambda name, values: environment.get_template(name).render(values).encode()
