"""manage.py check: the stores that the settings name."""

import shlex
from contextlib import suppress

from django.core.checks import Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured

from .objects import checkout_store, log_store


@register
def check_stores(app_configs, **options):
    """Report stores whose URL is wrong or whose library is missing."""
    found = []
    for number, store in enumerate((log_store, checkout_store), 1):
        try:
            store()
        except ImproperlyConfigured as error:
            found.append(Error(str(error), id=f"pushes.E00{number}"))
    return found


@register(Tags.security, deploy=True)
def check_directories(app_configs, **options):
    """Report stores that are directories and cannot be written, as without their mount.

    Only --deploy asks: a server that is away would hold up each command.
    """
    found = []
    for store in (log_store, checkout_store):
        with suppress(ImproperlyConfigured):  # which check_stores reports
            if store() and (directory := store().unwritable_directory()):
                found.append(
                    Warning(
                        f"{store().setting}: this user cannot write into {directory}.",
                        hint=f"next: mount it, or: install -d -m 700 {shlex.quote(directory)}",
                        id="pushes.W001",
                    )
                )
    return found
