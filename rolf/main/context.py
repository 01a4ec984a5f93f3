"""What every template knows."""

from django.conf import settings


def project(request):
    """Return the project's name, description and author, as `project` in templates."""
    return {
        "project": {
            "name": settings.PROJECT_NAME,
            "description": settings.PROJECT_DESCRIPTION,
            "author": settings.PROJECT_AUTHOR,
        }
    }
