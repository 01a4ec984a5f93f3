"""Checks of the settings: manage.py check."""

from django.core.checks import Error, register

from .queue import configured_queue


@register
def check_queue(app_configs, **options):
    """Return an Error if the queue would end a push that takes long."""
    limit = configured_queue().shortest_limit()
    if limit is None:
        return []
    return [
        Error(
            f"RQ ends each task after {limit} s, but a push may take longer.",
            hint='Set "DEFAULT_TIMEOUT": -1 in RQ_QUEUES. Rolf ends stages at their time-out.',
            id="pushes.E003",
        )
    ]
