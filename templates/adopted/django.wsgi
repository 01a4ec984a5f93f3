"""The script that mod_wsgi loads. To load the site's code again, run apache/reload."""

import os
import re
import socket
import sys
from pathlib import Path

import mod_wsgi  # exists only in Apache's processes

<% include "release_paths.jinja" %>

# A line of .env. ./manage.py gets the same variables in a push (ENV_FILE in deploy/deployments.toml).
VARIABLE = re.compile(
    r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*"
    r"(?:\"([^\"]*)\"|'([^']*)'|(.*?))(?:\s+#.*)?\s*"
)
<% include "announce.jinja" %>


def read_dotenv(file):
    """Set the variables of a file, if it is there. A variable that is already set wins."""
    if os.access(file, os.R_OK):
        with open(file, encoding="utf-8") as lines:
            for match in filter(None, map(VARIABLE.fullmatch, lines)):
                os.environ.setdefault(match[1], match[2] or match[3] or match[4] or "")


# apache/reload reads these announcements in /proc/net/unix.
announce("starting", mod_wsgi.process_group)
read_dotenv(os.path.join(RELEASE, ".env"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "<< settings >>")

try:
<% if wsgi %>
    from << wsgi >> import << "application" if callable == "application" else callable ~ " as application" >>  # noqa: F401
<% else %>
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
<% endif %>
except BaseException:
    announce("failed", mod_wsgi.process_group)
    raise
announce("loaded", mod_wsgi.process_group)
