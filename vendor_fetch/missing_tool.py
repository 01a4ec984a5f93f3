"""The error for a library or a program that the running Python lacks."""

from bootstrapper.errors import WorkFailed
from vendor_fetch.program import install_command


class MissingTool(WorkFailed):
    """A library or program is not installed. Nothing was changed yet."""


def missing_hooks(error: ImportError) -> MissingTool:
    """Return the error for the library that calls build backends."""
    return MissingTool(
        str(error.name),
        "is not installed; it calls the build backends of tarballs",
        install_command("pyproject-hooks"),
    )
