from django.conf import settings


def project(request):
    """Context processor: the project's name, description and author, as `project`."""
    return {
        "project": {
            "name": settings.PROJECT_NAME,
            "description": settings.PROJECT_DESCRIPTION,
            "author": settings.PROJECT_AUTHOR,
        }
    }
