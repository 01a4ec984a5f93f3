import sys
from pathlib import Path

import django
from django.conf import settings
from django.views.generic import TemplateView

ROOT_FILES = Path(__file__).parent / "static" / "main"


class IndexView(TemplateView):
    """The front page. In development, it also shows the next steps."""

    template_name = "main/index.html"

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        if settings.DEBUG:
            context["next_steps"] = {
                "package": settings.ROOT_URLCONF.partition(".")[0],
                "django": django.get_version(),
                "python": sys.version.partition(" ")[0],
            }
        return context
