"""The URLs of Django's resolver, and what the decorators of each view declare."""

from dataclasses import dataclass

from django.test import RequestFactory
from django.urls import URLResolver, get_resolver, reverse

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
SAFE = {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True)
class Row:
    """A view under a URL; its decorators set `login_required`, `permission` and `atomic`."""

    route: str  # "deployments/<int:deployment_id>/pushes/"
    name: str  # with its namespaces, "admin:index"
    parameters: tuple[str, ...]
    view: object

    @property
    def declared(self):
        """Whether the view has a permission decorator."""
        return getattr(self.view, "login_required", False)

    @property
    def permission(self):
        """A Level, "superuser", or None: any logged-in user may see it."""
        return getattr(self.view, "permission", None)

    @property
    def allowed(self):
        """The methods that it answers: `require_http_methods` names them to any other method."""
        response = self.view(RequestFactory().generic("BREW", "/"))
        if response.status_code != 405:
            raise AssertionError(f"{self}: decorate it with require_http_methods")
        return {method.strip() for method in response.headers["Allow"].split(",")}

    def address(self, cast, deployment, *, elsewhere=None):
        """Return the address of something of the deployment; or of what is `elsewhere`, below it.

        KeyError tells the parameter that the cast has nothing for.
        """
        values = {}
        for parameter in self.parameters:
            of = deployment if parameter == "deployment_id" or not elsewhere else elsewhere
            values[parameter] = cast.value(parameter, of)
            if values[parameter] is None:
                raise KeyError(f"{self}: main/tests/cast.py has nothing for <{parameter}>")
        return reverse(self.name, kwargs=values)

    def __str__(self):
        view = getattr(self.view, "__wrapped__", self.view)
        place = f"{getattr(view, '__module__', '?')}.{getattr(view, '__name__', view)}"
        return f"/{self.route} ({self.name or 'without a name'}: {place})"


def rows(urlconf=None):
    """Return every row of the table, included ones too."""
    return list(_walk(get_resolver(urlconf), "", (), ()))


def undeclared(table, exempt):
    """Return the rows without a permission decorator that are not on the list of exceptions.

    An exception is a name, or a namespace and all below it ("admin:").
    """

    def excused(row):
        return any(
            row.name == name or (name.endswith(":") and row.name.startswith(name))
            for name in exempt
        )

    return [row for row in table if not row.declared and not excused(row)]


def _walk(resolver, route, namespaces, parameters):
    for pattern in resolver.url_patterns:
        here = f"{route}{pattern.pattern}"
        takes = (*parameters, *pattern.pattern.converters)
        if isinstance(pattern, URLResolver):
            inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from _walk(pattern, here, inner, takes)
        else:
            name = ":".join([*namespaces, pattern.name or ""])
            yield Row(here, name, takes, pattern.callback)
