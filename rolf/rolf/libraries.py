"""Libraries that only some installations have (requirements/apps.in, "Options")."""

from importlib.util import find_spec

from django.core.exceptions import ImproperlyConfigured


def require(library, setting, requirements):
    """Raise ImproperlyConfigured if a setting needs a library that is not installed."""
    if not find_spec(library):
        raise ImproperlyConfigured(
            f'{setting} needs {library}, which is not installed. Remove the "# " before '
            f'"-r {requirements}" in requirements/apps.in.\n  next: make vendor && ./bootstrap.py'
        )
