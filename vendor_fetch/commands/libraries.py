"""Report the libraries of other projects that a command needs and this Python lacks."""

from collections.abc import Iterator
from contextlib import contextmanager

from vendor_fetch.missing_tool import MissingTool
from vendor_fetch.program import tools_command

_PACKAGES = {
    "cyclonedx": "cyclonedx-python-lib",
    "license_expression": "license-expression",
}


@contextmanager
def libraries() -> Iterator[None]:
    """Raise MissingTool if a library is missing: `check` must work in a project's ve, without them."""
    try:
        yield
    except ImportError as error:
        module = (error.name or "").partition(".")[0]
        package = _PACKAGES.get(module, module)
        raise MissingTool(
            package, "is not installed; this command needs it", tools_command(package)
        ) from None
