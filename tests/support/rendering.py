"""The template rendered without its hooks: fast, offline, nothing vendored."""

from pathlib import Path

from cookiecutter.main import cookiecutter

from vendor_fetch.template_update.rendering_process import literal

TEMPLATE = Path(__file__).resolve().parents[2]


def render(directory: Path, *, hooks: bool = False, **answers: str) -> Path:
    """Render the template into a directory and return the project's own."""
    directory.mkdir(parents=True, exist_ok=True)
    config = directory / ".cookiecutter.yaml"
    config.write_text(f"replay_dir: {directory}/.replay\ncookiecutters_dir: {directory}/.cloned\n")
    project = cookiecutter(
        str(TEMPLATE),
        no_input=True,
        accept_hooks=hooks,
        extra_context={
            # An answer to choose is compared with the choices, and not rendered.
            name: literal(answer, "<<", ">>") if "<" in answer else answer
            for name, answer in answers.items()
        },
        output_dir=str(directory),
        config_file=str(config),
    )
    return Path(project)
