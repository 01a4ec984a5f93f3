"""Answer 400 if a request has a value that the database refuses, such as a NUL in a text.

SQLite stores such values, or finds nothing; PostgreSQL raises DataError.
"""

import logging

from django.db import DataError
from django.utils.deprecation import MiddlewareMixin
from django.views.defaults import bad_request

logger = logging.getLogger(__name__)


class UnstorableValuesMiddleware(MiddlewareMixin):
    """Answer 400 instead of 500."""

    def process_exception(self, request, exception):
        """Return the answer to a DataError, or None for another exception."""
        if not isinstance(exception, DataError):
            return None
        logger.warning("%s %s: %s", request.method, request.path, exception)
        return bad_request(request, exception)
