"""Add to each log record the request and the push that it is about."""

import logging

from . import context


class ContextFilter(logging.Filter):
    """A filter of a handler that adds the fields of `audit.context` to records, as `extra` does."""

    def filter(self, record):
        """Return True. Fields that the record has already stay."""
        origin = getattr(getattr(record, "request", None), "origin", None)
        fields = context.fields() | (origin.fields() if origin else {})
        for name, value in fields.items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


class ReadableFormatter(logging.Formatter):
    """A formatter that appends the fields of the request and the push in parentheses."""

    def formatMessage(self, record):  # noqa: N802 - as in logging
        """Return the line."""
        names = ("push_id", "push", "deployment_id", "request_id")
        known = [f"{name}={getattr(record, name)}" for name in names if hasattr(record, name)]
        return super().formatMessage(record) + (f" ({' '.join(known)})" if known else "")
