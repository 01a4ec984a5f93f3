"""The environment of a Rolf, as the settings read it."""


class Environment(dict):
    """An environment as django-environ reads it."""

    def __call__(self, name, default=""):
        """Return a text."""
        return self.get(name, default)

    int = bool = __call__
