"""Checks of the settings of the audit log."""

from django.conf import settings
from django.core.checks import Error, register

from .sinks import sink_of


@register
def check_sinks(app_configs, **kwargs):
    """Return an error for each URL in AUDIT_SINKS that is no sink."""
    found = []
    for url in settings.AUDIT_SINKS:
        try:
            sink_of(url)
        except ValueError as error:
            found.append(
                Error(
                    f"AUDIT_SINKS: {error}",
                    hint="next: ${EDITOR:-vi} .env  # correct AUDIT_SINKS",
                    id="audit.E001",
                )
            )
        except OSError:
            pass  # the name of the host cannot be resolved now
    return found
